"""Who may do what: a worker's login does the whole job and no more; nobody else sees anything."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql

from tests.db.store import Store, opened

Login = Callable[..., str]


@pytest.fixture
def login(database_url: str) -> Iterator[Login]:
    """Make a login, in a group or in none; its URL. Roles belong to the server: dropped at the end."""
    made: list[sql.Identifier] = []

    def make(*groups: str) -> str:
        name, password = f"test_{secrets.token_hex(6)}", secrets.token_hex(8)
        role = sql.Identifier(name)
        with psycopg.connect(database_url, autocommit=True) as owner:
            owner.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password)))
            for group in groups:
                owner.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), role))
        made.append(role)
        return f"postgresql://{name}:{password}@{database_url.partition('@')[2]}"

    yield make
    with psycopg.connect(database_url, autocommit=True) as owner:
        for role in made:
            owner.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.fixture
def worker(store: Store, login: Login) -> Iterator[Store]:
    """A worker's connection to a shop with one package."""
    with opened(login("socialboost_worker")) as worker:
        yield worker


@pytest.mark.breaks("order_refunded_without_refund", why="it calls refund_order, not what returns the money")
def test_a_worker_does_the_whole_job(store: Store, worker: Store) -> None:
    buyer = worker.person()
    order_id = worker.buy(buyer)
    posts = [worker.post(buyer), worker.post(buyer)]
    assert len(worker.call("get_pending_tasks", 1, "main-bot", 900)) == 1
    assert worker.call("update_task_status", posts[0]["task_id"], "completed", None, None)["http"] == 200
    assert worker.stats(buyer)["posts_count"] == 2
    assert worker.call("get_admin_stats")["paid_orders"] == 1
    assert worker.call("take_lease", "sweeper", "worker", 5)
    worker.run(
        "INSERT INTO balance_entries (user_id, amount, kind, reference) VALUES (%s, 5, 'test', 'test:1')",
        worker.user_id(buyer),
    )
    assert worker.stats(buyer)["balance"] == 5
    assert worker.call("refund_order", order_id)
    assert worker.run("DELETE FROM job_ledger") == 0


@pytest.mark.parametrize("statement", [
    "DROP TABLE posts",
    "CREATE TABLE mine (id integer)",
    "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "ALTER TABLE users ADD COLUMN mine integer",
    "TRUNCATE job_ledger",
    "DELETE FROM users",
    "DELETE FROM orders",
    "DELETE FROM payments",
    "DELETE FROM activations",
    "DELETE FROM admin_actions",
    "UPDATE admin_actions SET action = 'x'",
    "DELETE FROM balance_entries",
    "UPDATE balance_entries SET amount = 1",
    "TRUNCATE admin_actions",
    "UPDATE settings SET value = 'UTC'",
    "UPDATE schema_migrations SET sha256 = 'x'",
    "ALTER TABLE users DISABLE TRIGGER ALL",
    "ALTER FUNCTION local_day COST 7",
    "COPY users TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "CREATE ROLE mine LOGIN",
    "CREATE EXTENSION dblink",
    "ALTER SYSTEM SET fsync = off",
])  # fmt: skip
def test_a_worker_does_no_more(worker: Store, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        worker.run(statement)


@pytest.mark.parametrize("statement", [
    "SELECT * FROM public.users",
    "SELECT * FROM public.packages",
    "SELECT * FROM public.schema_migrations",
    "SELECT public.get_admin_stats()",
    "SELECT public.local_day()",
])  # fmt: skip
@pytest.mark.parametrize("inside", [False, True])
def test_nobody_else_sees_anything(store: Store, login: Login, statement: str, *, inside: bool) -> None:
    """Not even somebody who was let into the schema."""
    dsn = login()
    name = dsn.partition("//")[2].partition(":")[0]
    if inside:
        store.run(f"GRANT USAGE ON SCHEMA public TO {name}")
    with opened(dsn) as stranger, pytest.raises(psycopg.errors.InsufficientPrivilege):
        stranger.run(statement)
    if inside:
        store.run(f"REVOKE USAGE ON SCHEMA public FROM {name}")


@pytest.mark.parametrize("table", ["balance_entries", "admin_actions"])
@pytest.mark.parametrize("act", ["DELETE FROM {}", "UPDATE {} SET id = id", "TRUNCATE {}"])
def test_what_is_append_only_is_so_for_its_owner_too(store: Store, table: str, act: str) -> None:
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="only grows"):
        store.run(act.format(table))
