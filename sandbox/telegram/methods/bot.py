"""The bot itself: who it is, its commands, texts and menu button."""

from __future__ import annotations

import json
import re
from typing import Any

from sandbox.telegram.errors import bad_request
from sandbox.telegram.methods.registry import Call, method
from sandbox.telegram.params import Params
from sandbox.telegram.state import Person, World

COMMAND = re.compile(r"^/?[a-z0-9_]{1,32}$")
SCOPES = {
    "default", "all_private_chats", "all_group_chats", "all_chat_administrators",
    "chat", "chat_administrators", "chat_member",
}  # fmt: skip


@method("getMe")
async def get_me(call: Call) -> dict[str, Any]:
    """The bot's User with its abilities."""
    abilities = (
        "can_read_all_group_messages",
        "supports_inline_queries",
        "can_connect_to_business",
        "has_main_web_app",
    )
    return {**call.service.bot_user(), "can_join_groups": True, **dict.fromkeys(abilities, False)}


def commands_key(params: Params) -> str:
    """Scope and language as one key. Raises ApiError 400."""
    scope = params.json("scope") or {"type": "default"}
    if not isinstance(scope, dict) or scope.get("type") not in SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    language = params.text("language_code")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad_request("invalid language code specified")
    known = {name: str(value) for name, value in scope.items() if value is not None}
    return _key(known, language)


def _key(scope: dict[str, str], language: str) -> str:
    return json.dumps([scope, language], sort_keys=True)


def commands_shown(world: World, person: Person) -> list[dict[str, str]]:
    """Return the commands of a person's menu: from the narrowest scope, in their language if it has it."""
    scopes = ({"type": "chat", "chat_id": str(person.id)}, {"type": "all_private_chats"}, {"type": "default"})
    for scope in scopes:
        for language in dict.fromkeys(((person.language_code or "")[:2], "")):
            if commands := world.commands.get(_key(scope, language)):
                return commands
    return []


@method("setMyCommands")
async def set_my_commands(call: Call) -> bool:
    """Replace the command list of a scope and language."""
    scope = call.params.json("scope")
    if isinstance(scope, dict) and scope.get("type") == "chat":
        chat = call.service.lookup(str(scope.get("chat_id", "")))
        if chat is None or (isinstance(chat, Person) and not chat.started):
            raise bad_request("chat not found")
    given = call.params.json("commands")
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise bad_request("can't parse commands: expected an Array of BotCommand")
    if len(given) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    commands = []
    for item in given:
        name, words = str(item.get("command", "")), str(item.get("description", "")).strip()
        if not COMMAND.match(name):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(words) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        commands.append({"command": name.lstrip("/"), "description": words})
    call.service.world.commands[commands_key(call.params)] = commands
    return True


@method("getMyCommands")
async def get_my_commands(call: Call) -> list[dict[str, str]]:
    """The command list of exactly this scope and language."""
    return call.service.world.commands.get(commands_key(call.params), [])


@method("deleteMyCommands")
async def delete_my_commands(call: Call) -> bool:
    """Forget the command list of a scope and language."""
    call.service.world.commands.pop(commands_key(call.params), None)
    return True


def set_profile(call: Call, field: str, limit: int) -> bool:
    """Set one of the bot's texts for a language."""
    text = call.params.text(field)
    if len(text) > limit:
        raise bad_request(f"bot {field.replace('_', ' ')} is too long")
    call.service.world.profile.setdefault(field, {})[call.params.text("language_code")] = text
    return True


def get_profile(call: Call, field: str) -> dict[str, str]:
    """One of the bot's texts for a language, else the general one."""
    texts = call.service.world.profile.get(field, {})
    default = call.service.config.bot_name if field == "name" else ""
    return {field: texts.get(call.params.text("language_code")) or texts.get("") or default}


@method("setMyName")
async def set_my_name(call: Call) -> bool:
    """The bot's name."""
    return set_profile(call, "name", 64)


@method("getMyName")
async def get_my_name(call: Call) -> dict[str, str]:
    """The bot's name."""
    return get_profile(call, "name")


@method("setMyDescription")
async def set_my_description(call: Call) -> bool:
    """The text of an empty conversation."""
    return set_profile(call, "description", 512)


@method("getMyDescription")
async def get_my_description(call: Call) -> dict[str, str]:
    """The text of an empty conversation."""
    return get_profile(call, "description")


@method("setMyShortDescription")
async def set_my_short_description(call: Call) -> bool:
    """The text of the profile page."""
    return set_profile(call, "short_description", 120)


@method("getMyShortDescription")
async def get_my_short_description(call: Call) -> dict[str, str]:
    """The text of the profile page."""
    return get_profile(call, "short_description")


@method("setChatMenuButton")
async def set_chat_menu_button(call: Call) -> bool:
    """The button beside the text field, for one person or for all."""
    button = call.params.json("menu_button") or {"type": "default"}
    if not isinstance(button, dict) or button.get("type") not in {"default", "commands", "web_app"}:
        raise bad_request("can't parse menu button: Unsupported type specified")
    chat_id = call.service.find_chat(call.params).id if call.params.has("chat_id") else 0
    call.service.world.menu_buttons[chat_id] = {
        name: value for name, value in button.items() if value is not None
    }
    return True


@method("getChatMenuButton")
async def get_chat_menu_button(call: Call) -> dict[str, Any]:
    """The button beside the text field."""
    buttons = call.service.world.menu_buttons
    return buttons.get(call.params.integer("chat_id")) or buttons.get(0) or {"type": "commands"}


@method("logOut")
async def log_out(call: Call) -> bool:
    """Leave the cloud server: webhook and waiting poll end."""
    call.service.poller.abort("terminated by logOut request")
    await call.service.webhook.stop()
    return True


@method("close")
async def close(call: Call) -> bool:
    """Close this instance: the waiting poll ends."""
    call.service.poller.abort("terminated by close request")
    return True
