"""The shop's languages: those in socialboost/locales, each described in its own texts.

A language is one file, `locales/<code>.ftl`, or a folder of files by topic, `locales/<code>/*.ftl`. It
describes itself in these texts:

    language-name = Polski      the label of the button that chooses it
    language-codes = pl         the Telegram codes it serves; * means every code that no language names
    language-default = yes      in one language only: people without a code get it, and so does whoever
                                needs a text that their own language lacks

Buttons, segments of broadcasts and menus of commands are made from these: no other file lists languages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOCALES: Final = Path(__file__).resolve().parent.parent / "locales"
EVERY_OTHER: Final = "*"

_CODE = re.compile(r"[a-z]{2,3}")
_ABOUT_ITSELF = re.compile(r"^language-(name|codes|default) *= *(.+?) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Language:
    """One language, as its texts describe it."""

    code: str
    name: str
    """The language's own name, for its button."""
    codes: tuple[str, ...]
    """The Telegram codes it serves; EVERY_OTHER may be one."""
    is_default: bool
    files: tuple[Path, ...]


class Languages:
    """All languages, the default first. Raises ValueError if they contradict each other."""

    def __init__(self, found: Iterable[Language]) -> None:
        self._all = sorted(found, key=lambda language: (not language.is_default, language.code))
        defaults = [language.code for language in self._all if language.is_default]
        if len(defaults) != 1:
            raise ValueError(f"one language says language-default = yes, not {defaults}")
        served = Counter(code for language in self._all for code in language.codes)
        if twice := [code for code, count in served.items() if count > 1]:
            raise ValueError(f"language-codes: {twice} stand in more than one language")
        self._serving = {code: language for language in self._all for code in language.codes}

    def __iter__(self) -> Iterator[Language]:
        return iter(self._all)

    @property
    def codes(self) -> tuple[str, ...]:
        """The code of each language."""
        return tuple(language.code for language in self._all)

    @property
    def default(self) -> Language:
        """For people of whom no language is known, and for texts that another language lacks."""
        return self._all[0]

    @property
    def for_others(self) -> Language:
        """For people whose code no language names."""
        return self._serving.get(EVERY_OTHER, self.default)

    def choose(self, code: str | None) -> Language:
        """Return the language for a code of Telegram or a stored one, with or without a region behind it."""
        primary = (code or "").strip().lower().replace("_", "-").split("-")[0]
        return self._serving.get(primary, self.for_others) if primary else self.default

    def name(self, code: str) -> str:
        """Return a language's own name, or the code of a language that no longer exists."""
        return next((language.name for language in self._all if language.code == code), code)


def read(directory: Path) -> Languages:
    """Read the languages in a directory. ValueError names a file that does not describe its language."""
    codes = {path.name.removesuffix(".ftl") for path in directory.iterdir() if _is_texts(path)}
    return Languages(_describe(directory, code) for code in codes)


def _is_texts(path: Path) -> bool:
    return path.suffix == ".ftl" or (path.is_dir() and any(path.glob("*.ftl")))


def _describe(directory: Path, code: str) -> Language:
    files = (*directory.glob(f"{code}.ftl"), *sorted((directory / code).glob("*.ftl")))
    said = dict(_ABOUT_ITSELF.findall("\n".join(path.read_text(encoding="utf-8") for path in files)))
    codes = tuple(said.get("codes", "").split())
    shaped = all(one == EVERY_OTHER or _CODE.fullmatch(one) for one in codes)
    if not _CODE.fullmatch(code) or "name" not in said or code not in codes or not shaped:
        raise ValueError(
            f"{files[0]}: a language's file or folder is named by its code of two or three small letters,"
            " and its texts have language-name and language-codes, its own code among the latter"
        )
    return Language(code, said["name"], codes, said.get("default") == "yes", files)


SHOP: Final = read(LOCALES)
