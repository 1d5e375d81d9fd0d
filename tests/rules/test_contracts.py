"""Tests that contracts, actors and queues fit together, so that no job lacks a worker."""

from __future__ import annotations

import configparser
import dataclasses
import importlib
import json
import re
import shlex
import types
import typing
from typing import Any

import pytest
import yaml

from socialboost import jobs
from tests.rules.source import ROOT

BASES = {jobs.Job, jobs.LedgerJob, jobs.Decision, jobs.Tap, jobs.AdminTap}
CONTRACTS: list[type[jobs.Job]] = [
    value
    for value in vars(jobs).values()
    if isinstance(value, type) and issubclass(value, jobs.Job) and value not in BASES
]
SCALARS = {str, int, bool, type(None)}

# What a message must carry. A field added to a released contract needs a default, since messages of the
# older sender are still on their way: only a new contract adds a line here.
REQUIRED = {
    "activate_order": {"key", "invoice_id", "asset", "amount", "order_id"},
    "add_post": {"key", "telegram_id", "chat_id", "platform", "text"},
    "aim_broadcast": {"key", "telegram_id", "chat_id", "broadcast_id", "segment"},
    "ask_broadcast": {"telegram_id", "chat_id"},
    "ask_broadcast_detail": {"telegram_id", "chat_id", "broadcast_id", "detail"},
    "ask_decision": {"telegram_id", "chat_id", "payment_id", "action"},
    "ask_main_bot": {"key", "task_id"},
    "ask_payment_owner": {"telegram_id", "chat_id", "payment_id"},
    "ask_post_link": {"telegram_id", "chat_id", "platform"},
    "ask_settlement": {"telegram_id", "chat_id", "ref"},
    "ask_withheld": {"telegram_id", "chat_id", "ref", "action"},
    "broadcast": {"key", "broadcast_id"},
    "cancel_order": {"key", "telegram_id", "chat_id", "order_id"},
    "change_package": {"key", "telegram_id", "chat_id", "package_id", "field", "text"},
    "check_health": set(),
    "check_invariants": {"key"},
    "claim_tasks": {"limit", "owner"},
    "close_order_cards": {"key", "order_id"},
    "compose_broadcast": {"key", "telegram_id", "chat_id"},
    "confirm_tasks": {"owner", "task_ids", "arrived"},
    "confirm_broadcast": {"key", "telegram_id", "chat_id", "broadcast_id"},
    "create_invoice": {"key", "telegram_id", "chat_id", "order_id"},
    "detail_broadcast": {"key", "telegram_id", "chat_id", "broadcast_id", "detail", "text"},
    "dispatch_tasks": {"key", "task_id"},
    "move_broadcast": {"key", "telegram_id", "chat_id", "broadcast_id", "action"},
    "name_payment_owner": {"key", "telegram_id", "chat_id", "payment_id", "text"},
    "notify_admins": {"key", "kind"},
    "notify_post": {"key", "post_id"},
    "open_order": {"key", "telegram_id", "chat_id", "slug"},
    "pay_from_balance": {"key", "telegram_id", "chat_id", "order_id"},
    "purge_ledger": {"key"},
    "reconcile_payments": {"key"},
    "register_bot": {"key"},
    "register_commands": {"key", "telegram_id"},
    "register_user": {"key", "telegram_id", "chat_id"},
    "report_broadcast": {"key", "broadcast_id"},
    "resolve_payment": {"key", "telegram_id", "chat_id", "payment_id", "action"},
    "send_admin_notice": {"key", "chat_id", "kind"},
    "send_daily_report": {"key", "day"},
    "send_decision_notice": {"key", "payment_id", "kind"},
    "send_payment_notice": {"key", "order_id", "kind"},
    "send_receipt": {"key", "order_id"},
    "send_refund": {"key", "refund_id"},
    "set_language": {"key", "telegram_id", "chat_id", "chosen"},
    "set_reachable": {"key", "telegram_id", "reachable"},
    "settle_parked_job": {"key", "telegram_id", "chat_id", "ref", "action"},
    "settle_withheld": {"key", "telegram_id", "chat_id", "ref", "action"},
    "show_admin_page": {"telegram_id", "chat_id"},
    "show_any_package": {"telegram_id", "chat_id", "package_id"},
    "show_every_package": {"telegram_id", "chat_id"},
    "show_broadcast": {"telegram_id", "chat_id", "broadcast_id"},
    "show_broadcast_progress": {"broadcast_id"},
    "show_broadcasts": {"telegram_id", "chat_id"},
    "show_decision": {"key", "telegram_id", "chat_id", "subject", "target"},
    "show_exceptions": {"telegram_id", "chat_id"},
    "show_history": {"telegram_id", "chat_id"},
    "show_menu": {"telegram_id", "chat_id"},
    "show_package": {"telegram_id", "chat_id", "slug"},
    "show_packages": {"telegram_id", "chat_id"},
    "show_page": {"telegram_id", "chat_id", "page"},
    "show_parked_job": {"telegram_id", "chat_id", "ref"},
    "show_parked_jobs": {"telegram_id", "chat_id"},
    "show_payment": {"telegram_id", "chat_id", "payment_id"},
    "show_platforms": {"telegram_id", "chat_id"},
    "show_stats": {"telegram_id", "chat_id"},
    "show_withheld": {"telegram_id", "chat_id"},
    "show_withheld_message": {"telegram_id", "chat_id", "ref"},
    "sweep_orders": {"key"},
    "tick_minute": set(),
    "update_task_status": {"key", "task_id", "status"},
    "withdraw_invoice": {"key", "invoice_id", "order_id"},
}


def required(contract: type[jobs.Job]) -> set[str]:
    """Return the fields without a default."""
    missing = dataclasses.MISSING
    return {
        f.name for f in dataclasses.fields(contract) if f.default is missing and f.default_factory is missing
    }


def is_json(annotation: Any) -> bool:
    """Return True if values of this type travel through JSON unchanged. No floats: money is a string."""
    if annotation in SCALARS:
        return True
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return all(isinstance(word, str) for word in typing.get_args(annotation))
    if origin in {typing.Union, types.UnionType}:
        return all(is_json(part) for part in typing.get_args(annotation))
    return annotation == dict[str, Any] or (origin is list and is_json(typing.get_args(annotation)[0]))


def sample(annotation: Any) -> Any:
    """Return some value of the type."""
    plain = {str: "ї", int: 2**52, bool: True, dict[str, Any]: {"a": [1, None, "b"]}}
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)[0]
    return plain.get(annotation)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.actor_name)
def test_a_contract_is_frozen_named_and_queued(contract: type[jobs.Job]) -> None:
    assert dataclasses.is_dataclass(contract)
    assert contract.__dataclass_params__.frozen  # type: ignore[attr-defined]
    verb_object = re.fullmatch(r"[a-z]+(_[a-z]+)+", contract.actor_name)
    assert verb_object or contract.actor_name == "broadcast", "named by the customer, or verb_object"
    assert contract.queue in jobs.QUEUES
    assert {"actor_name", "queue"} <= vars(contract).keys(), "of its own, not inherited"
    assert contract.__doc__


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.actor_name)
def test_a_contract_travels_as_json_and_back(contract: type[jobs.Job]) -> None:
    hints = typing.get_type_hints(contract)
    fields = dataclasses.fields(contract)
    assert [f.name for f in fields if not is_json(hints[f.name])] == []
    job = contract(**{f.name: sample(hints[f.name]) for f in fields})
    assert contract(**json.loads(json.dumps(job.payload()))) == job


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.actor_name)
def test_fields_added_later_have_defaults(contract: type[jobs.Job]) -> None:
    assert required(contract) == REQUIRED.get(contract.actor_name, required(contract))


def test_every_contract_is_listed_once_with_what_it_requires() -> None:
    assert sorted(c.actor_name for c in CONTRACTS) == sorted(REQUIRED)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.actor_name)
def test_attempts_and_ages_are_bounded(contract: type[jobs.Job]) -> None:
    if issubclass(contract, jobs.LedgerJob):
        assert 1 <= contract.max_attempts <= 3
        assert contract.max_age_seconds is None, "an effect never ages out"
        assert contract.lease_seconds >= 20, "above the longest HTTP and database timeouts"
    else:
        assert contract.max_age_seconds, "what has no row must age out"


TOPICS = {path.stem for path in (ROOT / "socialboost/jobs").glob("*.py")} - {"__init__", "base", "sending"}


def strangers(contracts: dict[str, str], actors: dict[str, str]) -> list[str]:
    """Return the names whose actor is not in the package that the contract's module is named after."""
    return [
        f"{name}: declared in {module}, worked on in {actors[name]}"
        for name, module in contracts.items()
        if module.removeprefix("socialboost.jobs.") not in TOPICS
        or not actors[name].startswith(f"workers.{module.removeprefix('socialboost.jobs.')}.")
    ]


def test_contracts_and_workers_have_the_same_topics() -> None:
    packages = {path.parent.name for path in (ROOT / "workers").glob("*/__init__.py")}
    assert packages - {"engine", "telegram"} == TOPICS


def test_a_contract_and_its_actor_are_about_one_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    importlib.import_module("workers")
    base = importlib.import_module("workers.engine.actors")
    actors = {name: spec.function.__module__ for name, spec in base.REGISTRY.items()}
    assert strangers({c.actor_name: c.__module__ for c in CONTRACTS}, actors) == []


@pytest.mark.parametrize(
    ("contract", "actor"),
    [
        ("socialboost.jobs.orders", "workers.payments.messages"),
        ("socialboost.jobs.sending", "workers.sending.messages"),
        ("socialboost.jobs.orders", "workers.orders_elsewhere.messages"),
    ],
)
def test_an_actor_in_another_topic_is_found(contract: str, actor: str) -> None:
    """Negative control."""
    assert strangers({"send_receipt": contract}, {"send_receipt": actor})
    assert not strangers(
        {"send_receipt": "socialboost.jobs.orders"}, {"send_receipt": "workers.orders.messages"}
    )


def file_of(contract: type[jobs.Job]) -> str | None:
    """Return the name of the file that an actor of this kind is in; None when that is a noun of its topic."""
    if issubclass(contract, jobs.Decision):
        return "decisions"
    if issubclass(contract, jobs.LedgerJob):
        return "messages" if contract.tells else None
    return "screens" if issubclass(contract, jobs.Tap) else None


def misplaced(contract: type[jobs.Job], module: str) -> bool:
    """True if the actor is in a file of another kind, or a file of this kind has an actor of another."""
    name = module.rpartition(".")[2]
    expected = file_of(contract)
    return name != expected if expected else name in {"screens", "decisions", "messages"}


def test_an_actor_is_in_the_file_of_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    importlib.import_module("workers")
    base = importlib.import_module("workers.engine.actors")
    found = {c.actor_name: base.REGISTRY[c.actor_name].function.__module__ for c in CONTRACTS}
    assert [found[c.actor_name] for c in CONTRACTS if misplaced(c, found[c.actor_name])] == []


@pytest.mark.parametrize(
    ("contract", "place"),
    [
        (jobs.ShowPayment, "decisions"),
        (jobs.ResolvePayment, "screens"),
        (jobs.SendReceipt, "checkout"),
        (jobs.OpenOrder, "screens"),
    ],
)
def test_an_actor_in_a_file_of_another_kind_is_found(contract: type[jobs.Job], place: str) -> None:
    """Negative control."""
    assert misplaced(contract, f"workers.topic.{place}")


def test_a_contract_gets_its_name_and_queue_from_its_class() -> None:
    class OpenSomethingNew(jobs.LedgerJob, queue=jobs.PAYMENTS):
        pass

    assert (OpenSomethingNew.actor_name, OpenSomethingNew.queue) == ("open_something_new", "payments")
    with pytest.raises(ValueError, match="no queue 'urgent'"):
        type("Wrong", (jobs.Job,), {}, queue="urgent")


def test_every_contract_has_exactly_one_actor_and_every_actor_a_contract(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    importlib.import_module("workers")
    base = importlib.import_module("workers.engine.actors")
    declared = {
        name: spec.contract
        for name, spec in base.REGISTRY.items()
        if not spec.contract.__module__.startswith("tests.")
    }
    assert declared == {c.actor_name: c for c in CONTRACTS}


def test_two_actors_for_one_contract_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the registry is what the test above reads."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    base = importlib.import_module("workers.engine.actors")
    name = next(iter(base.REGISTRY))
    with pytest.raises(ValueError, match="two actors"):
        base.actor(base.REGISTRY[name].contract)(print)


def consumed(command: str) -> list[str]:
    """Return the queues that a `dramatiq workers` command reads; all of them without --queues."""
    words = shlex.split(command)
    if "dramatiq" not in words or "workers" not in words:
        return []
    option = next((word for word in ("--queues", "-Q") if word in words), None)
    if option is None:
        return list(jobs.QUEUES)
    named = words[words.index(option) + 1 :]
    return named[: next((i for i, word in enumerate(named) if word.startswith("-")), len(named))]


def supervised() -> list[str]:
    """Return the command of every program in supervisord.conf."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    parser.read(ROOT / "supervisord.conf", encoding="utf-8")
    return [parser[name]["command"] for name in parser.sections() if name.startswith("program:")]


def composed() -> list[str]:
    """Return the command of every service in docker-compose.yml."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    commands = [service.get("command", "") for service in services.values()]
    return [command if isinstance(command, str) else shlex.join(command) for command in commands]


@pytest.mark.parametrize("commands", [supervised, composed])
def test_every_queue_is_read_by_exactly_one_worker_line(commands: Any) -> None:
    read = [queue for command in commands() for queue in consumed(command)]
    assert sorted(read) == sorted(jobs.QUEUES)


@pytest.mark.parametrize("commands", [supervised, composed])
def test_taps_and_payments_have_workers_of_their_own(commands: Any) -> None:
    lines = [set(queues) for command in commands() if (queues := consumed(command))]
    assert {jobs.INTERACTIVE, jobs.PAYMENTS} in lines
