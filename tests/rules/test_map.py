"""Tests of docs/map.md: it agrees with the code and names every job, query and SQL function."""

from __future__ import annotations

import re
from functools import cache

import pytest

from socialboost import jobs
from socialboost.cli import map as code_map
from tests.rules.source import ROOT


@cache
def files() -> dict[str, str]:
    return code_map.read(ROOT)


@cache
def page() -> str:
    return code_map.page(files())


def without(path: str, text: str, instead: str) -> str:
    """Return the page of a program in which something is written otherwise."""
    assert text in files()[path], f"{path} does not say {text!r} any more"
    return code_map.page({**files(), path: files()[path].replace(text, instead)})


def row(name: str, text: str) -> str:
    """Return the row of a job."""
    return next((line for line in text.splitlines() if re.search(rf"\| `{name}`<br>[a-z]+, ", line)), "")


def contracts() -> list[str]:
    kinds = (
        value for value in vars(jobs).values() if isinstance(value, type) and issubclass(value, jobs.Job)
    )
    return sorted(kind.__name__ for kind in kinds if "actor_name" in vars(kind))


def test_the_page_is_what_the_command_writes() -> None:
    written = (ROOT / code_map.PAGE).read_text(encoding="utf-8")
    assert written == page(), "run `python -m socialboost map` and commit docs/map.md"


def test_every_job_has_a_row_with_where_it_comes_from() -> None:
    rows = {name: row(name, page()) for name in contracts()}
    assert [name for name, line in rows.items() if not re.match(r"\| \S", line)] == []


def test_every_query_and_every_function_of_sql_is_on_the_page() -> None:
    queries = [
        name
        for path, text in files().items()
        if path.startswith("sql/queries/")
        for name in re.findall(r"^-- name: (\w+)", text, re.MULTILINE)
    ]
    missing = [name for name in queries if f"`{name}`" not in page() and f"`{name}()`" not in page()]
    assert missing == ["ping"], "asked by tests only"
    functions = [path for path in files() if path.startswith("sql/functions/")]
    assert queries
    assert [path for path in functions if f"| {path} |" not in page()] == []


def test_a_buyers_tap_is_followed_to_its_end() -> None:
    line = row("OpenOrder", page())
    for part in (
        "`confirm_<slug>` → socialboost/bot/buyer/orders.py:confirm",
        "workers/orders/checkout.py:open_order",
        "`create_order()`",
        "order_card",
        "tests/flows/shop/test_orders.py",
    ):
        assert part in line, part


@pytest.mark.parametrize(
    ("path", "text", "instead", "job"),
    [
        ("workers/orders/checkout.py", "@actor(jobs.OpenOrder)\n", "", "OpenOrder"),
        ("workers/orders/checkout.py", '"create_order"', "''", "OpenOrder"),
        ("socialboost/bot/buyer/orders.py", "jobs.OpenOrder(", "dict(", "OpenOrder"),
        ("socialboost/web/webhooks/crypto_pay.py", "jobs.ActivateOrder(", "dict(", "ActivateOrder"),
        ("workers/operations/clock.py", "jobs.PurgeLedger(", "dict(", "PurgeLedger"),
    ],
)
def test_a_missing_part_changes_the_row(path: str, text: str, instead: str, job: str) -> None:
    """Negative control: without an actor, a query, a handler, an endpoint or a schedule the row changes."""
    assert row(job, without(path, text, instead)) != row(job, page())
