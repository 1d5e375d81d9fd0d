"""Tests of docs/states.md: it agrees with the tables, and transitions without a trigger really happen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from socialboost.db import Database, description

ENDS = ["done", "discarded"]
MOVES = (
    "SELECT col_description('job_ledger'::regclass, attnum) FROM pg_attribute"
    " WHERE attrelid = 'job_ledger'::regclass AND attname = 'state'"
)


def test_the_diagrams_are_those_of_the_schema(database_url: str) -> None:
    written = description.STATES.read_text(encoding="utf-8")
    assert written == description.states(database_url), "run `python -m socialboost describe` (sql/README.md)"


@pytest.mark.parametrize("change", [
    "DROP TRIGGER refuse_transition ON posts",
    "ALTER TABLE orders DROP CONSTRAINT orders_status_check, ADD CHECK (status IN ('pending', 'paid'))",
    "ALTER TABLE tasks ALTER COLUMN status SET DEFAULT 'sent'",
    "COMMENT ON COLUMN job_ledger.state IS 'queued>done'",
])  # fmt: skip
def test_a_change_of_states_changes_the_diagrams(database_url: str, change: str) -> None:
    before = description.states(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(change.encode())
    assert description.states(database_url) != before


# --- the moves of a job, which no trigger checks ---


@pytest.fixture
def ledger(database_url: str) -> Iterator[Database]:
    """A ledger that refuses every move its comment does not name, and counts those it sees."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        (moves,) = owner.execute(MOVES).fetchone() or ("",)
        named = ", ".join(f"'{move}'" for move in moves.split(", "))
        owner.execute(
            "CREATE TABLE seen (move text);"
            "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN INSERT INTO seen VALUES (OLD.state || '>' || NEW.state); RETURN NULL; END $$;"
            "CREATE TRIGGER see AFTER UPDATE ON job_ledger FOR EACH ROW"
            " WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION see();"
            "CREATE TRIGGER refuse_transition BEFORE UPDATE OF state ON job_ledger FOR EACH ROW"
            " WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION refuse_transition('state', {})".replace(
                "{}", named
            ).encode()
        )
    with Database(database_url, pool_size=1) as db:
        yield db


def live(db: Database, key: str, *ends: str) -> None:
    """Add a job to the outbox, then apply each of `ends`: a claim, a lost lease, the end of a claim."""
    db.run(
        "owe_job", key=key, actor="a", queue="q", args="{}", max_attempts=3, delay_seconds=0, grace_seconds=0
    )
    for end in ends:
        match end:
            case "claim":
                claimed = db.one("claim_job", key=key, actor="a", queue="q", args="{}", max_attempts=3,
                                 lease_seconds=0, worker="w", tells=False)  # fmt: skip
                assert claimed is not None
                assert claimed["outcome"] == "claimed"
            case "lost":
                db.many("sweep_jobs", owner="s", lease_seconds=0, queues=["q"], limit=9, resend_seconds=0)
            case "finish":
                assert db.run("finish_job", key=key, worker="w") == 1
            case "postpone":
                assert db.run("postpone_job", key=key, worker="w", error="e", grows=False, delay_seconds=0,
                              shortest_seconds=0, longest_seconds=0) == 1  # fmt: skip
            case "park":
                assert db.one("park_job", key=key, worker="w", error="e")
            case "discard":
                assert db.run("discard_job", key=key, worker="w", error="e") == 1
            case "again":
                assert db.run("owe_job_again", key=key, actor="a", queue="q", args="{}", max_attempts=3,
                              delay_seconds=0, grace_seconds=0, states=ENDS) == 1  # fmt: skip
            case _:  # an admin decides about it
                action = {"replay": "replay", "give_up": "discard"}[end]
                ref = db.many("get_parked_jobs", limit=9, offset=0)[0]["ref"]
                assert db.value("settle_parked_job", ref=ref, action=action, admin=1, seen=None, origin="bot")


LIVES = (
    ("claim", "finish", "again", "claim", "postpone"),
    ("claim", "lost", "finish"),
    ("claim", "lost", "park", "replay"),
    ("claim", "lost", "discard", "again"),
    ("claim", "park", "give_up"),
    ("claim", "discard"),
)


def restore(db: Database, owner: psycopg.Connection[Any]) -> None:
    """A copy is restored in which one message was queued and one running; an admin sends one of them."""
    live(db, "queued")
    live(db, "running", "claim")
    owner.execute("SELECT note_restore(NULL, ARRAY['a'])")
    for action in ("send", "discard"):
        (first, *_) = db.many("get_withheld", limit=9, offset=0)
        seen = owner.execute(
            "SELECT withheld_seen(array_agg(key)) FROM job_ledger WHERE md5(key) = %s", (first["ref"],)
        ).fetchone()
        assert seen is not None
        db.value("settle_withheld", ref=first["ref"], action=action, admin=1, seen=seen[0], origin="bot")


def test_a_job_s_transitions_are_those_of_its_column(ledger: Database, database_url: str) -> None:
    for number, ends in enumerate(LIVES):
        live(ledger, f"j{number}", *ends)
    with psycopg.connect(database_url, autocommit=True) as owner:
        restore(ledger, owner)
        (moves,) = owner.execute(MOVES).fetchone() or ("",)
        seen = {move for (move,) in owner.execute("SELECT move FROM seen")}
    assert seen == {move for move in moves.split(", ") if not move.startswith("new>")}
