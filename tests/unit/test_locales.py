"""Tests of the .ftl files: every language has the same texts with the same values, and each is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from socialboost.chat.languages import LOCALES, SHOP, Language
from socialboost.screens import texts
from socialboost.screens.buyer import menu
from socialboost.screens.texts import Texts, language
from tests.unit.screen_samples import KYIV, World, every_screen


class _Names(Visitor):
    """Collect what a message refers to."""

    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.messages: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802 (fluent's name)
        self.variables.add(node.id.name)

    def visit_MessageReference(self, node: ast.MessageReference) -> None:  # noqa: N802 (fluent's name)
        self.messages.add(node.id.name)


OTHERS = [language for language in SHOP if not language.is_default]


def source(language: Language) -> str:
    """Every text of a language, in the order in which a process reads its files."""
    return "\n".join(path.read_text(encoding="utf-8") for path in language.files)


def messages(language: Language) -> dict[str, _Names]:
    """The screens' texts; what a language says about itself is for no screen."""
    found: dict[str, _Names] = {}
    for entry in FluentParser().parse(source(language)).body:
        if isinstance(entry, ast.Message) and not entry.id.name.startswith("language-"):
            found[entry.id.name] = names = _Names()
            names.visit(entry)
    return found


def place(language: Language, key: str) -> str:
    """The file that has this text, as `uk/shop.ftl`."""
    return next(
        str(path.relative_to(LOCALES))
        for path in language.files
        if re.search(rf"^{re.escape(key)} *=", path.read_text(encoding="utf-8"), re.MULTILINE)
    )


def defects(language: Language, default: Language) -> list[str]:
    """Say what a language lacks, has too much of, or says with other values than the default one."""
    theirs, wanted = messages(language), messages(default)
    where = language.files[0].relative_to(LOCALES).parts[0]
    found = [f"{where} lacks {key}, see {place(default, key)}" for key in wanted if key not in theirs]
    found += [
        f"{place(language, key)}: {key} is no text of {default.code}" for key in theirs if key not in wanted
    ]
    for key in theirs.keys() & wanted.keys():
        if (theirs[key].variables, theirs[key].messages) != (wanted[key].variables, wanted[key].messages):
            found.append(f"{place(language, key)}: {key} takes other values than {place(default, key)}")
    return sorted(found)


def by_code(language: Language) -> str:
    return language.code


@pytest.mark.parametrize("language", list(SHOP), ids=by_code)
def test_a_locale_parses_and_defines_each_text_once(language: Language) -> None:
    body = FluentParser().parse(source(language)).body
    assert not [entry for entry in body if isinstance(entry, ast.Junk)]
    keys = [entry.id.name for entry in body if isinstance(entry, ast.Message | ast.Term)]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("language", OTHERS, ids=by_code)
def test_every_language_has_the_same_texts_with_the_same_values(language: Language) -> None:
    assert defects(language, SHOP.default) == []


@pytest.mark.parametrize("language", OTHERS, ids=by_code)
def test_files_with_the_same_name_have_the_same_order(language: Language) -> None:
    def order(path: Path) -> list[str]:
        return [
            key
            for key in re.findall(r"^([a-z][\w-]*) *=", path.read_text("utf-8"), re.MULTILINE)
            if not key.startswith("language-")
        ]

    defaults = {path.name: path for path in SHOP.default.files}
    for path in language.files:
        if path.name in defaults:
            assert order(path) == order(defaults[path.name]), path.name


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The keys that screens ask for while the test runs."""
    keys: set[str] = set()
    format_ = Texts._format

    def noting(self: Texts, key: str, values: dict[str, str | int]) -> str:
        keys.add(key)
        return format_(self, key, values)

    monkeypatch.setattr(Texts, "_format", noting)
    return keys


def test_every_text_is_used(used: set[str]) -> None:
    for _, draw in every_screen(World(category="інша")):
        draw("uk")
    menu.admin_commands("uk")
    defined = messages(SHOP.choose("uk"))
    shared = set().union(*(defined[key].messages for key in used))
    assert set(defined) - used - shared == set()


@pytest.mark.parametrize("language", list(SHOP), ids=by_code)
def test_only_telegrams_plain_markup_and_no_forbidden_words(language: Language) -> None:
    shown = "\n".join(line for line in source(language).splitlines() if not line.startswith("#"))
    assert set(re.findall(r"</?(\w+)", shown)) == {"b", "code"}
    assert not re.search(r"накрут|розкрут|boosting|fake", shown, re.IGNORECASE)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        *((0, "0 постів"), (1, "1 пост"), (2, "2 пости"), (4, "4 пости"), (5, "5 постів"), (11, "11 постів")),
        *((14, "14 постів"), (21, "21 пост"), (22, "22 пости"), (25, "25 постів"), (101, "101 пост")),
        *((111, "111 постів"), (1000, "1\u00a0000 постів")),
    ],
)
def test_ukrainian_plurals(count: int, words: str) -> None:
    assert texts.texts("uk").html("posts", count=count) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 posts"), (1, "1 post"), (2, "2 posts"), (21, "21 posts")]
)
def test_english_plurals(count: int, words: str) -> None:
    assert texts.texts("en").html("posts", count=count) == words


@pytest.mark.parametrize(
    ("code", "left", "limit", "words"),
    [
        *(("uk", 2, 2, "2 пости з 2"), ("uk", 1, 5, "1 пост з 5"), ("uk", 0, 1, "0 постів з 1")),
        *(("en", 0, 2, "0 of 2 posts left today"), ("en", 1, 1, "1 of 1 post left today")),
    ],
)
def test_the_rest_of_the_limit_is_worded_naturally(code: str, left: int, limit: int, words: str) -> None:
    package = World().current | {"posts_remaining": left, "posts_per_day": limit}
    assert words in menu.menu({"current_package": package}, code, KYIV).text


@pytest.mark.parametrize(
    ("code", "chosen"),
    [
        *(("uk", "uk"), ("UK", "uk"), ("uk-UA", "uk"), ("uk_UA", "uk"), ("ru", "uk"), ("be", "uk")),
        *(("", "uk"), (None, "uk"), ("en", "en"), ("en-US", "en"), ("zz", "en"), ("zz-ZZ", "en")),
        ("ukx", "en"),
    ],
)
def test_the_language_follows_telegrams_code(code: str | None, chosen: str) -> None:
    assert language(code) == chosen


def test_a_missing_text_or_value_is_an_error() -> None:
    text = texts.texts("uk")
    with pytest.raises(KeyError):
        text.html("no-such-text")
    with pytest.raises(ValueError, match="posts in uk"):
        text.html("posts")
