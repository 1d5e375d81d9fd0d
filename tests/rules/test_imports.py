"""Who may know whom: the fences that keep a hole in one process out of the others (docs/adr/0001)."""

from __future__ import annotations

import pytest

from tests.rules.source import Source, imports, python_files, run_python

ENTRY_POINT = {
    "socialboost.jobs",
    "socialboost.queue.broker",
    "socialboost.chat.callbacks",
    "socialboost.cleaning",
    "socialboost.queue.deliveries",
    "socialboost.chat.dialogues",
    "socialboost.last_resort",
    "socialboost.queue.latch",
    "socialboost.links",
    "socialboost.settings",
    "socialboost.settings.formats",
    "socialboost.logs",
    "socialboost.errors",
    "socialboost.partners.outbound",
    "socialboost.partners.main_bot",
}
UTILITIES = {
    "socialboost.cleaning",
    "socialboost.errors",
    "socialboost.queue.latch",
    "socialboost.logs.files",
    "socialboost.logs",
    "socialboost.logs.redaction",
}

NAMESPACES = {
    "socialboost",
    "socialboost.chat",
    "socialboost.partners",
    "socialboost.queue",
    "socialboost.security",
}
"""Packages that hold modules and nothing of their own."""

MAY_IMPORT: dict[str, set[str]] = {
    "socialboost.bot": ENTRY_POINT,
    "socialboost.web": ENTRY_POINT | {"socialboost.security.sealing"},
    "socialboost.screens": {"socialboost.chat.callbacks"},
    "socialboost.links": {"socialboost.chat.callbacks", "socialboost.errors"},
    "socialboost.chat.callbacks": set(),
    "socialboost.cleaning": set(),
    "socialboost.chat.dialogues": set(),
    "socialboost.errors": set(),
    "socialboost.clients": {"socialboost.partners.outbound", "socialboost.partners.main_bot", *UTILITIES},
    "socialboost.partners.main_bot": {"socialboost.cleaning"},
    "socialboost.db": UTILITIES,
    "socialboost.jobs": {"socialboost.queue.broker", "socialboost.queue.deliveries", *UTILITIES},
    "socialboost.queue.deliveries": {"socialboost.queue.broker", *UTILITIES},
    "socialboost.queue.broker": {
        "socialboost.queue.consumer",
        "socialboost.queue.messages",
        "socialboost.queue.middleware",
        *UTILITIES,
    },
    "socialboost.queue.consumer": {"socialboost.queue.messages", *UTILITIES},
    "socialboost.last_resort": set(),
    "socialboost.queue.latch": {"socialboost.logs"},
    "socialboost.security.sealing": {"socialboost.errors"},
    "socialboost.queue.messages": set(),
    "socialboost.queue.middleware": {"socialboost.queue.messages", *UTILITIES},
    "sandbox": set(),
}
"""Of the product's own modules; a package may always import itself."""

LAZILY: dict[str, set[str]] = {"socialboost.web": {"socialboost.bot"}}
"""Also allowed inside a function: web is the bot's host in webhook mode only."""

MUST_NOT_IMPORT: dict[str, set[str]] = {
    "socialboost.bot": {"psycopg", "psycopg_pool", "requests", "flask", "periodiq"},
    "socialboost.web": {"psycopg", "psycopg_pool", "requests", "periodiq"},
    "socialboost.screens": {"psycopg", "redis", "requests", "aiogram", "flask", "dramatiq"},
    "socialboost.clients": {"psycopg", "psycopg_pool", "aiogram", "flask", "dramatiq"},
    "socialboost.db": {"redis", "requests", "aiogram", "flask", "dramatiq"},
    "workers": {"flask", "aiogram", "gunicorn", "socialboost.bot", "socialboost.web", "sandbox"},
    "sandbox": {"socialboost", "workers"},
    "socialboost": {"sandbox"},
}


def is_within(module: str, package: str) -> bool:
    """Whether the module is the package or inside it."""
    return module == package or module.startswith(f"{package}.")


def breaches(source: Source) -> list[str]:
    """Return what the file imports and must not."""
    found = []
    for package, allowed in MAY_IMPORT.items():
        if not is_within(source.module, package):
            continue
        for imported in imports(source):
            ours = is_within(imported.module, "socialboost") or is_within(imported.module, "workers")
            permitted = {package, *allowed, *(LAZILY.get(package, set()) if imported.lazy else set())}
            # `from socialboost.queue import broker` shows up as socialboost.queue and as the module in it
            if (
                ours
                and imported.module not in NAMESPACES
                and not any(is_within(imported.module, p) for p in permitted)
            ):
                found.append(f"{source.name} imports {imported.module}")
    for package, denied in MUST_NOT_IMPORT.items():
        if is_within(source.module, package):
            found += [
                f"{source.name} imports {imported.module}"
                for imported in imports(source)
                if any(is_within(imported.module, name) for name in denied)
            ]
    return found


def test_nobody_imports_over_a_fence() -> None:
    assert [b for source in python_files("socialboost", "workers", "sandbox") for b in breaches(source)] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("socialboost/bot/buyer/start.py", "from workers import users"),
        ("socialboost/bot/buyer/start.py", "from socialboost.db import Database"),
        ("socialboost/bot/buyer/start.py", "def f():\n    import psycopg"),
        ("socialboost/web/api/tasks.py", "from socialboost import clients"),
        ("socialboost/web/api/tasks.py", "from socialboost.bot import dispatcher"),
        ("socialboost/screens/buyer/menu.py", "from socialboost import jobs"),
        ("socialboost/clients/telegram.py", "import socialboost.db.pool"),
        ("workers/people/accounts.py", "from aiogram.types import Update"),
        ("sandbox/telegram/api.py", "from socialboost import callbacks"),
        ("socialboost/db/pool.py", "from ..jobs import Job"),
    ],
)
def test_a_fence_holds(name: str, text: str) -> None:
    """Negative control."""
    assert breaches(Source(name, text))


def test_the_one_way_through_is_lazy() -> None:
    lazily = "def webhook():\n    from socialboost.bot import dispatcher"
    assert breaches(Source("socialboost/web/app.py", lazily)) == []


LOADED = """
import importlib, json, pkgutil, sys
package = importlib.import_module({package!r})
for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not found.name.endswith("__main__") and found.name not in {skipped!r}:
        importlib.import_module(found.name)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize(
    ("package", "skipped"),
    [("socialboost.bot", []), ("socialboost.web", ["socialboost.web.webhooks.telegram"])],
)
def test_an_entry_point_loads_no_database_and_no_client(package: str, skipped: list[str]) -> None:
    loaded = run_python(LOADED.format(package=package, skipped=skipped))
    assert isinstance(loaded, list)
    forbidden = ("psycopg", "psycopg_pool", "requests", "workers", "socialboost.db", "socialboost.clients")
    assert [module for module in loaded if any(is_within(module, name) for name in forbidden)] == []


NO_CONNECTION = """
import sys
def refuse(event, arguments):
    if event == "socket.connect":
        raise RuntimeError(f"connected to {arguments}")
sys.addaudithook(refuse)
"""


def test_importing_needs_no_environment() -> None:
    loaded = run_python(NO_CONNECTION + LOADED.format(package="socialboost", skipped=[]))
    assert isinstance(loaded, list)
    assert {f"socialboost.{part}" for part in ("bot", "clients", "db", "jobs", "web")} <= set(loaded)


def test_importing_workers_needs_redis_url_and_connects_to_nothing() -> None:
    code = NO_CONNECTION + LOADED.format(package="workers", skipped=[])
    assert run_python(code, REDIS_URL="redis://127.0.0.1:1/0")


def test_a_connection_at_import_would_be_seen() -> None:
    """Negative control of the audit hook."""
    code = NO_CONNECTION + "import socket, json\n"
    code += "try:\n    socket.create_connection(('127.0.0.1', 1))\n"
    code += "except RuntimeError:\n    print(json.dumps('seen'))"
    assert run_python(code) == "seen"
