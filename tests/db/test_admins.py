"""Tests of the admins' table: one row per person, changed only by functions that record who did it."""

from __future__ import annotations

import psycopg
import pytest

from tests.db.store import Store, at_once

OWNER = 900_001
SOMEBODY = 900_007


def row(store: Store) -> dict[str, object] | None:
    rows = store.rows("SELECT role, added_by FROM admins WHERE telegram_id = %s", SOMEBODY)
    return rows[0] if rows else None


def trace(store: Store) -> list[tuple[str, int, str]]:
    rows = store.rows("SELECT * FROM admin_actions WHERE subject = %s ORDER BY created_at", str(SOMEBODY))
    return [(one["action"], one["admin_telegram_id"], one["data"]["role"]) for one in rows]


def test_giving_changing_and_removing_a_role_is_recorded(store: Store) -> None:
    assert store.call("set_admin", SOMEBODY, "support", OWNER) is True
    assert store.call("set_admin", SOMEBODY, "support", 0) is False, "it is so already"
    assert row(store) == {"role": "support", "added_by": OWNER}
    assert store.call("set_admin", SOMEBODY, "manager", 0) is True
    assert row(store) == {"role": "manager", "added_by": 0}
    assert store.call("remove_admin", SOMEBODY, OWNER) is True
    assert store.call("remove_admin", SOMEBODY, OWNER) is False
    assert row(store) is None
    assert trace(store) == [
        ("admin_set", OWNER, "support"),
        ("admin_set", 0, "manager"),
        ("admin_remove", OWNER, "manager"),
    ]


@pytest.mark.parametrize(
    ("telegram_id", "role"), [(SOMEBODY, "boss"), (SOMEBODY, ""), (0, "support"), (-5, "owner")]
)
def test_unknown_roles_and_invalid_ids_are_refused(store: Store, telegram_id: int, role: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        store.call("set_admin", telegram_id, role, OWNER)
    assert store.value("SELECT count(*) FROM admins") == 0


def test_two_at_once_leave_one_row_and_one_trace(store: Store) -> None:
    def give(other: Store, _: int) -> bool:
        return bool(other.call("set_admin", SOMEBODY, "support", OWNER))

    assert sorted(at_once(store.dsn, 2, give)) == [False, True]
    assert trace(store) == [("admin_set", OWNER, "support")]
