"""The type of a screen: HTML text and rows of buttons, checked against Telegram's limits."""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final

from socialboost.kinds import AdminRight

TEXT_UNITS: Final = 4096
"""Telegram's limit of a message: UTF-16 units, counted after the HTML is read."""
CALLBACK_BYTES: Final = 64
LABEL_CHARACTERS: Final = 64
"""Longer labels are allowed, but no phone shows them completely."""
BUTTONS_PER_ROW: Final = 8
BUTTONS: Final = 100

_TAG = re.compile(r"</?[a-z][^<>]*>")
_URL = re.compile(r"https?://[^\s<>\"\\]{1,2000}")


@dataclass(frozen=True)
class Button:
    """One inline button: a label and either callback data or a link. ValueError outside Telegram's limits."""

    text: str
    callback: str | None = None
    url: str | None = None
    right: AdminRight | None = None
    """The right that an admin needs to get this button. With None everybody gets it."""
    otherwise: str | None = None
    """The callback data for an admin without the right. With None that admin does not get the button."""

    def __post_init__(self) -> None:
        if not self.text.strip() or len(self.text) > LABEL_CHARACTERS or "\n" in self.text:
            raise ValueError(f"a button needs a label of 1 to {LABEL_CHARACTERS} characters in one line")
        if (self.callback is None) == (self.url is None):
            raise ValueError("a button carries either callback data or a link")
        if self.callback is not None and not 1 <= len(self.callback.encode()) <= CALLBACK_BYTES:
            raise ValueError(f"callback data must be 1 to {CALLBACK_BYTES} bytes: {self.callback!r}")
        if self.url is not None and not is_link(self.url):
            raise ValueError("a button's link must be a plain http or https address")

    def markup(self) -> dict[str, str]:
        """Return the Bot API's InlineKeyboardButton."""
        if self.url is not None:
            return {"text": self.text, "url": self.url}
        return {"text": self.text, "callback_data": self.callback or ""}


Row = tuple[Button, ...]


@dataclass(frozen=True)
class Screen:
    """A message as a person sees it. ValueError when Telegram would refuse it.

    `text` is HTML (parse_mode HTML) and is sent with link previews off. `lasting` marks a message that must
    stay in the chat (receipt, accepted or finished post, notice): it is sent as a new message, and a later
    tap on one of its buttons does not edit it.
    """

    text: str
    keyboard: tuple[Row, ...] = ()
    lasting: bool = False

    def __post_init__(self) -> None:
        units = visible_units(self.text)
        if not 1 <= units <= TEXT_UNITS:
            raise ValueError(f"a message needs 1 to {TEXT_UNITS} UTF-16 units, not {units}")
        if any(not 1 <= len(row) <= BUTTONS_PER_ROW for row in self.keyboard):
            raise ValueError(f"a row of buttons holds 1 to {BUTTONS_PER_ROW}")
        if sum(map(len, self.keyboard)) > BUTTONS:
            raise ValueError(f"a keyboard holds at most {BUTTONS} buttons")

    @property
    def asks_for_rights(self) -> bool:
        """Return True if its buttons depend on the rights of the admin who sees it."""
        return any(button.right is not None for row in self.keyboard for button in row)

    def within(self, rights: Collection[str]) -> Screen:
        """Return the screen for an admin with these rights, without buttons that would be refused."""
        rows = (tuple(seen for button in row if (seen := _within(button, rights))) for row in self.keyboard)
        return replace(self, keyboard=tuple(row for row in rows if row))

    def keyboard_markup(self) -> dict[str, Any]:
        """Return the Bot API's InlineKeyboardMarkup; an empty keyboard removes the old one on edit."""
        return {"inline_keyboard": [[button.markup() for button in row] for row in self.keyboard]}


def _within(button: Button, rights: Collection[str]) -> Button | None:
    """Return the button for an admin with these rights, None if they do not get it."""
    if button.right is None or button.right in rights:
        return button
    return replace(button, callback=button.otherwise, right=None) if button.otherwise else None


def is_link(text: str) -> bool:
    """Return True if a button can carry this address."""
    return _URL.fullmatch(text) is not None


def visible_units(text: str) -> int:
    """Count UTF-16 units as Telegram does: without tags, with entities such as &amp; read."""
    return len(html.unescape(_TAG.sub("", text)).encode("utf-16-le")) // 2
