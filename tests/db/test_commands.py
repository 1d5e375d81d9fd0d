"""Tests of the commands migrate, seed and schema of python -m socialboost."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from tests.db.commands import run


def test_a_database_is_set_up_by_two_commands(empty_database_url: str) -> None:
    """As an operator does, by processes."""
    before = run(empty_database_url, "migrate", "--status")
    assert (before.returncode, "pending" in before.stdout) == (1, True)

    for arguments in (["migrate"], ["migrate"], ["seed"], ["seed"], ["migrate", "--status"]):
        done = run(empty_database_url, *arguments, by_command=arguments in (["migrate"], ["seed"]))
        assert done.returncode == 0, done.stderr

    with psycopg.connect(empty_database_url) as connection:
        packages = connection.execute(
            "SELECT slug, name, price, posts_per_day, views_range, category, features->>'randomization'"
            " FROM packages ORDER BY price"
        ).fetchall()
    assert packages == [
        ("starter-mini", "Starter Mini", Decimal("99.99"), 2, "1000-2500", "starter", "30%"),
        ("pro-advanced", "Pro Advanced", Decimal("299.99"), 3, "8000-15000", "professional", "30%"),
        ("enterprise-elite", "Enterprise Elite", Decimal("999.99"), 3, "70000-120000", "enterprise", "30%"),
    ]


def test_seeding_leaves_a_shop_s_own_packages_alone(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO packages (slug, name, price) VALUES ('own', 'Own', 1)")
        assert run(database_url, "seed").returncode == 0
        assert connection.execute("SELECT slug FROM packages").fetchall() == [("own",)]


def test_test_people_have_numeric_ids_and_balances_by_entries(database_url: str) -> None:
    for _ in range(2):
        assert run(database_url, "seed", "--test-data").returncode == 0
    with psycopg.connect(database_url) as connection:
        people = connection.execute(
            "SELECT u.username, u.balance, sum(e.amount)"
            " FROM users u JOIN balance_entries e ON e.user_id = u.id"
            " GROUP BY u.id ORDER BY u.telegram_id"
        ).fetchall()
    assert people == [(name, Decimal(sum_), Decimal(sum_)) for name, sum_ in (
        ("testuser1", "100.00"), ("testuser2", "50.00"), ("admin", "1000.00"),
    )]  # fmt: skip


def test_admins_are_added_and_removed_by_command(database_url: str) -> None:
    said = [
        run(database_url, "admin", *arguments).stdout.strip()
        for arguments in (
            ["add", "42", "support"], ["add", "42", "support"], ["add", "42", "owner"],
            ["remove", "42"], ["remove", "42"],
        )
    ]  # fmt: skip
    assert said == [
        "42: support", "42: support already", "42: owner", "42: removed", "42: has no role in the database",
    ]  # fmt: skip
    for wrong in (["add", "42", "boss"], ["add", "@somebody", "owner"], ["add", "-42", "owner"]):
        assert run(database_url, "admin", *wrong).returncode == 2
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM admins").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM admin_actions").fetchone() == (3,)


def test_the_command_undoes_and_applies_one_migration(database_url: str) -> None:
    assert "undone" in run(database_url, "migrate", "--down", "1").stdout
    assert "applied" in run(database_url, "migrate").stdout


@pytest.mark.parametrize(("dsn", "code"), [
    ("postgresql://someone:topsecret@127.0.0.1:1/none", 1),
    ("postgresql://someone:top%zzsecret@127.0.0.1:1/none", 2),
    ("mysql://someone:topsecret@127.0.0.1/none", 2),
    ("", 2),
])  # fmt: skip
def test_a_wrong_address_is_named_and_its_password_is_not(dsn: str, code: int) -> None:
    for arguments in (["migrate"], ["migrate", "--status"], ["seed"], ["describe"]):
        done = run(dsn, *arguments)
        said = done.stdout + done.stderr
        assert done.returncode != 0
        if arguments[0] == "migrate":
            assert done.returncode == code
            assert "DATABASE_URL" in said
        assert "secret" not in said
        assert "Traceback" not in said


def test_a_wrong_password_is_reported_without_showing_it(database_url: str) -> None:
    user = database_url.partition("//")[2].partition(":")[0]
    wrong = f"postgresql://{user}:wrongsecret@{database_url.partition('@')[2]}"
    done = run(wrong, "migrate")
    assert (done.returncode, "password authentication failed" in done.stderr) == (1, True)
    assert "wrongsecret" not in done.stdout + done.stderr


def test_a_wrong_zone_stops_the_migration(empty_database_url: str) -> None:
    done = run(empty_database_url, "migrate", TIMEZONE="Mars/Olympus")
    assert (done.returncode, "TIMEZONE" in done.stderr) == (2, True)


def test_an_old_database_is_reported_in_one_sentence(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE schema_migrations (version integer PRIMARY KEY, name text NOT NULL UNIQUE,"
            " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        connection.execute("INSERT INTO schema_migrations VALUES (1, '0001_tables', 'x')")
    for arguments in (["migrate"], ["migrate", "--status"], ["migrate", "--down", "1"]):
        done = run(empty_database_url, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1
        assert "new, empty database" in done.stderr


def test_the_schema_is_printed_as_one_text(empty_database_url: str) -> None:
    """This is for a console without includes. It needs no database."""
    done = run("", "schema")
    assert done.returncode == 0, done.stderr
    assert "\n\\ir " not in done.stdout
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(done.stdout.encode())
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)
