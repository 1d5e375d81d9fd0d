"""Answering taps."""

from __future__ import annotations

import time

from sandbox.telegram.errors import bad_request
from sandbox.telegram.html_entities import utf16_length
from sandbox.telegram.methods.registry import Call, method

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
ANSWER_LIMIT = 200


@method("answerCallbackQuery")
async def answer_callback_query(call: Call) -> bool:
    """End the button's spinner, with a toast or an alert when there is a text. Once per tap, in time."""
    query_id = call.params.text("callback_query_id")
    callback = call.service.world.callbacks.get(query_id)
    if callback is None or callback.answer is not None:
        raise bad_request(TOO_OLD)
    call.note |= {"chat_id": callback.chat_id, "update_id": callback.update_id}
    if time.monotonic() - callback.at > call.service.config.callback_answer_seconds:
        raise bad_request(TOO_OLD)
    text = call.params.text("text")
    if utf16_length(text) > ANSWER_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    url = call.params.text("url")
    if url and not url.startswith(("https://t.me/", "tg://")):
        raise bad_request("URL_INVALID")
    show_alert = call.params.boolean("show_alert")
    call.service.world.answered(callback, {"text": text, "show_alert": show_alert, "url": url})
    return True
