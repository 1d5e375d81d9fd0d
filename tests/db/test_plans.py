"""Tests of query plans: in a shop with many rows every named query uses an index.

The plans are those of real executions, of the statements inside functions and triggers too (auto_explain
tells them), of the eighth execution as well as of the first: by then it may be a generic plan.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from benchmarks.scale import samples
from benchmarks.scale.fill import fill
from sandbox.servers import PostgresServer
from socialboost.db import queries

FACTOR = 0.02
"""Of the full size: 20,000 users, 10,000 orders, 40,000 posts; there a scan costs more than an index."""
EXECUTIONS = 8
LARGE = frozenset({
    "users", "orders", "posts", "tasks", "payments", "activations", "invoices", "job_ledger",
    "broadcast_recipients", "balance_entries",
})  # fmt: skip
ALLOWED = {
    "aim_broadcast": "counts everybody a broadcast goes to, once for each press of an admin",
}
QUERIES = [query for query in queries.load().values() if query.file not in samples.RUN_BY_MIGRATE]


class Watched:
    """A filled shop whose every plan is overheard. What a query does is rolled back."""

    def __init__(self, dsn: str) -> None:
        self.shop = samples.Shop(dsn)
        self.world = samples.prepare(self.shop)
        execute = self.shop.connection.execute
        self.partial = {
            row["name"] for row in execute("SELECT indexrelid::regclass::text AS name FROM pg_index"
                                           " WHERE indpred IS NOT NULL")
        }  # fmt: skip
        execute("LOAD 'auto_explain'")
        for name, value in {
            "auto_explain.log_min_duration": "0", "auto_explain.log_nested_statements": "on",
            "auto_explain.log_format": "json", "client_min_messages": "log",
        }.items():  # fmt: skip
            execute("SELECT set_config(%s, %s, false)", (name, value))
        self._plans: list[dict[str, Any]] = []
        self.shop.connection.add_notice_handler(self._overhear)

    def scans(self, query: queries.Query, before: str = "") -> set[str]:
        """Return what the query reads from end to end, after the statement `before`."""
        arguments = samples.arguments(query, self.world)
        with self.shop.connection.transaction(force_rollback=True):
            if before:
                self.shop.connection.execute(before.encode())
            self._plans.clear()
            for _ in range(EXECUTIONS):
                with self.shop.connection.transaction(force_rollback=True):
                    self.shop.connection.execute(query.text, arguments, prepare=True)
        assert len(self._plans) >= EXECUTIONS
        return {scan for plan in self._plans for scan in self._whole(plan["Plan"], limited=False)}

    def _overhear(self, message: psycopg.errors.Diagnostic) -> None:
        text = message.message_primary or ""
        if " plan:\n" in text:
            self._plans.append(json.loads(text.partition(" plan:\n")[2]))

    def _whole(self, node: dict[str, Any], *, limited: bool) -> Iterator[str]:
        limited = limited or node["Node Type"] == "Limit"
        table, index = node.get("Relation Name"), node.get("Index Name")
        if node["Node Type"] == "Seq Scan" and table in LARGE:
            yield f"table {table}"
        whole_index = index is not None and "Index Cond" not in node and index not in self.partial
        if whole_index and not limited and (table is None or table in LARGE):
            yield f"index {index}"
        for child in node.get("Plans", []):
            yield from self._whole(child, limited=limited)


@pytest.fixture(scope="module")
def watched(postgres_server: PostgresServer, template_database: str) -> Iterator[Watched]:
    """A fiftieth of the full size."""
    dsn = postgres_server.create_database("plans", template=template_database)
    fill(dsn, FACTOR)
    watched = Watched(dsn)
    yield watched
    watched.shop.connection.close()
    postgres_server.drop_database("plans")


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_no_query_reads_a_large_table_from_end_to_end(watched: Watched, query: queries.Query) -> None:
    scans = watched.scans(query)
    assert bool(scans) == (query.name in ALLOWED), scans


@pytest.mark.parametrize(("index", "name", "table"), [
    ("idx_payments_created_at", "count_recent_sources", "payments"),
    ("idx_posts_created_at", "find_breaches", "posts"),
    ("idx_job_ledger_settled", "purge_ledger", "job_ledger"),
    ("idx_posts_quota", "add_user_post", "posts"),  # inside quota_used, inside add_user_post_v2
])  # fmt: skip
def test_without_its_index_a_query_reads_the_whole_table(
    watched: Watched, index: str, name: str, table: str
) -> None:
    scans = watched.scans(queries.load()[name], before=f"DROP INDEX {index}")
    assert f"table {table}" in scans


def test_the_filled_shop_breaks_no_invariant(watched: Watched) -> None:
    """So the plans are made for the rows of a consistent shop."""
    found = watched.shop.connection.execute(
        queries.load()["find_breaches"].text,
        samples.arguments(queries.load()["find_breaches"], watched.world),
    ).fetchall()
    assert {row["breach"] for row in found} <= {"buyer_not_told"}  # of samples.prepare's own payments
