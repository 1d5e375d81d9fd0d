"""Tests of rights: every admin job names the right that it requires, and the bot guards its handlers."""

from __future__ import annotations

import ast
import dataclasses
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from socialboost import jobs
from socialboost.bot.guard import Route
from socialboost.kinds import ADMIN_RIGHTS
from tests.rules.source import ROOT, Source, functions

BOT = "socialboost/bot"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The actors' module, with every actor declared."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    importlib.import_module("workers")
    return importlib.import_module("workers.engine.actors")


@pytest.fixture
def roles(engine: ModuleType) -> Any:
    """The table of rights."""
    return importlib.import_module("workers.people.rights").ROLES


def guarded() -> dict[str, list[str]]:
    """The contracts that each handler behind guard.py names, by the handler."""
    found = {}
    for path in sorted((ROOT / BOT).rglob("*.py")):
        source = Source(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        if source.module.endswith("__main__"):
            continue
        module = importlib.import_module(source.module)
        routes = [one for one in getattr(module, "ROUTES", ()) if isinstance(one, Route)]
        for name in {route.handler.__name__ for route in routes}:
            found[f"{source.module}.{name}"] = named(source, name)
    return found


def named(source: Source, handler: str) -> list[str]:
    """The contracts `jobs.X` in a handler's body."""
    (body,) = (one for one in functions(source.tree) if one.name == handler)
    return [
        node.attr
        for node in ast.walk(body)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "jobs"
        and isinstance(getattr(jobs, node.attr, None), type)
    ]


def test_every_job_behind_the_bot_s_guard_needs_a_right(engine: ModuleType) -> None:
    handlers = guarded()
    assert len(handlers) > 20
    without = {
        f"{handler}: {name}"
        for handler, names in handlers.items()
        for name in names
        if engine.REGISTRY[getattr(jobs, name).actor_name].right is None
    }
    assert without == set()
    assert [handler for handler, names in handlers.items() if not names] == [], "what does it send?"


def test_a_handler_s_contracts_are_found() -> None:
    """Negative control of the parsing above."""
    text = "async def tapped(tap):\n    await jobs.send_async(jobs.ShowMenu(**tap))\n"
    assert named(Source("x.py", text), "tapped") == ["ShowMenu"]


def test_every_contract_with_an_actor_id_needs_a_right(engine: ModuleType) -> None:
    deciding = {
        name: declared
        for name, declared in engine.REGISTRY.items()
        if {"actor_id", "origin"} & {field.name for field in dataclasses.fields(declared.contract)}
    }
    assert len(deciding) >= 6
    assert [name for name, declared in deciding.items() if declared.right is None] == []


def test_each_right_stands_in_the_table_and_the_owner_has_them_all(engine: ModuleType, roles: Any) -> None:
    rights = {d.right for d in engine.REGISTRY.values() if isinstance(d.right, str)}
    assert rights - roles.keys() == set()
    assert set(ADMIN_RIGHTS) == roles.keys()
    assert all("owner" in having for having in roles.values())
    everybody = set().union(*roles.values())
    schema = Path(ROOT / "sql/schema.sql").read_text(encoding="utf-8")
    assert f"role IN ({', '.join(repr(name) for name in ('owner', 'manager', 'support'))})" in schema
    assert everybody == {"owner", "manager", "support"}


@pytest.mark.parametrize(
    ("contract", "fields", "right"),
    [
        (jobs.ShowAdminPage, {"page": "panel"}, "look"),
        (jobs.ShowAdminPage, {"page": "no-such-page"}, "look"),
        (jobs.ShowAdminPage, {"page": "stats"}, "statistics"),
        (jobs.ShowAdminPage, {"page": "settings"}, "settings"),
        (jobs.ShowAdminPage, {"page": "notices"}, "notices"),
        (jobs.ShowAnyPackage, {"package_id": "x"}, "look"),
        (jobs.ShowAnyPackage, {"package_id": "x", "field": "price"}, "packages"),
    ],
)
def test_the_right_for_a_page_depends_on_the_page(
    engine: ModuleType, roles: Any, contract: type[jobs.AdminTap], fields: dict[str, str], right: str
) -> None:
    declared = engine.REGISTRY[contract.actor_name]
    assert declared.right(contract(telegram_id=1, chat_id=1, **fields)) == right
    assert right in roles


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShowSomethingOfTheAdmins(jobs.AdminTap, queue=jobs.INTERACTIVE):
    """A screen of the admins'."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DecideSomething(jobs.Decision, queue=jobs.INTERACTIVE):
    """A decision taken elsewhere than in a chat."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShowSomething(jobs.Tap, queue=jobs.INTERACTIVE):
    """Anybody's screen."""


@pytest.mark.parametrize("contract", [ShowSomethingOfTheAdmins, DecideSomething])
def test_an_admins_actor_without_a_right_is_refused_when_it_is_imported(
    engine: ModuleType, contract: type[jobs.Job]
) -> None:
    with pytest.raises(ValueError, match="names no right"):
        engine.actor(contract)(print)
    assert contract.actor_name not in engine.REGISTRY


def test_a_right_that_nobody_could_be_asked_for_is_refused(engine: ModuleType) -> None:
    with pytest.raises(ValueError, match="can ask for no right"):
        engine.actor(ShowSomething, right="look")(print)
    assert ShowSomething.actor_name not in engine.REGISTRY
