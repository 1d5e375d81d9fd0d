"""Tests that each closed set is written once, as a type, and equals the schema's check."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from socialboost import kinds
from tests.rules.source import ROOT

SETS = {
    "orders": kinds.ORDER_STATUSES,
    "posts": kinds.POST_STATUSES,
    "broadcasts": kinds.BROADCAST_STATUSES,
}


def allowed(schema: str, table: str) -> set[str]:
    """Return the words that the table's status may hold by its check."""
    body = re.sub(r"--.*", "", schema.partition(f"CREATE TABLE {table} (")[2]).partition(";")[0]
    check = re.search(r"status varchar.*?IN\s*\(([^)]*)\)", body, re.DOTALL)
    return set(re.findall(r"'([a-z_]+)'", check[1])) if check else set()


@pytest.mark.parametrize("table", SETS)
def test_a_status_has_the_words_that_its_table_allows(table: str) -> None:
    assert set(SETS[table]) == allowed((ROOT / "sql/schema.sql").read_text(encoding="utf-8"), table)


def test_a_value_that_only_the_table_allows_is_reported() -> None:
    """Negative control."""
    schema = "CREATE TABLE orders (\n    status varchar(9) CHECK (status IN ('paid', 'lost')),\n);"
    assert allowed(schema, "orders") == {"paid", "lost"} != set(kinds.ORDER_STATUSES)


MISSPELT = """
from socialboost import jobs
from socialboost.links import LinkError
from workers.engine import deciding

jobs.NotifyAdmins(key="k", kind="order_payd")
jobs.SendPaymentNotice(key="k", order_id="o", kind="to_late")
jobs.SendDecisionNotice(key="k", payment_id="p", kind="creditted")
jobs.UpdateTaskStatus(key="k", task_id="t", status="complete")
LinkError("not_link", "x")
value: deciding.Value = {"outcome": "dun"}
jobs.OpenOrdre
"""


def test_mypy_refuses_a_misspelt_word_and_an_unknown_contract(tmp_path: Path) -> None:
    """Seven mistakes give seven errors. Nothing runs."""
    (tmp_path / "misspelt.py").write_text(MISSPELT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", str(tmp_path / "misspelt.py")],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = [int(found[1]) for found in re.finditer(r"misspelt.py:(\d+): error", done.stdout)]
    assert lines == [6, 7, 8, 9, 10, 11, 12], done.stdout + done.stderr
