"""Tests of database rights: a worker's login can do its work and no more; others see nothing."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from socialboost.db import migrations, queries
from tests.db.store import PRICE, Store, opened
from tests.db.test_decisions import ADMIN

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


def test_a_worker_s_role_may_run_every_query(store: Store, worker: Store) -> None:
    buyer = worker.person()
    worker.buy(buyer)
    posts = [worker.post(buyer), worker.post(buyer)]
    assert len(worker.call("get_pending_tasks", 1, "main-bot", 900)) == 1
    assert worker.call("update_task_status", posts[0]["task_id"], "completed", None, None)["http"] == 200
    assert worker.stats(buyer)["posts_count"] == 2
    assert worker.call("get_admin_stats")["paid_orders"] == 1
    assert worker.call("take_lease", "sweeper", "worker", 5)
    assert worker.pay("I9", worker.order(buyer, invoice="I9"), PRICE / 2)["outcome"] == "exception"
    assert worker.call("verify_payments", ["I9"]) == 1
    excepted = worker.value("SELECT id FROM payments WHERE state = 'exception'")
    assert worker.call("resolve_payment", excepted, "credit", ADMIN)["success"]
    assert worker.stats(buyer)["balance"] == pytest.approx(PRICE / 2, abs=1)
    assert worker.run("UPDATE users SET language = 'en', blocked_at = NULL") == 1
    assert worker.run("DELETE FROM job_ledger") == 0
    assert worker.value("SELECT count(*) FROM admins") == 0


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
    "INSERT INTO balance_entries (user_id, amount, kind, reference) SELECT id, 5, 'credit', 'x' FROM users",
    "UPDATE users SET balance = 5",
    "UPDATE users SET referral_bonus = 5",
    "INSERT INTO users (telegram_id, language) VALUES (1, 'uk')",
    "UPDATE orders SET status = 'paid'",
    "UPDATE orders SET amount = 1",
    "INSERT INTO orders SELECT * FROM orders",
    "UPDATE invoices SET amount = 1",
    "INSERT INTO invoices SELECT * FROM invoices",
    "UPDATE payments SET state = 'applied'",
    "UPDATE payments SET verified_at = now()",
    "INSERT INTO payments SELECT * FROM payments",
    "INSERT INTO activations SELECT * FROM activations",
    "UPDATE activations SET ends_at = now()",
    "UPDATE refunds SET state = 'sent'",
    "UPDATE posts SET status = 'completed'",
    "INSERT INTO posts SELECT * FROM posts",
    "UPDATE tasks SET attempts = 0",
    "INSERT INTO tasks SELECT * FROM tasks",
    "UPDATE figures SET amount = 1",
    "INSERT INTO admins (telegram_id, role, added_by) VALUES (1, 'owner', 1)",
    "UPDATE admins SET role = 'owner'",
    "DELETE FROM admins",
    "SELECT set_admin(1, 'owner', 1)",
    "SELECT remove_admin(1, 1)",
    "SELECT id FROM orders FOR UPDATE",
    "SELECT activate_order(id) FROM orders",
    "SELECT refund_order(gen_random_uuid())",
    "SELECT move_post(gen_random_uuid(), 'completed', NULL)",
    "SELECT close_decided_order(gen_random_uuid(), 'paid')",
    "SELECT recount_figures()",
    "SELECT settle_rights()",
    "SET ROLE pg_database_owner",
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
def test_a_worker_s_role_may_do_nothing_else(worker: Store, statement: str) -> None:
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
def test_no_other_role_can_read_anything(store: Store, login: Login, statement: str, *, inside: bool) -> None:
    """That includes a role with access to the schema."""
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
def test_append_only_tables_are_so_for_their_owner_too(store: Store, table: str, act: str) -> None:
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="only grows"):
        store.run(act.format(table))


def test_a_worker_may_call_exactly_the_functions_that_its_queries_call(database_url: str) -> None:
    """No triggers and no helpers of other functions, except those that read-only functions call."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT proname, provolatile = 'v', prosrc,"
            " has_function_privilege('socialboost_worker', oid, 'EXECUTE')"
            " FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        ).fetchall()
    text = b"\n".join(one.text for one in queries.load().values() if one.file != "migrations.sql").decode()
    sources = {name: source for name, _, source, _ in found}
    writing = {name for name, writes, _, _ in found if writes}
    needed, looked_at = {name for name in sources if called(name, text)}, set[str]()
    while looking := needed - writing - looked_at:
        looked_at |= looking
        needed |= {name for name in sources for one in looking if called(name, sources[one])}
    assert {name for name, _, _, may in found if may} == needed


def called(function: str, text: str) -> bool:
    return re.search(rf"(?<!\w){function}\(", re.sub(r"--.*", "", text)) is not None


def unsettled(dsn: str) -> list[str]:
    """Return what changes rows, may be called by a worker, and would do so with the worker's own rights."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND provolatile = 'v'"
            " AND has_function_privilege('socialboost_worker', oid, 'EXECUTE')"
            " AND NOT (prosecdef AND coalesce('search_path=public, pg_temp' = ANY (proconfig), false))"
        ).fetchall()
    return sorted(name for (name,) in rows)


def test_functions_that_change_rows_run_with_their_owner_s_rights(database_url: str) -> None:
    assert unsettled(database_url) == []
    with psycopg.connect(database_url, autocommit=True) as owner:  # control: created anew, it forgets
        for name in ("attach_invoice", "begin_dispatch"):
            (path,) = (queries.SQL_DIRECTORY / "functions").glob(f"*/{name}.sql")
            owner.execute(path.read_bytes())
    assert unsettled(database_url) == ["attach_invoice", "begin_dispatch"]


def test_later_migrations_keep_the_rights_in_both_directions(database_url: str, tmp_path: Path) -> None:
    shutil.copytree(queries.SQL_DIRECTORY, tmp_path / "sql")
    directory = tmp_path / "sql" / "migrations"
    newest = "\\ir ../functions/tasks/begin_dispatch.sql\n"
    (directory / "9999_again.sql").write_text(newest)
    (directory / "9999_again.down.sql").write_text(newest)

    assert migrations.migrate(database_url, directory=directory) == ["9999_again"]
    assert unsettled(database_url) == []
    migrations.down(database_url, 1, directory=directory)
    assert unsettled(database_url) == []
