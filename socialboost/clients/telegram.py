"""The client of Telegram's Bot API, with the methods that workers use.

Importing aiogram would cost every worker seconds and some 160 MB; the fields sent here are checked against
aiogram's models by tests/unit/test_clients_telegram.py instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from socialboost.clients.answers import Answer, Limits
from socialboost.clients.guard import CallGuard
from socialboost.clients.http import (
    HttpService,
    outage,
    refuse,
    retry_after,
    unreadable,
    within_reason,
)
from socialboost.clients.refusals import EDIT_GONE
from socialboost.errors import MigratedError, RefusesUsError, RejectedError, ServiceError, ThrottledError

SERVICE: Final = "telegram"

TOKEN_SETTING: Final = "TELEGRAM_BOT_TOKEN"  # noqa: S105 (the variable's name)
URL_SETTING: Final = "TELEGRAM_API_URL"
"""The setting to check if the server is not this bot's, or is too old."""
RATE_SETTING: Final = "TELEGRAM_SEND_RATE"
"""The setting to check if a message costs Stars: the rate is above the free one."""

_CODES: Final = (
    (400, "can't parse entities", "bad_markup"),  # first, because it quotes the sent text
    (403, "bot was blocked by the user", "blocked"),
    (403, "user is deactivated", "deactivated"),
    (403, "bot can't initiate conversation", "never_started"),
    (403, "not enough rights", "no_rights"),
    (403, "have no rights", "no_rights"),
    (403, "need administrator rights", "no_rights"),
    (403, "bot is not a member", "not_member"),
    (403, "bot was kicked", "not_member"),
    (403, "chat was deleted", "chat_gone"),
    (403, "chat was deactivated", "chat_gone"),
    (403, "", "forbidden"),
    (400, "chat not found", "chat_not_found"),
    (400, "peer_id_invalid", "chat_not_found"),
    (400, "user not found", "chat_not_found"),
    (400, "not enough rights", "no_rights"),
    (400, "have no rights", "no_rights"),
    (400, "need administrator rights", "no_rights"),
    (400, "chat_write_forbidden", "no_rights"),
    (400, "chat_restricted", "no_rights"),
    (400, "chat_send_plain_forbidden", "no_rights"),
    (400, "topic_closed", "topic_closed"),
    (400, "topic_deleted", "topic_closed"),
    (400, "message thread not found", "topic_closed"),
    (400, "message to edit not found", EDIT_GONE),
    (400, "message can't be edited", EDIT_GONE),
    (400, "message_id_invalid", EDIT_GONE),
    (400, "message is not modified", "not_modified"),
    (400, "query is too old", "query_expired"),
    (400, "query id is invalid", "query_expired"),
    (400, "message to copy not found", "copy_gone"),
    (400, "message can't be copied", "copy_gone"),
    (400, "message is too long", "bad_content"),
    (400, "message text is empty", "bad_content"),
    (400, "reply markup is too long", "bad_content"),
    (400, "wrong http url", "bad_content"),
    (400, "button_", "bad_content"),
)
"""error_code, words of the description in lower case, our code. The first match counts.

Telegram distinguishes refusals only by their text. The texts are those of tdlib's telegram-bot-api
(Client.cpp) and some names its servers send. Any other text gets the number as its code.
"""

_ABOUT_US: Final = (
    (401, "", TOKEN_SETTING),
    (404, "method not found", URL_SETTING),
    (404, "", TOKEN_SETTING),
    (400, "logged out", URL_SETTING),
    (400, "balance_too_low", RATE_SETTING),
)
"""error_code, words, and the setting to check: refusals of the bot itself, not of a request."""


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a broadcast: a method and its parameters without the chat."""

    method: str
    body: Mapping[str, Any]


def text_content(text: str, keyboard: Mapping[str, Any] | None, *, paid: bool) -> Content:
    """Return a text in Telegram's HTML. `paid` allows a paid, higher rate (allow_paid_broadcast)."""
    body = {name: value for name, value in _message(0, text, keyboard).items() if name != "chat_id"}
    return Content("sendMessage", body | _paid(paid=paid))


def copy_content(
    from_chat_id: int, message_id: int, keyboard: Mapping[str, Any] | None, *, paid: bool
) -> Content:
    """Return a copy of any message, without a link to the original."""
    body: dict[str, Any] = {"from_chat_id": from_chat_id, "message_id": message_id}
    if keyboard is not None:
        body["reply_markup"] = keyboard
    return Content("copyMessage", body | _paid(paid=paid))


def _paid(*, paid: bool) -> dict[str, Any]:
    return {"allow_paid_broadcast": True} if paid else {}


class TelegramClient:
    """Sends and edits messages in HTML parse mode. The screens escape their texts."""

    def __init__(self, api_url: str, token: str, guard: CallGuard | None = None) -> None:
        limits = Limits(read_seconds=10.0, total_seconds=12.0)
        self._http = HttpService(SERVICE, api_url, limits=limits, guard=guard, quiet=True)
        self._prefix = f"/bot{token}/"

    def deliver(self, chat_id: int, content: Content) -> int:
        """Send a broadcast's content to one chat and return the message's id. It is never repeated here."""
        result = self._call(content.method, {**content.body, "chat_id": chat_id})
        message_id = result.get("message_id") if isinstance(result, dict) else None
        return int(message_id) if isinstance(message_id, int) else 0

    def send_message(self, chat_id: int, text: str, keyboard: Mapping[str, Any] | None = None) -> int:
        """Send a message and return its id. Telegram has no idempotency key, so it is never repeated here."""
        result = self._call("sendMessage", _message(chat_id, text, keyboard))
        message_id = result.get("message_id") if isinstance(result, dict) else None
        return int(message_id) if isinstance(message_id, int) else 0

    def edit_message(
        self, chat_id: int, message_id: int, text: str, keyboard: Mapping[str, Any] | None = None
    ) -> None:
        """Replace the text and keyboard of one of the bot's messages. The same content again is no error.

        Raises RejectedError with code EDIT_GONE if the message is gone.
        """
        body = {**_message(chat_id, text, keyboard), "message_id": message_id}
        self._call("editMessageText", body, repeatable=True, harmless="not_modified")

    def answer_callback(self, callback_id: str, text: str | None = None, *, alert: bool = False) -> None:
        """Stop the spinner of a tapped button, with a short notice if `text` (at most 200 characters)."""
        body: dict[str, Any] = {"callback_query_id": callback_id}
        if text:
            body.update(text=text[:200], show_alert=alert)
        self._call("answerCallbackQuery", body, repeatable=True, harmless="query_expired")

    def get_me(self) -> None:
        """Call getMe, to see if Telegram answers at all."""
        self._call("getMe", {}, repeatable=True)

    def set_webhook(self, url: str, secret_token: str, allowed_updates: Sequence[str]) -> None:
        """Make Telegram post updates to `url`. The list of kinds replaces the previous one."""
        body = {"url": url, "secret_token": secret_token, "allowed_updates": list(allowed_updates)}
        self._call("setWebhook", body, repeatable=True)

    def delete_webhook(self) -> None:
        """Go back to polling. Waiting updates are kept."""
        self._call("deleteWebhook", {}, repeatable=True)

    def set_my_commands(
        self,
        commands: Sequence[tuple[str, str]],
        *,
        language: str | None = None,
        chat_id: int | None = None,
    ) -> None:
        """Set the menu of commands as (name, description): for everyone, a language or one chat."""
        body: dict[str, Any] = {"commands": [{"command": c, "description": d} for c, d in commands]}
        if language:
            body["language_code"] = language
        if chat_id is not None:
            body["scope"] = {"type": "chat", "chat_id": chat_id}
        self._call("setMyCommands", body, repeatable=True)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _call(
        self, method: str, body: dict[str, Any], *, repeatable: bool = False, harmless: str = ""
    ) -> Any:
        """Call one method and return its `result`. A refusal with the code `harmless` counts as success."""
        fields: dict[str, Any] = {"method": method}
        if "chat_id" in body:
            fields["chat_id"] = body["chat_id"]
        try:
            answer = self._http.call(
                "POST", self._prefix + method, body=body, repeatable=repeatable, check=check, fields=fields
            )
        except ThrottledError as exc:
            exc.chat_id = body.get("chat_id")
            raise
        except RejectedError as exc:
            if harmless and exc.code == harmless:
                return True
            raise
        return answer.json_object()["result"]


def _message(chat_id: int, text: str, keyboard: Mapping[str, Any] | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "chat_id": chat_id,
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if keyboard is not None:
        body["reply_markup"] = keyboard
    return body


def check(answer: Answer) -> None:
    """Raise the error that an answer means, if it is not a result.

    Only a JSON object with a boolean `ok` is Telegram's own answer. The refusal is read from that object, not
    from the status line, which a proxy may have written.
    """
    body = answer.json_object()
    said = body.get("ok")
    successful = 200 <= answer.status < 300
    if not isinstance(said, bool):
        raise unreadable(SERVICE, answer) if successful else outage(SERVICE, answer)
    if not said:
        raise _refusal(answer, body)
    if not successful or "result" not in body:
        raise unreadable(SERVICE, answer)


def _refusal(answer: Answer, body: dict[str, Any]) -> ServiceError:
    """Return the error of a refusal in Telegram's envelope."""
    number = body.get("error_code")
    status = number if type(number) is int and 400 <= number < 600 else answer.status
    said = body.get("description")
    description = said[:300] if isinstance(said, str) else ""
    if status == 429:
        return ThrottledError(SERVICE, description or "429", retry_after=_wait(answer, body))
    if setting := _first(_ABOUT_US, status, description):
        return RefusesUsError(SERVICE, description, setting=setting, status=status, code="refuses_us")
    chat_id = _parameters(body).get("migrate_to_chat_id")
    if type(chat_id) is int:
        return MigratedError(SERVICE, description, chat_id=chat_id, status=status)
    code = _first(_CODES, status, description) or str(status)
    return refuse(SERVICE, replace(answer, status=status), code=code, reason=description)


def _wait(answer: Answer, body: dict[str, Any]) -> float:
    seconds = _parameters(body).get("retry_after")
    return within_reason(seconds) if isinstance(seconds, int) else retry_after(answer)


def _parameters(body: dict[str, Any]) -> dict[str, Any]:
    parameters = body.get("parameters")
    return parameters if isinstance(parameters, dict) else {}


def _first(table: Sequence[tuple[int, str, str]], status: int, description: str) -> str:
    words = description.lower()
    return next((found for at, text, found in table if at == status and text in words), "")
