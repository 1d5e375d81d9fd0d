"""A 429 stops everybody, whatever happens to Redis meanwhile; without Redis each process keeps its share."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sandbox.servers import start_valkey
from socialboost.errors import PostponeError
from tests.flows.gate.traffic import RATE, Record, Traffic, count_until_shut
from workers.gate import MARGIN_SECONDS, Gate

PAUSE_SECONDS = 3
UNDER_WAY_MS = 400
"""What had left, or was leaving, when the 429 came."""


def inside(traffic: Traffic) -> tuple[list[Record], list[Record]]:
    """Calls inside the pause that the injected 429 asked for, and those after it."""
    records = traffic.records()
    told = next(r for r in records if r["status"] == 429)
    begins, ends = told["answered_mono_ms"] + UNDER_WAY_MS, told["answered_mono_ms"] + PAUSE_SECONDS * 1000
    assert sum(r["status"] == 429 for r in records) == 1, "our own rate was refused as well"
    within = [r for r in records if begins < r["mono_ms"] < ends]
    return within, [r for r in records if r["mono_ms"] >= ends]


def throttle(traffic: Traffic) -> None:
    """Let the next message be refused, and wait until it was."""
    fault = {"kind": "retry_after", "retry_after": PAUSE_SECONDS, "method": "sendMessage", "times": 1}
    traffic.post("/sim/faults", fault)
    deadline = time.monotonic() + 30
    while not any(r["status"] == 429 for r in traffic.records()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("wiped", [False, True])
def test_nobody_sends_inside_a_pause(traffic: Traffic, *, wiped: bool) -> None:
    chats = traffic.people(400)
    senders = [
        traffic.start("broadcast", 12, "broadcast", chats[20:]),
        traffic.start("notice", 12, "notice", chats[10:20]),
        traffic.start("person", 12, "person", chats[:5]),
    ]
    for name in ("broadcast", "notice", "person"):
        traffic.wait_for_records(2, name)
    throttle(traffic)
    if wiped:
        for _ in range(3):
            time.sleep(0.6)
            traffic.flush_redis()
    for sender in senders:
        traffic.result(sender)
    within, after = inside(traffic)
    assert within == []
    assert after, "and then it goes on"


def test_a_sender_that_does_not_listen_is_seen(traffic: Traffic) -> None:
    """Negative control: the window is looked at where calls would be."""
    traffic.post("/sim/limits", {"enabled": False})
    sender = traffic.start("reckless", 9, "reckless", traffic.people(1))
    traffic.wait_for_records(1)
    throttle(traffic)
    traffic.result(sender)
    assert inside(traffic)[0]


def test_a_process_that_starts_on_a_wiped_redis_knows_of_the_pause(traffic: Traffic) -> None:
    traffic.gate().pause(30)
    traffic.flush_redis()
    with pytest.raises(PostponeError) as told:
        traffic.gate().person()
    assert 20 < told.value.seconds <= 30 + MARGIN_SECONDS + 1
    assert traffic.gate().reserve("b", [1, 2]).chat_ids == []
    traffic.flush_redis()
    traffic.forget_pause()
    traffic.gate().person()  # negative control: it was PostgreSQL that knew


def test_a_process_that_was_told_tells_a_wiped_redis(traffic: Traffic) -> None:
    told = traffic.gate()
    told.pause(30)
    traffic.forget_pause()
    traffic.flush_redis()
    traffic.gate().person()  # a newcomer makes a state that knows of nothing
    with pytest.raises(PostponeError):
        told.person()
    with pytest.raises(PostponeError):
        traffic.gate().person()


def test_a_wipe_lets_no_burst_through(traffic: Traffic) -> None:
    gate, passed = traffic.gate(), 0
    for _ in range(3):
        traffic.flush_redis()
        passed += count_until_shut(gate)
    assert passed < RATE


def test_without_redis_each_process_keeps_its_share(traffic: Traffic, tmp_path: Path) -> None:
    server = start_valkey(tmp_path / "own")
    if server.process is None:
        pytest.fail("REDIS_URL names a server that this test must not stop")
    gates = [traffic.gate(server.url, processes=2) for _ in range(2)]
    for gate in gates:
        gate.person()
    server.kill()
    began = time.monotonic()
    passed = sum(_passes(gate) for gate in gates)
    while time.monotonic() - began < 3:
        passed += sum(_passes(gate) for gate in gates)
        time.sleep(0.005)
    took = time.monotonic() - began
    assert 2 <= passed <= RATE * took + 2, "one message each to begin with, then the rate"
    assert len(gates[0].reserve("b", list(range(1, 50))).chat_ids) <= RATE
    server.start()
    time.sleep(1.5)
    assert _passes(gates[0]), "and the shared bucket again"
    server.stop()


def test_a_pause_holds_without_redis(traffic: Traffic) -> None:
    traffic.gate().pause(30)
    alone = traffic.gate("redis://127.0.0.1:1/0")
    with pytest.raises(PostponeError) as told:
        alone.person()
    assert told.value.seconds > 20
    traffic.forget_pause()
    traffic.gate("redis://127.0.0.1:1/0").person()  # negative control


def _passes(gate: Gate) -> bool:
    try:
        gate.person()
    except PostponeError:
        return False
    return True
