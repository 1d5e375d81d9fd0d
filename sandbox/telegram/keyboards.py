"""Checks of `reply_markup`: what Telegram refuses is refused here, in its words."""

from __future__ import annotations

import re
from typing import Any

from sandbox.telegram.errors import bad_request
from sandbox.telegram.params import Params

CALLBACK_DATA_BYTES = 64
BUTTONS_LIMIT = 100
ROW_LIMIT = 8
ACTIONS = (
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
)  # fmt: skip
KEPT = {"text", "style", "icon_custom_emoji_id", "disabled", *ACTIONS}
STYLES = {"danger", "success", "primary"}
REPLY_KINDS = ("keyboard", "remove_keyboard", "force_reply")
URL = re.compile(r"^(?:https?://|tg://|ton://)?[^\s/]+\S*$", re.IGNORECASE)

Markup = dict[str, Any]


def read_markup(params: Params, *, inline_only: bool = False) -> Markup | None:
    """The keyboard of a call; None when there is none. Raises ApiError 400.

    `inline_only`: edits accept inline keyboards only.
    """
    markup = params.json("reply_markup")
    if markup is None or markup == {}:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        rows = inline_rows(markup["inline_keyboard"])
        return {"inline_keyboard": rows} if rows else None
    if inline_only:
        raise bad_request("inline keyboard expected")
    if kind := next((kind for kind in REPLY_KINDS if markup.get(kind)), None):
        return {kind: markup[kind]}
    raise bad_request("inline keyboard expected")


def inline_rows(rows: Any) -> list[list[Markup]]:
    """Rows of checked inline buttons, empty rows left out."""
    if not isinstance(rows, list):
        raise bad_request('Field "inline_keyboard" must be of type Array')
    checked = []
    for row in rows:
        if not isinstance(row, list):
            raise bad_request('Field "inline_keyboard" must be an Array of Arrays')
        if row:
            checked.append([inline_button(button) for button in row])
    if any(len(row) > ROW_LIMIT for row in checked) or sum(map(len, checked)) > BUTTONS_LIMIT:
        raise bad_request("reply markup is too long")
    return checked


def inline_button(button: Any) -> Markup:
    """One checked button with the fields that travel back in answers."""
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    if not button["text"].strip():
        raise bad_request("can't parse inline keyboard button: Text buttons must have non-empty text")
    kept = {name: value for name, value in button.items() if name in KEPT and value is not None}
    actions = [name for name in ACTIONS if name in kept]
    if not actions:
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if kept.get("style") is not None and kept["style"] not in STYLES:
        raise bad_request("BUTTON_STYLE_INVALID")
    check_action(actions[0], kept[actions[0]])
    return kept


def check_action(action: str, value: Any) -> None:
    """The limits of what a button carries."""
    if action == "callback_data" and not (
        isinstance(value, str) and 1 <= len(value.encode()) <= CALLBACK_DATA_BYTES
    ):
        raise bad_request("BUTTON_DATA_INVALID")
    if action == "url" and not (isinstance(value, str) and URL.match(value)):
        raise bad_request(f"inline keyboard button URL '{value}' is invalid: URL host is empty")
    if action == "copy_text":
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str) or not 1 <= len(text) <= 256:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")


def find_button(
    markup: Markup | None, *, data: str | None, label: str | None, index: int | None
) -> Markup | None:
    """The first button with this callback data, this label, or at this place (rows read left to right)."""
    buttons: list[Markup] = [button for row in (markup or {}).get("inline_keyboard", []) for button in row]
    if index is not None:
        return buttons[index] if 0 <= index < len(buttons) else None
    for button in buttons:
        if (data is not None and button.get("callback_data") == data) or (
            label is not None and button["text"] == label
        ):
            return button
    return None
