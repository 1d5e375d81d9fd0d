"""Tests of import rules: which package may import which, so that processes stay apart (docs/adr/0001)."""

from __future__ import annotations

import pytest

from tests.rules.source import Source, imports, python_files, run_python

ENTRY_POINT = {
    "socialboost.jobs",
    "socialboost.queue.broker",
    "socialboost.chat.admins",
    "socialboost.chat.callbacks",
    "socialboost.cleaning",
    "socialboost.queue.deliveries",
    "socialboost.chat.dialogues",
    "socialboost.chat.languages",
    "socialboost.last_resort",
    "socialboost.queue.latch",
    "socialboost.links",
    "socialboost.settings",
    "socialboost.settings.formats",
    "socialboost.logs",
    "socialboost.errors",
    "socialboost.kinds",
    "socialboost.partners.outbound",
    "socialboost.partners.main_bot",
}
UTILITIES = {
    "socialboost.cleaning",
    "socialboost.errors",
    "socialboost.kinds",
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
    "socialboost.screens": {
        "socialboost.chat.callbacks",
        "socialboost.chat.languages",
        "socialboost.kinds",
    },
    "socialboost.links": {"socialboost.chat.callbacks", "socialboost.errors", "socialboost.kinds"},
    "socialboost.chat.admins": set(),
    "socialboost.chat.callbacks": {"socialboost.chat.languages"},
    "socialboost.cleaning": set(),
    "socialboost.chat.dialogues": set(),
    "socialboost.chat.languages": set(),
    "socialboost.errors": set(),
    "socialboost.kinds": set(),
    "socialboost.clients": {"socialboost.partners.outbound", "socialboost.partners.main_bot", *UTILITIES},
    "socialboost.partners.main_bot": {"socialboost.cleaning", "socialboost.kinds"},
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
    """Return True if the module is the package or inside it."""
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


def test_no_import_crosses_a_fence() -> None:
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
def test_an_import_across_a_fence_is_found(name: str, text: str) -> None:
    """Negative control."""
    assert breaches(Source(name, text))


def test_the_one_allowed_import_is_lazy() -> None:
    lazily = "def webhook():\n    from socialboost.bot import dispatcher"
    assert breaches(Source("socialboost/web/app.py", lazily)) == []


FLOORS = {"engine": 0, "telegram": 1, "people": 2, "operations": 4}
"""Of the packages in workers/, lowest first; every other one is a topic, on floor 3. A package knows lower
floors only: engine <- telegram <- people <- topics <- operations."""
TOPIC_TO_TOPIC = {
    ("payments", "orders"): "an invoice and its payment are an order's",
    ("parked_jobs", "notices"): "discarding a notice's job marks the notice as seen",
    ("parked_jobs", "payments"): "discarding a refund's job asks Crypto Pay first whether it was sent",
}
EXCEPTIONS = {
    (
        "workers.engine.resources",
        "workers.telegram.rate_limit",
    ): "made at its first use, closed with others",
}
"""Arrows upwards, module to module, with the reason. Anything else goes through workers/engine/hooks.py."""


def package_of(module: str) -> str:
    """Return the package in workers/ that the module is in; empty for workers itself and for all others."""
    parts = module.split(".")
    return parts[1] if parts[0] == "workers" and len(parts) > 1 else ""


def known(source: Source, modules: frozenset[str]) -> set[str]:
    """Return which of these modules the file imports, lazily or not; a package only when nothing in it."""
    found = {imported.module for imported in imports(source)} & modules - {source.module}
    return {
        module
        for module in found
        if not is_within(source.module, module) and not any(other.startswith(f"{module}.") for other in found)
    }


def arrows(source: Source) -> set[tuple[str, str]]:
    """Return the file's imports of other packages in workers/, as modules."""
    own = package_of(source.module)
    return {
        (source.module, imported.module)
        for imported in imports(source)
        if own and package_of(imported.module) not in {"", own}
    }


def wrong_arrows(source: Source) -> list[str]:
    """Return the arrows that lead upwards, or from topic to topic, and are not listed."""
    found = []
    for origin, target in arrows(source):
        here, there = package_of(origin), package_of(target)
        is_down = FLOORS.get(there, 3) < FLOORS.get(here, 3)
        is_excepted = any(origin == a and is_within(target, b) for a, b in EXCEPTIONS)
        if not is_down and (here, there) not in TOPIC_TO_TOPIC and not is_excepted:
            found.append(f"{origin} imports {target}")
    return sorted(found)


def test_packages_of_workers_keep_their_fences() -> None:
    assert [arrow for source in python_files("workers") for arrow in wrong_arrows(source)] == []


def test_every_listed_arrow_over_a_fence_is_there() -> None:
    drawn = {arrow for source in python_files("workers") for arrow in arrows(source)}
    assert {(package_of(a), package_of(b)) for a, b in drawn} >= set(TOPIC_TO_TOPIC)
    assert drawn >= set(EXCEPTIONS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("workers/engine/actors.py", "from workers.notices import infrastructure"),
        ("workers/engine/actors.py", "def f():\n    from workers.telegram import freshness"),
        ("workers/telegram/answers.py", "from workers.people.current import known"),
        ("workers/people/accounts.py", "from workers.notices import owed"),
        ("workers/orders/expiry.py", "from workers.payments import refunds"),
        ("workers/posts/messages.py", "from workers.operations import clock"),
        ("workers/engine/outbox.py", "from workers.telegram import rate_limit"),
    ],
)
def test_an_import_across_a_fence_inside_workers_is_found(name: str, text: str) -> None:
    """Negative control."""
    assert wrong_arrows(Source(name, text))


def circles(sources: tuple[Source, ...]) -> list[str]:
    """Return the modules that import each other, directly or by way of others; lazily counts too."""
    modules = frozenset(source.module for source in sources)
    graph = {source.module: known(source, modules) for source in sources}
    while leaves := [module for module, imported in graph.items() if not imported & graph.keys()]:
        for module in leaves:
            del graph[module]
    while tops := [module for module in graph if not any(module in graph[other] for other in graph)]:
        for module in tops:
            del graph[module]
    return sorted(graph)


def test_no_import_circle_leads_around_a_fence() -> None:
    assert circles(python_files("socialboost", "workers")) == []


def test_an_import_circle_is_found() -> None:
    """Negative control: broker and middleware as they once were, with one lazy import."""
    text = "def build():\n    from socialboost.queue import middleware"
    broker = Source("socialboost/queue/broker.py", text)
    middleware = Source("socialboost/queue/middleware.py", "from socialboost.queue.broker import GIVE_BACK")
    latch = Source("socialboost/queue/latch.py", "import socialboost.queue.broker")
    assert circles((broker, middleware, latch)) == [broker.module, middleware.module]
    assert circles((broker, Source(middleware.name, "import redis"), latch)) == []


LOADED = """
import importlib, json, os, pkgutil, socket, sys

def refuse(event, arguments):
    if event == "socket.connect":
        raise RuntimeError(f"connected to {arguments}")

def load(package, skipped=()):
    package = importlib.import_module(package)
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__") and found.name not in skipped:
            importlib.import_module(found.name)
    return sorted(sys.modules)

sys.addaudithook(refuse)
print(json.dumps(RESULT))
"""
STEPS = """{
    "web": load("socialboost.web", ["socialboost.web.webhooks.telegram"]),
    "bot": load("socialboost.bot"),
    "all": load("socialboost"),
    "workers": os.environ.update(REDIS_URL="redis://127.0.0.1:1/0") or load("workers"),
}"""
"""In this order in one process, which has no setting before the last. What is loaded stays loaded."""


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[str]]:
    """The modules that are loaded after each step. A connection would be an error."""
    found = run_python(LOADED.replace("RESULT", STEPS))
    assert isinstance(found, dict)
    return found


def strangers(modules: list[str]) -> list[str]:
    """Return the modules that an entry point must not load."""
    forbidden = ("psycopg", "psycopg_pool", "requests", "workers", "socialboost.db", "socialboost.clients")
    return [module for module in modules if any(is_within(module, name) for name in forbidden)]


@pytest.mark.parametrize("package", ["web", "bot"])
def test_an_entry_point_loads_no_database_and_no_client(loaded: dict[str, list[str]], package: str) -> None:
    assert {"socialboost.web.health", f"socialboost.{package}"} <= set(loaded[package])
    assert strangers(loaded[package]) == []


def test_a_loaded_database_or_client_is_found(loaded: dict[str, list[str]]) -> None:
    """Negative control: those of workers."""
    assert {"psycopg", "requests", "socialboost.db", "workers.engine"} <= set(strangers(loaded["workers"]))


def test_importing_needs_no_environment(loaded: dict[str, list[str]]) -> None:
    parts = ("bot", "bot.dispatcher", "clients", "db", "jobs", "settings", "web")
    assert {f"socialboost.{part}" for part in parts} <= set(loaded["all"])


def test_importing_workers_needs_redis_url_and_connects_to_nothing(loaded: dict[str, list[str]]) -> None:
    assert "workers.payments.reconciler" in loaded["workers"]


def test_a_connection_at_import_is_found() -> None:
    """Negative control of the audit hook."""
    attempt = "socket.create_connection(('127.0.0.1', 1))"
    with pytest.raises(AssertionError, match="RuntimeError: connected to"):
        run_python(LOADED.replace("RESULT", attempt))
