"""The person's side over HTTP: `/sim/...` as JSON. Shapes are in README.md."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.telegram.bot_api import json_answer
from sandbox.telegram.errors import SimError
from sandbox.telegram.methods.bot import commands_shown
from sandbox.telegram.people import People, newest
from sandbox.telegram.service import Service
from sandbox.telegram.state import Group, Person
from sandbox.telegram.views import answer_view, group_view, message_view, person_view

LONGEST_WAIT_SECONDS = 60.0
BOT_STATUSES = {"administrator", "member", "left", "kicked"}
GROUP_TYPES = {"group", "supergroup", "channel"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def read_body(request: web.Request) -> dict[str, Any]:
    """The JSON object of a request; {} when there is no body. Raises SimError 400."""
    raw = await request.read()
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        raise SimError(400, "not_json", "the body is not JSON") from None
    if not isinstance(body, dict):
        raise SimError(400, "not_json", "the body must be a JSON object")
    return body


def number(value: Any, name: str) -> int:
    """A whole number of a request. Raises SimError 400."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise SimError(400, "bad_number", f"{name} must be a whole number") from None


def pictures(value: Any) -> list[bytes]:
    """The photos of a request, which come as base64. Raises SimError 400."""
    try:
        return [base64.b64decode(photo, validate=True) for photo in list(value)]
    except (TypeError, ValueError):
        raise SimError(400, "bad_photos", "photos is a list of base64 texts") from None


class SimApi:
    """Routes of the person's side."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.people = People(service)

    def routes(self) -> list[web.RouteDef]:
        """All routes but the streams."""
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/sim/info", self.info),
            ("GET", "/sim/people", self.list_people),
            ("POST", "/sim/people", self.create_person),
            ("GET", "/sim/people/{person}", self.show_person),
            ("PATCH", "/sim/people/{person}", self.change_person),
            ("GET", "/sim/people/{chat}/messages", self.transcript),
            ("POST", "/sim/people/{person}/messages", self.write),
            ("POST", "/sim/people/{person}/taps", self.tap),
            ("POST", "/sim/people/{person}/block", self.block),
            ("POST", "/sim/people/{person}/unblock", self.unblock),
            ("GET", "/sim/chats", self.list_chats),
            ("POST", "/sim/chats", self.create_chat),
            ("PATCH", "/sim/chats/{chat}", self.change_chat),
            ("GET", "/sim/chats/{chat}/messages", self.transcript),
            ("GET", "/sim/outbox", self.outbox),
            ("GET", "/sim/updates", self.list_updates),
            ("POST", "/sim/updates", self.create_update),
            ("POST", "/sim/updates/{update}/redeliver", self.redeliver),
            ("GET", "/sim/faults", self.list_faults),
            ("POST", "/sim/faults", self.add_fault),
            ("DELETE", "/sim/faults", self.clear_faults),
            ("POST", "/sim/limits", self.switch_limits),
            ("GET", "/sim/wire", self.wire),
            ("GET", "/sim/files/{file}", self.file),
            ("POST", "/sim/reset", self.reset),
        ]
        return [web.route(verb, path, guarded(handler)) for verb, path, handler in table]

    # people

    async def info(self, _: web.Request) -> web.Response:
        """Return the data that the chat page needs about its world."""
        config = self.service.config
        return json_answer(
            {
                "bot": self.service.bot_user(),
                "description": self.service.world.profile.get("description", {}).get("", ""),
                "checkout_url": config.checkout_url or None,
                "mainbot_url": config.mainbot_url or None,
                "logs": config.log_dir is not None,
                "change": self.service.world.change,
            }
        )

    async def list_people(self, request: web.Request) -> web.Response:
        """Everybody with the newest line of their conversation; with `limit`, those who changed last."""
        world, limit = self.service.world, number(request.query.get("limit", 0), "limit")
        chosen = world.newest_people(limit) if limit > 0 else list(world.people.values())
        people = [self._person_view(person) for person in chosen]
        return json_answer({"people": people, "total": len(world.people), "change": world.change})

    async def create_person(self, request: web.Request) -> web.Response:
        """A new person."""
        body = await read_body(request)
        name = str(body.get("first_name") or "").strip()
        if not name:
            raise SimError(400, "no_first_name", "first_name is needed")
        wanted = number(body["id"], "id") if body.get("id") is not None else None
        if wanted is not None and wanted <= 0:
            raise SimError(400, "bad_number", "a person's id is positive")
        details = {key: body.get(key) for key in ("last_name", "username", "language_code")}
        person = self.service.world.add_person(name, wanted, started=bool(body.get("started")), **details)
        return json_answer(self._person_view(person), 201)

    async def show_person(self, request: web.Request) -> web.Response:
        """One person."""
        return json_answer(self._person_view(self._person(request)))

    async def change_person(self, request: web.Request) -> web.Response:
        """New names or language; `deactivated` deletes the account or brings it back."""
        person, body = self._person(request), await read_body(request)
        for key in ("first_name", "last_name", "username", "language_code"):
            if key in body:
                setattr(person, key, body[key])
        person.deactivated = bool(body.get("deactivated", person.deactivated))
        self.service.world.touch("people", {})
        return json_answer(self._person_view(person))

    async def write(self, request: web.Request) -> web.Response:
        """Send a text, or photos with the text as their caption."""
        person, body = self._person(request), await read_body(request)
        text, photos = str(body.get("text") or ""), pictures(body.get("photos") or [])
        sent = self.people.send_photos(person, photos, text) if photos else self.people.write(person, text)
        return json_answer({**sent[0], "messages": sent}, 201)

    async def tap(self, request: web.Request) -> web.Response:
        """Tap a button."""
        return json_answer(self.people.tap(self._person(request), await read_body(request)), 201)

    async def block(self, request: web.Request) -> web.Response:
        """Block the bot."""
        return json_answer(self.people.set_blocked(self._person(request), blocked=True))

    async def unblock(self, request: web.Request) -> web.Response:
        """Unblock the bot."""
        return json_answer(self.people.set_blocked(self._person(request), blocked=False))

    # conversations

    async def transcript(self, request: web.Request) -> web.Response:
        """A conversation, or with `after_change` what changed in it, waiting up to `timeout` seconds."""
        chat_id = number(request.match_info["chat"], "id")
        if self.service.lookup(str(chat_id)) is None:
            raise SimError(404, "no_such_chat", f"there is no chat with id {chat_id}")
        world = self.service.world
        after, seconds = self._waiting(request)
        if seconds:
            await world.signal.until(lambda: world.last_change(chat_id) > after, seconds)
        answers = [answer_view(callback) for callback in world.answers(chat_id, after)]
        messages = [message_view(message) for message in world.messages(chat_id, after)]
        return json_answer({"change": world.change, "messages": messages, "answers": answers})

    async def outbox(self, request: web.Request) -> web.Response:
        """Return the bot's messages of all chats, in the order of their last change."""
        after, seconds = self._waiting(request)
        world = self.service.world
        if seconds:
            await world.signal.until(lambda: world.change > after, seconds)
        sent = [message for message in world.changed_after(after) if message.from_bot]
        return json_answer({"change": world.change, "messages": [message_view(message) for message in sent]})

    def _waiting(self, request: web.Request) -> tuple[int, float]:
        after = number(request.query.get("after_change", -1), "after_change")
        try:
            seconds = float(request.query.get("timeout", 0))
        except ValueError:
            raise SimError(400, "bad_number", "timeout must be a number of seconds") from None
        return after, min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)

    # groups and channels

    async def list_chats(self, _: web.Request) -> web.Response:
        """Groups and channels."""
        return json_answer(
            {"chats": [self._group_view(group) for group in self.service.world.groups.values()]}
        )

    async def create_chat(self, request: web.Request) -> web.Response:
        """A group or channel the bot is in; its id is negative."""
        body = await read_body(request)
        groups = self.service.world.groups
        chat_id = number(body.get("id") or -1_000_000_000_001 - len(groups), "id")
        kind = body.get("type", "channel")
        if kind not in GROUP_TYPES or chat_id >= 0:
            raise SimError(400, "bad_chat", "type is group, supergroup or channel; id is negative")
        if chat_id in groups:
            raise SimError(409, "id_taken", f"there is a chat with id {chat_id}")
        members = [number(member, "members") for member in body.get("members") or []]
        status = self._bot_status(body.get("bot_status", "administrator"))
        title = str(body.get("title") or "Channel")
        groups[chat_id] = Group(chat_id, kind, title, body.get("username"), status, members)
        self.service.world.touch("people", {})
        return json_answer(self._group_view(groups[chat_id]), 201)

    async def change_chat(self, request: web.Request) -> web.Response:
        """Set the bot's status in a group: administrator, member, left or kicked."""
        group = self.service.world.groups.get(number(request.match_info["chat"], "id"))
        if group is None:
            raise SimError(404, "no_such_chat", "there is no such group or channel")
        body = await read_body(request)
        group.bot_status = self._bot_status(body.get("bot_status", group.bot_status))
        return json_answer(self._group_view(group))

    def _bot_status(self, status: Any) -> str:
        if status not in BOT_STATUSES:
            raise SimError(400, "bad_status", f"bot_status is one of {', '.join(sorted(BOT_STATUSES))}")
        return str(status)

    # updates, faults, limits, wire

    async def list_updates(self, _: web.Request) -> web.Response:
        """Updates the bot has not confirmed."""
        updates = self.service.updates
        pending = [
            {"update_id": one.id, "type": one.type, "deliveries": one.deliveries}
            for one in updates.pending.values()
        ]
        return json_answer({"pending": pending, "next_update_id": updates.next_id})

    async def create_update(self, request: web.Request) -> web.Response:
        """Any update, as given: for kinds a person's side has no button for."""
        body = await read_body(request)
        payload = body.get("payload")
        if not isinstance(body.get("type"), str) or not isinstance(payload, dict):
            raise SimError(400, "bad_update", "type (text) and payload (object) are needed")
        chat_id = number(body.get("chat_id", 0), "chat_id")
        update_id, record = self.service.updates.create(body["type"], chat_id, payload)
        return json_answer({"update_id": update_id, "wire": record}, 201)

    async def redeliver(self, request: web.Request) -> web.Response:
        """Hand an update over once more under its own id."""
        update = self.service.updates.redeliver(number(request.match_info["update"], "update_id"))
        return json_answer({"update_id": update.id, "deliveries": update.deliveries})

    async def list_faults(self, _: web.Request) -> web.Response:
        """Faults added and not cleared."""
        return json_answer({"faults": self.service.faults.views()})

    async def add_fault(self, request: web.Request) -> web.Response:
        """Put a fault in force."""
        return json_answer(self.service.faults.add(await read_body(request)).view(), 201)

    async def clear_faults(self, _: web.Request) -> web.Response:
        """Remove all faults."""
        self.service.faults.clear()
        return json_answer({"faults": []})

    async def switch_limits(self, request: web.Request) -> web.Response:
        """Rate limits on or off from now on, with fresh buckets."""
        self.service.limits.enabled = bool((await read_body(request)).get("enabled", True))
        self.service.limits.reset()
        return json_answer({"enabled": self.service.limits.enabled})

    async def wire(self, request: web.Request) -> web.Response:
        """Wire records after a number, filtered by any of their fields, waiting up to `timeout` seconds."""
        after = number(request.query.get("after", 0), "after")
        _, seconds = self._waiting(request)
        matches = {name: value for name, value in request.query.items() if name not in {"after", "timeout"}}
        wire = self.service.wire
        records = await wire.signal.until(lambda: wire.after(after, matches), seconds)
        return json_answer({"seq": wire.seq, "records": records})

    async def file(self, request: web.Request) -> web.Response:
        """The bytes of a photo or document."""
        stored = self.service.world.files.get(request.match_info["file"])
        if stored is None:
            raise SimError(404, "no_such_file", "there is no such file")
        kind = (
            stored.content_type
            if stored.content_type in {"image/png", "image/jpeg"}
            else "application/octet-stream"
        )
        return web.Response(body=stored.content, content_type=kind)

    async def reset(self, _: web.Request) -> web.Response:
        """Forget people, chats, messages, faults and pending updates; webhook and polling stay."""
        self.service.world.forget_people()
        self.service.faults.clear()
        self.service.limits.reset()
        self.service.updates.drop_all()
        return json_answer({"change": self.service.world.change})

    def _person(self, request: web.Request) -> Person:
        return self.service.world.person(number(request.match_info["person"], "id"))

    def _group_view(self, group: Group) -> dict[str, Any]:
        return group_view(group, newest(self.service.world.messages(group.id)))

    def _person_view(self, person: Person) -> dict[str, Any]:
        world = self.service.world
        return person_view(person, newest(world.messages(person.id)), commands_shown(world, person))


def guarded(handler: Handler) -> Handler:
    """SimError as JSON; writes from other sites' pages refused, since browsers can reach loopback."""

    async def run(request: web.Request) -> web.StreamResponse:
        if request.method != "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
            return json_answer({"error": "cross_site", "message": "only this page may do that"}, 403)
        try:
            return await handler(request)
        except SimError as error:
            return json_answer({"error": error.error, "message": str(error)}, error.status)

    return run
