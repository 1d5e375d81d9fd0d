"""Tests of Telegram's answers to a broadcast: an outage is waited out, and marks no recipient."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.flows.broadcast.hall import Hall
from tests.flows.shop.world import ADMIN_ID, wait_until
from workers.broadcasts.answers import FEWEST_JUDGED, JUDGED, Answers

NOT_ACCEPTED: list[dict[str, Any]] = [
    {"kind": "page", "status": 403},
    {"kind": "error", "status": 401, "description": "Unauthorized"},
]
UNKNOWN: list[dict[str, Any]] = [{"kind": "page", "status": 502}, {"kind": "server_error", "status": 500}]


def name(fault: dict[str, Any]) -> str:
    return f"{fault['kind']} {fault.get('status', '')}"


@pytest.mark.parametrize("fault", [*NOT_ACCEPTED, *UNKNOWN], ids=name)
def test_an_outage_marks_nobody_and_the_broadcast_resumes_by_itself(
    hall: Hall, fault: dict[str, Any]
) -> None:
    people = hall.gather(30)
    hall.post(hall.telegram, "/sim/faults", {**fault, "contains": "Новини", "times": 2})
    hall.start()
    broadcast_id = hall.send("Новини")
    waiting = wait_until(
        lambda: row if (row := hall.row(broadcast_id))["waits"] == 2 else None, "it waits a second time"
    )
    assert (waiting["status"], waiting["sent"]) == ("running", 0)
    assert waiting["reason"].startswith(
        "refuses_us:TELEGRAM_BOT_TOKEN" if fault.get("status") == 401 else "telegram_away:"
    )
    due = hall.value(
        "SELECT extract(epoch FROM run_at - created_at) FROM job_ledger WHERE key = %s",
        f"broadcast:{broadcast_id}:{waiting['chunk']}",
    )
    assert float(due) == pytest.approx(4.0), "the second wait is longer, and it is the row's"
    row = hall.wait_for(broadcast_id)
    lost = 0 if fault in NOT_ACCEPTED else 2
    assert (row["sent"], row["unknown"], row["reason"]) == (30 - lost, lost, None)
    hall.check_counts(broadcast_id)
    assert len(hall.calls()) == len(people) + 2 - lost, "who may have got it was tried again"
    assert hall.value("SELECT count(*) FROM users WHERE blocked_at IS NOT NULL") == 0


def test_an_outage_in_the_middle_makes_only_calls_in_flight_unknown(hall: Hall) -> None:
    """A proxy answers every method with 502. Afterwards Telegram is asked without risk for a recipient."""
    hall.gather(400)
    hall.start(rate=100)
    broadcast_id = hall.send("Новини")
    hall.wait_for_sent(broadcast_id, 100)
    hall.post(hall.telegram, "/sim/faults", {"kind": "page", "status": 502, "times": None})
    away = wait_until(lambda: row if (row := hall.row(broadcast_id))["waits"] else None, "it waits")
    assert 0 < away["unknown"] <= 80, "what was under way"
    wait_until(lambda: hall.row(broadcast_id)["waits"] > away["waits"], "it waits once more")
    hall.no_faults()
    row = hall.wait_for(broadcast_id)
    assert row["unknown"] == away["unknown"], "nobody was risked while Telegram was away"
    hall.check_counts(broadcast_id)
    assert max(hall.received("Новини").values()) == 1


def test_an_unknown_refusal_does_not_count_as_a_block(hall: Hall) -> None:
    people = hall.gather(20)
    hall.fault_for(people[3:6], kind="forbidden", description="something new")
    hall.fault_for(people[8:9], kind="bad_request", description="something new")
    hall.start()
    broadcast_id = hall.send("Новини")
    row = hall.wait_for(broadcast_id)
    assert (row["sent"], row["failed"], row["blocked"]) == (16, 4, 0)
    assert hall.value("SELECT count(*) FROM users WHERE blocked_at IS NOT NULL") == 0


@pytest.mark.parametrize(
    ("audience", "refused", "pauses_after"),
    [(60, 45, 50), (20, 18, 20), (20, 17, None)],
)
def test_a_broadcast_that_nearly_everybody_refuses_is_paused_once(
    hall: Hall, audience: int, refused: int, pauses_after: int | None
) -> None:
    """It needs nine refusals in ten of the first 50 answers, or of all if there are 10 to 49."""
    people = hall.gather(audience)
    hall.fault_for(people[-refused:], kind="forbidden", method="sendMessage")
    hall.start()
    broadcast_id = hall.send("Новини")
    if pauses_after is None:
        assert hall.wait_for(broadcast_id)["blocked"] == refused
        return
    paused = hall.wait_for(broadcast_id, "paused")
    assert paused["reason"] == f"mostly_refused:{refused}/{pauses_after}"
    assert len(hall.calls()) == pauses_after, "nobody else was tried"
    told = wait_until(
        lambda: [m for m in hall.messages(ADMIN_ID) if "Розсилку призупинено" in m["text"]], "admins are told"
    )
    assert f"broadcast_show_{broadcast_id}" in json.dumps(told[0])
    card = wait_until(
        lambda: [m["text"] for m in hall.messages(ADMIN_ID) if f"{refused}/{pauses_after}" in m["text"]],
        "the card says why",
    )
    assert "на паузі" in card[0]
    hall.wait_for_job(hall.move(broadcast_id, "resume"))
    row = hall.wait_for(broadcast_id)
    assert (row["blocked"], row["sent"]) == (refused, audience - refused)
    assert len([m for m in hall.messages(ADMIN_ID) if "Розсилку призупинено" in m["text"]]) == 1


@pytest.mark.parametrize(
    ("sent", "refused", "fewest", "paused"),
    [
        (5, 45, JUDGED, True),
        (6, 44, JUDGED, False),
        (0, 49, JUDGED, False),
        (1, 9, FEWEST_JUDGED, True),
        (2, 9, FEWEST_JUDGED, False),
        (0, 9, FEWEST_JUDGED, False),
    ],
)
def test_which_answers_pause_a_broadcast(sent: int, refused: int, fewest: int, *, paused: bool) -> None:
    """The row's counts and this chunk's are added, unless the answers were checked before."""
    row = {"judged": False, "sent": sent, "blocked": refused - refused // 2, "failed": 0}
    answers = Answers(row)
    answers.refused = refused // 2
    assert (answers.mostly_refused(fewest) is not None) is paused
    assert Answers(row | {"judged": True, "failed": refused}).mostly_refused(fewest) is None
