"""Tests of the engine's hooks: each has a function once the workers are imported."""

from __future__ import annotations

import importlib

import pytest


def test_every_hook_has_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    importlib.import_module("workers")
    hooks = importlib.import_module("workers.engine.hooks")
    declared = {value.name: value.function for value in vars(hooks).values() if isinstance(value, hooks.Hook)}
    names = ["admins_notified", "authorise", "chat_reached", "is_superseded", "rights", "service_refuses"]
    assert sorted(declared) == names
    assert [name for name, function in declared.items() if function is None] == []


def test_a_hook_takes_one_function_and_fails_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    hook = importlib.import_module("workers.engine.hooks").Hook("sample")
    with pytest.raises(RuntimeError, match="sample has no function"):
        hook(1)
    assert hook.register(str) is str
    assert hook(1) == "1"
    with pytest.raises(ValueError, match="sample has a function already"):
        hook.register(repr)
