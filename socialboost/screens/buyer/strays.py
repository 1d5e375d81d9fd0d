"""The screen that answers an unexpected message: what the bot can do, with the menu."""

from __future__ import annotations

from socialboost.screens.buyer.menu import back, menu_rows
from socialboost.screens.core import Screen
from socialboost.screens.texts import texts


def stray(language: str) -> Screen:
    """Answer a text, a sticker, a picture or a voice message outside any dialogue."""
    return _said("stray", language)


def unknown_command(language: str) -> Screen:
    """Answer an unknown command."""
    return _said("unknown-command", language)


def processing(language: str) -> Screen:
    """Answer a text that comes while a link is processed."""
    return _said("post-processing", language)


def too_fast(language: str) -> Screen:
    """Tell a person who sent too much at once that some of it was ignored."""
    return _said("too-fast", language)


def too_fast_notice(language: str) -> str:
    """Return the same for a tap: a short notice that leaves the message unchanged."""
    return texts(language).plain("too-fast")


def _said(key: str, language: str) -> Screen:
    text = texts(language)
    return Screen(text.html(key), (*menu_rows(text), back(text)))
