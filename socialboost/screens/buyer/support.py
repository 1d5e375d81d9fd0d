"""The fixed pages: support, frequent questions, privacy, questions about payment, help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from socialboost.chat import callbacks
from socialboost.screens.buyer import menu, strays
from socialboost.screens.buyer.menu import back
from socialboost.screens.core import Button, Row, Screen
from socialboost.screens.texts import Html, Texts, texts


def support(language: str, contact: str = "") -> Screen:
    """Show the buttons to the frequent questions, privacy and the language, and how to reach a person.

    `contact` is the operator's public address (@username, e-mail or link). Without one the text refers to
    the bot's description.
    """
    text = texts(language)
    keyboard = (
        (Button(text.label("button-faq"), callbacks.SHOW_FAQ),),
        (Button(text.label("button-privacy"), callbacks.SHOW_PRIVACY),),
        (Button(text.label("button-languages"), callbacks.SHOW_LANGUAGES),),
        back(text),
    )
    return Screen(f"{text.html('support')}\n\n{_contact(text, contact)}", keyboard)


def faq(language: str, contact: str = "") -> Screen:
    """Answer the frequent questions."""
    return _page("faq", language, contact)


def privacy(language: str, contact: str = "") -> Screen:
    """Say what is stored, why, who gets it, and how to get it deleted (Telegram's bot terms require this)."""
    return _page("privacy", language, contact)


def paysupport(language: str, contact: str = "") -> Screen:
    """Say what happens to a payment with an error and whom to ask."""
    return _page("paysupport", language, contact)


def help_page(language: str, contact: str = "") -> Screen:
    """Say what the bot does and list its commands, with the menu's buttons."""
    text = texts(language)
    body = f"{text.html('help')}\n\n{_contact(text, contact)}"
    return Screen(body, (*menu.menu_rows(text), back(text)))


def page(name: str, language: str, contact: str = "") -> Screen:
    """Return the fixed page of that name (jobs.ShowPage). Any other name gives the `unknown` screen."""
    return PAGES[name](language, contact) if name in PAGES else menu.unknown(language)


def _page(key: str, language: str, contact: str) -> Screen:
    text = texts(language)
    body = f"{text.html(key)}\n\n{_contact(text, contact)}"
    return Screen(body, (_support_row(text), back(text)))


def _contact(text: Texts, contact: str) -> Html:
    if not contact.strip():
        return text.html("support-no-contact")
    return text.html("support-contact", contact=contact)


def _support_row(text: Texts) -> Row:
    return (Button(text.label("button-support-back"), callbacks.SUPPORT),)


def _plain(screen: Callable[[str], Screen]) -> Callable[[str, str], Screen]:
    """Return the page of a screen that names no contact."""
    return lambda language, _contact: screen(language)


PAGES: Final[Mapping[str, Callable[[str, str], Screen]]] = {
    "support": support,
    "faq": faq,
    "privacy": privacy,
    "paysupport": paysupport,
    "help": help_page,
    "languages": _plain(menu.languages),
    "stray": _plain(strays.stray),
    "unknown_command": _plain(strays.unknown_command),
    "processing": _plain(strays.processing),
    "too_fast": _plain(strays.too_fast),
}
