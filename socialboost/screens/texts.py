"""Looks texts up in .ftl files, escapes values, and formats money and time; screens use nothing else.

Every text is in socialboost/locales (socialboost/chat/languages.py). Values are escaped here, once, so that
no screen can forget it; only `Html`, which this module makes, passes unchanged.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Final

from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import ast

from socialboost.chat.languages import SHOP, Language
from socialboost.screens.core import LABEL_CHARACTERS

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_SPACES = re.compile(r"\s+")
KEPT_TEXTS: Final = 2048
"""Texts of one language that are kept as they were formatted. Most of a screen is the same for everybody."""


class Html(str):
    """Text that is already safe to show in HTML."""

    __slots__ = ()


def language(code: str | None) -> str:
    """Choose one of the shop's languages for a Telegram language code or a stored one."""
    return SHOP.choose(code).code


class Texts:
    """The texts of one language.

    Values may be int (a count: it chooses the plural form and is grouped from 1,000 on) or str (shown as
    given, escaped in `html`). A text that the language lacks is taken from the default one. If neither has
    it, that is a KeyError; a missing value is a ValueError.
    """

    def __init__(self, language: Language, default: Texts | None = None) -> None:
        self.language = language.code
        self._default = default
        self._resources = [FluentResource(path.read_text(encoding="utf-8")) for path in language.files]
        self._own = {
            entry.id.name
            for resource in self._resources
            for entry in resource.body
            if isinstance(entry, ast.Message)
        }
        self._bundle = FluentBundle([self.language], use_isolating=False)
        borrowed = default._resources if default else []  # a text may be made of one that is missing
        for resource in (*self._resources, *borrowed):
            self._bundle.add_resource(resource)
        self._formatted = lru_cache(maxsize=KEPT_TEXTS)(self._format_anew)

    def html(self, key: str, **values: str | int) -> Html:
        """Return a text for a message body: every str value is cleaned and escaped unless it is Html."""
        return Html(self._format(key, {name: _safe(value) for name, value in values.items()}))

    def plain(self, key: str, **values: str | int) -> str:
        """Return a text for a place without markup, such as a button's label."""
        return self._format(
            key, {name: clean(value) if isinstance(value, str) else value for name, value in values.items()}
        )

    def label(self, key: str, **values: str | int) -> str:
        """Return a button's label: one line, cut to what a button shows."""
        return clean(self.plain(key, **values), limit=LABEL_CHARACTERS)

    def has(self, key: str) -> bool:
        """Return True if there is a text of that name."""
        return self._bundle.has_message(key)

    def _format(self, key: str, values: Mapping[str, str | int]) -> str:
        return self._formatted(key, tuple(values.items()))

    def _format_anew(self, key: str, items: tuple[tuple[str, str | int], ...]) -> str:
        values = dict(items)
        if key not in self._own and self._default is not None:
            return self._default._format(key, values)  # by the plural rules of its own language
        pattern = self._bundle.get_message(key).value
        if pattern is None:
            raise KeyError(key)
        text, errors = self._bundle.format_pattern(pattern, values)
        if errors:
            raise ValueError(f"text {key} in {self.language}: {errors[0]}")
        return str(text)

    def moment(self, value: datetime | str, zone: tzinfo) -> Html:
        """Return a time in the shop's time zone."""
        local = instant(value).astimezone(zone)
        return self.html(
            "moment",
            day=f"{local.day:02}",
            month=f"{local.month:02}",
            year=f"{local.year:04}",
            hour=f"{local.hour:02}",
            minute=f"{local.minute:02}",
            zone=local.tzname() or "",
        )


def texts(code: str | None) -> Texts:
    """Return the texts for any language code; read from disk once a process."""
    return _load(SHOP.choose(code))


@cache
def _load(chosen: Language) -> Texts:
    return Texts(chosen, None if chosen.is_default else _load(SHOP.default))


def clean(value: str, *, limit: int = 200) -> str:
    """Return other people's text as one harmless line: no control, bidi or invisible characters, cut short.

    Emoji built with joiners are split into their parts, which is harmless and prevents hidden names.
    """
    visible = value[: 4 * limit]
    if not visible.isprintable():  # seldom: going through every character is slow
        visible = "".join(
            " " if character in "\n\r\t\u2028\u2029" else character
            for character in visible
            if character in "\n\r\t\u2028\u2029" or unicodedata.category(character) not in _INVISIBLE
        )
    line = _SPACES.sub(" ", visible).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def link(url: str) -> Html:
    """Return a post's canonical link for a message body; Telegram makes it tappable by itself."""
    return Html(html.escape(clean(url, limit=500), quote=False))


def paragraph(value: str, *, limit: int = 500) -> Html:
    """Return an admin's longer text (a package's description) escaped, with its line breaks kept."""
    lines = (clean(line, limit=limit) for line in value[: 4 * limit].splitlines())
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    if len(text) > limit:
        text = text[: limit - 1].rstrip() + "…"
    return Html(html.escape(text, quote=False))


def _safe(value: str | int) -> str | int:
    if isinstance(value, Html | int):
        return value
    return Html(html.escape(clean(value), quote=False))


def instant(value: datetime | str) -> datetime:
    """Return an aware datetime from a row's value or from the ISO text of a JSON function."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise ValueError("a point in time needs its UTC offset")
    return moment


def decimal(value: Any) -> Decimal:
    """Return money as Decimal from a row or from JSON. TypeError for a float, because money never is one."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise TypeError(f"money is Decimal, int or str, not {type(value).__name__}")
    amount = Decimal(value)
    if not amount.is_finite():
        raise ValueError("money must be a finite number")
    return amount


def digits(value: Any) -> str:
    """Return an amount with at least two decimals and no zeros after them: 99.99, 5.00, 12.49375."""
    whole, _, fraction = f"{decimal(value):f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def price(value: Any, currency: str = "USD") -> str:
    """Return a price as the shop writes it: $99.99, and 99.99 EUR for any other currency."""
    return f"${digits(value)}" if currency.upper() == "USD" else f"{digits(value)} {currency.upper()}"


def crypto(value: Any, asset: str = "USDT") -> str:
    """Return an amount of a crypto asset: 99.99 USDT."""
    return f"{digits(value)} {asset}"


def sums(total: Any, others: Mapping[str, Any]) -> str:
    """Return money of several assets separately. `total` is in the asset of the packages' prices."""
    return " · ".join((price(total), *(crypto(others[asset], asset) for asset in sorted(others))))
