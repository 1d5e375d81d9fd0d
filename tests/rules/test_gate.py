"""Nothing reaches a person around the send gate (docs/adr/0007)."""

from __future__ import annotations

import ast

from tests.rules.source import Source, python_files

GATED = {
    "workers/notices/infrastructure.py",
    "workers/broadcasts/cards.py",
    "workers/broadcasts/dialogue.py",
    "workers/telegram/answers.py",
}
"""The modules that send; each call there is inside `gate().watching()`."""
FREE = {"set_webhook", "delete_webhook", "set_my_commands", "get_me", "close"}
"""Calls about the bot, not to people."""


def around_the_gate(source: Source) -> list[str]:
    """Return the calls to Telegram that are made without the gate watching."""
    watched = {
        id(inner)
        for node in ast.walk(source.tree)
        if source.name in GATED and isinstance(node, ast.With)
        if any(ast.unparse(item.context_expr).endswith(".watching()") for item in node.items)
        for inner in ast.walk(node)
    }
    return [
        f"{source.name}:{node.lineno} {node.attr}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) in {"runtime.telegram()", "telegram()"}
        and node.attr not in FREE
        and id(node) not in watched
    ]


def test_every_message_passes_the_gate() -> None:
    assert [call for source in python_files("workers") for call in around_the_gate(source)] == []


def test_a_way_around_is_seen() -> None:
    """Negative control."""
    call = "runtime.telegram().send_message(1, 'x')"
    watching = f"with runtime.gate().watching():\n    {call}"
    assert around_the_gate(Source("workers/telegram/answers.py", call))
    assert around_the_gate(Source("workers/people/accounts.py", watching))
    assert not around_the_gate(Source("workers/telegram/answers.py", watching))
    assert not around_the_gate(Source("workers/operations/clock.py", "runtime.telegram().delete_webhook()"))
