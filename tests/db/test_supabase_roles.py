"""Tests of Supabase's public roles: its HTTP API would show nothing of this database."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from socialboost.db import migrations

ROLES = ("anon", "authenticated")


@pytest.fixture
def supabase(empty_database_url: str) -> Iterator[psycopg.Connection]:
    """A database as Supabase hands it out: both roles are in the schema, and are given whatever is made."""
    with psycopg.connect(empty_database_url, autocommit=True) as owner:
        made = []
        for name in ROLES:
            if owner.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).fetchone() is None:
                owner.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
                made.append(sql.Identifier(name))
        for name in map(sql.Identifier, ROLES):
            owner.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))
            for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
                given = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON {} TO {}"
                owner.execute(sql.SQL(given).format(sql.SQL(kind), name))
        yield owner
        for name in map(sql.Identifier, ROLES):
            owner.execute(sql.SQL("DROP OWNED BY {}").format(name))
        for name in made:
            owner.execute(sql.SQL("DROP ROLE {}").format(name))


def reachable(owner: psycopg.Connection, role: str) -> list[str]:
    """Return what the role could read, change or call, were it in the schema."""
    found = owner.execute(
        "SELECT 'table ' || c.relname FROM pg_class AS c"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p')"
        " AND (has_table_privilege(%(role)s, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')"
        "      OR has_any_column_privilege(%(role)s, c.oid, 'SELECT, INSERT, UPDATE'))"
        " UNION ALL SELECT 'function ' || p.proname FROM pg_proc AS p"
        " WHERE p.pronamespace = 'public'::regnamespace"
        " AND has_function_privilege(%(role)s, p.oid, 'EXECUTE')"
        " ORDER BY 1",
        {"role": role},
    ).fetchall()
    return [row[0] for row in found]


@pytest.mark.parametrize("role", ROLES)
def test_a_public_role_has_no_access_to_our_tables(
    supabase: psycopg.Connection, empty_database_url: str, role: str
) -> None:
    supabase.execute("CREATE TABLE before_us (id integer)")
    assert reachable(supabase, role) == ["table before_us"], "the control: new things are given to it"
    supabase.execute("DROP TABLE before_us")
    migrations.migrate(empty_database_url)
    assert reachable(supabase, role) == []
    supabase.execute("CREATE TABLE after_us (id integer)")
    supabase.execute("CREATE FUNCTION after_us() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    assert reachable(supabase, role) == [], "what a later migration makes is not given to it either"
    supabase.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    try:
        for statement in (b"SELECT * FROM public.users", b"SELECT public.get_admin_stats()"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                supabase.execute(statement)
    finally:
        supabase.execute("RESET ROLE")


def test_functions_with_their_owner_s_rights_fix_their_search_path(database_url: str) -> None:
    """A name in a SECURITY DEFINER function must not be found in its caller's schema first."""
    with psycopg.connect(database_url) as connection:
        loose = connection.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
            " AND NOT coalesce(array_to_string(proconfig, ',') LIKE '%search_path=%', false)"
        ).fetchall()
    assert loose == []
