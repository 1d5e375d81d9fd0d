"""Snapshots of a database's schema from PostgreSQL's catalog. Equal snapshots mean equal schemas."""

from __future__ import annotations

import re

import psycopg

_NOISE = re.compile(r"::character varying|::text|\[\]|[()]")
"""How PostgreSQL writes `status IN (...)` on a varchar depends on how often it was written and read again."""

_PARTS = {
    "columns": """
        SELECT c.relname, c.relkind::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            a.attidentity::text, a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid), co.collname
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        LEFT JOIN pg_collation co ON co.oid = a.attcollation
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'""",
    "indexes": """
        SELECT i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indisvalid FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace""",
    "functions": """
        SELECT pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prokind IN ('f', 'p')""",
    "triggers": """
        SELECT pg_get_triggerdef(t.oid), t.tgenabled::text FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace""",
    "comments": """
        SELECT d.objoid::regclass::text, d.objsubid, d.description FROM pg_description d
        JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass
        WHERE c.relnamespace = 'public'::regnamespace""",
    "rights": """
        SELECT r.what, a.grantee::regrole, a.privilege_type, a.is_grantable
        FROM (
            SELECT oid::regprocedure::text AS what, proacl AS given FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace
            UNION ALL
            SELECT oid::regclass::text, relacl FROM pg_class WHERE relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT c.oid::regclass || '.' || t.attname, t.attacl FROM pg_class c
            JOIN pg_attribute t ON t.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT 'schema ' || nspname, nspacl FROM pg_namespace WHERE nspname = 'public'
            UNION ALL
            SELECT 'default ' || defaclobjtype::text, defaclacl FROM pg_default_acl
        ) AS r, aclexplode(r.given) AS a""",
    "policies": "SELECT tablename, policyname, qual, with_check FROM pg_policies WHERE schemaname = 'public'",
    "types": """
        SELECT typname FROM pg_type
        WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r') AND typelem = 0""",
}


def snapshot(dsn: str) -> dict[str, list[str]]:
    """Every object of schema public as PostgreSQL itself writes it, the runner's own table aside."""
    with psycopg.connect(dsn) as connection:
        return {
            part: sorted(
                line if part == "functions" else _NOISE.sub("", line)
                for row in connection.execute(statement.encode())
                if "schema_migrations" not in (line := " | ".join(map(str, row)))
            )
            for part, statement in _PARTS.items()
        }
