"""Tests that every message to a person passes the rate limiter (docs/adr/0007)."""

from __future__ import annotations

import ast

from tests.rules.source import Source, python_files

LIMITED = {
    "workers/notices/infrastructure.py",
    "workers/broadcasts/cards.py",
    "workers/broadcasts/dialogue.py",
    "workers/telegram/answers.py",
}
"""The modules that send; each call there is inside `rate_limiter().watching()`."""
FREE = {"set_webhook", "delete_webhook", "set_my_commands", "get_me", "close"}
"""Calls about the bot, not to people."""


def unlimited_calls(source: Source) -> list[str]:
    """Return the calls to Telegram that are made without the rate limiter watching."""
    watched = {
        id(inner)
        for node in source.nodes
        if source.name in LIMITED and isinstance(node, ast.With)
        if any(ast.unparse(item.context_expr).endswith(".watching()") for item in node.items)
        for inner in ast.walk(node)
    }
    return [
        f"{source.name}:{node.lineno} {node.attr}"
        for node in source.nodes
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) in {"resources.telegram()", "telegram()"}
        and node.attr not in FREE
        and id(node) not in watched
    ]


def test_every_message_passes_the_rate_limiter() -> None:
    assert [call for source in python_files("workers") for call in unlimited_calls(source)] == []


def test_a_message_past_the_rate_limiter_is_found() -> None:
    """Negative control."""
    call = "resources.telegram().send_message(1, 'x')"
    watching = f"with resources.rate_limiter().watching():\n    {call}"
    assert unlimited_calls(Source("workers/telegram/answers.py", call))
    assert unlimited_calls(Source("workers/people/accounts.py", watching))
    assert not unlimited_calls(Source("workers/telegram/answers.py", watching))
    registration = Source("workers/operations/bot_registration.py", "resources.telegram().delete_webhook()")
    assert not unlimited_calls(registration)
