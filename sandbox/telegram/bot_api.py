"""The bot's side: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

from __future__ import annotations

import asyncio
import hmac
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.telegram.errors import ApiError, DropConnectionError, PageError
from sandbox.telegram.faults import Fault, fault_error, page
from sandbox.telegram.methods import METHODS, Call
from sandbox.telegram.params import Params, Upload, read_params
from sandbox.telegram.service import Service, unauthorized
from sandbox.telegram.state import Person
from sandbox.telegram.wire import Record, stamp

TEXT_SHOWN = 80
SHOWN = ("message_id", "callback_query_id", "parse_mode", "from_chat_id", "action", "url", "offset")


def json_answer(body: dict[str, Any], status: int = 200) -> web.Response:
    """A JSON response that keeps non-ASCII text readable."""
    return web.Response(
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        status=status,
        content_type="application/json",
    )


@dataclass
class Outcome:
    """The outcome of a call, for the wire log. Status 0 means that the connection was cut."""

    status: int = 200
    error: str | None = None
    fault: int | None = None


class BotApi:
    """Answers the bot and writes down every call."""

    def __init__(self, service: Service) -> None:
        self.service = service
        service.webhook.call_in_answer = self.call_in_webhook_answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One HTTP request of the bot."""
        received = stamp()
        try:
            params = await read_params(request)
        except ApiError as error:
            return json_answer(error.body(), error.code)
        except web.HTTPRequestEntityTooLarge:
            return json_answer(ApiError(413, "Request Entity Too Large").body(), 413)
        name, token = request.match_info["method"], request.match_info["token"]
        work = self._answer(name, token, params, received)
        try:
            # A client that hangs up ends a poll, but never a call that is under way: it may have been sent.
            return await (work if name.lower() == "getupdates" else asyncio.shield(work))
        except DropConnectionError:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)

    async def _answer(self, name: str, token: str, params: Params, received: Record) -> web.Response:
        call = Call(self.service, params)
        outcome = Outcome()
        try:
            if not hmac.compare_digest(token.encode(), self.service.config.token.encode()):
                raise unauthorized()
            faults = self.service.faults.for_call(name.lower(), self._chat_id(params), params.values)
            outcome.fault = faults[-1].id if faults else None
            result = await self._perform(name, call, faults)
            body = {"ok": True, "result": result}
            if call.description:
                body["description"] = call.description
            return json_answer(body)
        except ApiError as error:
            outcome.status, outcome.error = error.code, error.description
            return json_answer(error.body(), error.code)
        except PageError as error:
            outcome.status, outcome.error = error.status, "a proxy's page"
            headers = {"Location": error.location} if error.location else None
            return web.Response(
                text=error.body, status=error.status, content_type=error.content_type, headers=headers
            )
        except DropConnectionError as error:
            outcome.status, outcome.error = 0, str(error)
            raise
        finally:
            self._record(name, call, received, outcome)

    async def _perform(self, name: str, call: Call, faults: list[Fault]) -> Any:
        """Run the method under the faults that hit it."""
        if name.lower() not in METHODS:
            raise ApiError(404, "Not Found: method not found")
        lose_answer = False
        for fault in faults:
            if fault.kind == "delay":
                await asyncio.sleep(float(fault.settings.get("seconds", 1)))
            elif fault.kind == "reset":
                raise DropConnectionError("connection cut before the call took effect")
            elif fault.kind == "lose_answer":
                lose_answer = True
            elif fault.kind == "page" or fault.settings.get("json") is False:
                raise page(fault)
            else:
                raise fault_error(fault)
        result = await METHODS[name.lower()][1](call)
        if lose_answer:
            raise DropConnectionError("connection closed after the call took effect")
        return result

    async def call_in_webhook_answer(self, name: str, values: dict[str, Any]) -> None:
        """Run a method call from the body of a webhook's answer. Its result is not returned to anybody."""
        await self._answer(name, self.service.config.token, Params(values), stamp())

    def _chat_id(self, params: Params) -> int | None:
        """The chat a call is about, as a number; taps are found by their query."""
        if params.has("callback_query_id"):
            callback = self.service.world.callbacks.get(params.text("callback_query_id"))
            return callback.chat_id if callback else None
        chat = self.service.lookup(params.text("chat_id")) if params.has("chat_id") else None
        return chat.id if chat else params.integer("chat_id") or None

    def _record(self, name: str, call: Call, received: Record, outcome: Outcome) -> None:
        if name.lower() == "getupdates" and outcome.status == 200:
            return
        answered = stamp()
        known = METHODS.get(name.lower())
        self.service.wire.record(
            "call",
            **received,
            method=known[0] if known else name,
            **{"chat_id": self._chat_id(call.params), **call.note},
            status=outcome.status,
            error=outcome.error,
            fault=outcome.fault,
            answered_mono_ms=answered["mono_ms"],
            took_ms=round(answered["mono_ms"] - received["mono_ms"], 3),
            params=summary(call.params),
        )

    async def download(self, request: web.Request) -> web.Response:
        """A file the bot uploaded before."""
        stored = self.service.world.files.get(request.match_info["path"].rpartition("/")[2])
        if request.match_info["token"] != self.service.config.token:
            return json_answer(unauthorized().body(), 401)
        if stored is None:
            return json_answer(ApiError(404, "Not Found").body(), 404)
        return web.Response(body=stored.content, content_type="application/octet-stream")


def summary(params: Params) -> dict[str, Any]:
    """Return what the wire log keeps of a call's parameters."""
    shown: dict[str, Any] = {name: params.text(name)[:TEXT_SHOWN] for name in SHOWN if params.has(name)}
    for name in ("text", "caption"):
        if params.has(name):
            shown[name] = params.text(name)[:TEXT_SHOWN]
    try:
        markup = params.json("reply_markup")
    except ApiError:
        markup = None
    if isinstance(markup, dict) and isinstance(rows := markup.get("inline_keyboard"), list):
        shown["buttons"] = [
            str(button.get("text"))
            for row in rows
            if isinstance(row, list)
            for button in row
            if isinstance(button, dict)
        ][:20]
    uploads = [value.name for value in params.values.values() if isinstance(value, Upload)]
    return shown | ({"uploads": uploads} if uploads else {})


def person_name(service: Service, chat_id: int | None) -> str:
    """Return a chat's name for people."""
    chat = service.lookup(str(chat_id)) if chat_id is not None else None
    if chat is None:
        return "somebody"
    return chat.first_name if isinstance(chat, Person) else chat.title
