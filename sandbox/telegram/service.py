"""Assembles a stand-in from its parts, with the operations that bot side and person side share."""

from __future__ import annotations

from typing import Any

from sandbox.telegram.config import Config, first_update_id
from sandbox.telegram.errors import ApiError, bad_request, forbidden
from sandbox.telegram.faults import Faults
from sandbox.telegram.limits import RateLimits
from sandbox.telegram.params import Params
from sandbox.telegram.polling import Poller
from sandbox.telegram.state import Group, Message, Person, World, now
from sandbox.telegram.updates import Updates
from sandbox.telegram.webhook import Webhook
from sandbox.telegram.wire import Wire

SINGULAR = {"channel": "channel chat", "supergroup": "supergroup chat", "group": "group chat"}


class Service:
    """One bot's Telegram."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.wire = Wire(config.wire_log)
        self.faults = Faults()
        self.limits = RateLimits(enabled=config.rate_limits)
        self.world = World()
        self.updates = Updates(self.wire, self.faults, first_update_id())
        self.poller = Poller(self.updates)
        self.webhook = Webhook(
            self.updates,
            retry_seconds=config.webhook_retry_seconds,
            timeout_seconds=config.webhook_timeout_seconds,
        )

    def bot_user(self) -> dict[str, Any]:
        """The Bot API's User of the bot."""
        config = self.config
        name = self.world.profile.get("name", {}).get("", config.bot_name)
        return {"id": config.bot_id, "is_bot": True, "first_name": name, "username": config.bot_username}

    # chats, as the bot names them

    def find_chat(self, params: Params, name: str = "chat_id") -> Person | Group:
        """The chat a call is about. Raises ApiError 400 when the bot cannot know it."""
        if not params.has(name):
            raise bad_request(f"{name} is empty")
        chat = self.lookup(params.text(name))
        if chat is None:
            raise bad_request("chat not found")
        return chat

    def lookup(self, reference: str) -> Person | Group | None:
        """A chat by id, or a group by @username."""
        if reference.startswith("@"):
            wanted = reference[1:].lower()
            named = (
                group for group in self.world.groups.values() if (group.username or "").lower() == wanted
            )
            return next(named, None)
        try:
            chat_id = int(reference)
        except ValueError:
            return None
        return self.world.people.get(chat_id) or self.world.groups.get(chat_id)

    def writable_chat(self, params: Params) -> Person | Group:
        """The chat a call wants to write to. Raises ApiError 400 or 403."""
        chat = self.find_chat(params)
        if isinstance(chat, Person):
            if chat.deactivated:
                raise forbidden("user is deactivated")
            if chat.blocked:
                raise forbidden("bot was blocked by the user")
            if not chat.started:
                raise forbidden("bot can't initiate conversation with a user")
            return chat
        if chat.bot_status == "kicked":
            raise forbidden(f"bot was kicked from the {SINGULAR.get(chat.type, 'chat')}")
        if chat.bot_status == "left":
            raise forbidden(f"bot is not a member of the {SINGULAR.get(chat.type, 'chat')}")
        if chat.type == "channel" and chat.bot_status != "administrator":
            raise bad_request("need administrator rights in the channel chat")
        return chat

    def admit(self, chat: Person | Group, params: Params, count: int = 1) -> None:
        """Count a send or an edit against the limits. Raises ApiError 429."""
        paid = params.boolean("allow_paid_broadcast")
        self.limits.admit(chat.id, group=isinstance(chat, Group), paid=paid, count=count)

    # messages

    def post(self, chat: Person | Group, params: Params, content: dict[str, Any]) -> Message:
        """Put a new message of the bot into a chat."""
        api: dict[str, Any] = {"message_id": self.world.new_message_id(chat.id)}
        if isinstance(chat, Group) and chat.type == "channel":
            api["sender_chat"] = chat.chat()
        else:
            api["from"] = self.bot_user()
        api |= {"chat": chat.chat(), "date": now(), **self._reply(chat, params), **content}
        if params.boolean("protect_content"):
            api["has_protected_content"] = True
        return self.world.put(api, from_bot=True)

    def _reply(self, chat: Person | Group, params: Params) -> dict[str, Any]:
        """`reply_to_message`, when the call names one that exists. Raises ApiError 400."""
        asked = params.json("reply_parameters")
        asked = asked if isinstance(asked, dict) else {}
        message_id = int(asked.get("message_id") or params.integer("reply_to_message_id"))
        if not message_id:
            return {}
        target = self.world.message(chat.id, message_id)
        if target is None:
            lenient = asked.get("allow_sending_without_reply") or params.boolean(
                "allow_sending_without_reply"
            )
            if lenient:
                return {}
            raise bad_request("message to be replied not found")
        return {
            "reply_to_message": {key: part for key, part in target.api.items() if key != "reply_to_message"}
        }

    def own_message(self, params: Params, action: str) -> Message:
        """The bot's message a call wants to change. Raises ApiError 400 in the words of `action`."""
        if params.has("inline_message_id"):
            raise bad_request("MESSAGE_ID_INVALID")
        chat = self.find_chat(params)
        if not params.has("message_id"):
            raise bad_request("message identifier is not specified")
        message = self.world.message(chat.id, params.integer("message_id"))
        if message is None:
            raise bad_request(f"message to {action} not found")
        if action == "edit" and not message.from_bot:
            raise bad_request("message can't be edited")
        return message

    async def close(self) -> None:
        """Stop delivery, release waiters and files."""
        self.poller.abort("terminated by other getUpdates request; the server is closing")
        await self.webhook.stop()
        self.wire.close()


def unauthorized() -> ApiError:
    """A token that is not this bot's."""
    return ApiError(401, "Unauthorized")
