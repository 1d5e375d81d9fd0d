"""Tests of the chaos schedule: the same seed gives the same faults, another seed others."""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.programs import ROOT
from socialboost.queue.broker import HEARTBEAT_MS
from tests.chaos.buyers import habits
from tests.chaos.schedule import BAD_ROWS, CALM, FROZEN_SECONDS, NETWORK, SERVICES, STRESS, Kit, draw, kit_for

LEDGER = ROOT / "workers" / "engine" / "ledger.py"


def test_the_same_seed_draws_the_same_faults_and_habits() -> None:
    assert draw(7, 50.0, 7) == draw(7, 50.0, 7)
    assert habits(7, 500) == habits(7, 500)


def test_another_seed_draws_other_faults() -> None:
    assert draw(7, 50.0, 7) != draw(8, 50.0, 7)
    assert habits(7, 500) != habits(8, 500)


def test_more_faults_of_one_kind_do_not_move_the_others() -> None:
    few, many = (draw(3, 50.0, 7, Kit(wipes=wipes)) for wipes in (3, 9))
    assert [one for one in few if one.kind == "kill"] == [one for one in many if one.kind == "kill"]


def test_a_default_run_has_every_kind_of_fault() -> None:
    faults = draw(1, 100.0, 7, kit_for(100.0))
    kinds = {(one.kind, one.where) for one in faults}
    assert {(kind, where) for where, kind, _ in SERVICES} <= kinds
    assert {(f"net_{kind}", "postgres") for kind, _ in NETWORK} <= kinds
    assert {(kind, where) for kind, where, _ in STRESS} <= kinds
    assert {one.settings["row"] for one in faults if one.kind == "bad_row"} == set(range(len(BAD_ROWS)))
    assert sum(one.kind == "kill" for one in faults) > 30, "about every two seconds"
    assert [sum(one.kind == "restart" for one in faults), sum(one.kind == "wipe" for one in faults)] == [6, 3]
    assert all(0 < one.at < 100.0 for one in faults)
    assert faults == sorted(faults, key=lambda one: one.at)


def test_a_frozen_worker_outlives_its_lease_and_its_heartbeat() -> None:
    found = re.search(r"^LEASE_SECONDS: Final = ([0-9.]+)", LEDGER.read_text(), re.MULTILINE)
    assert found, "the lease has another name now"
    assert FROZEN_SECONDS[0] > max(float(found[1]), HEARTBEAT_MS / 1000)


def test_a_calm_run_has_no_faults() -> None:
    assert draw(1, 100.0, 7, CALM) == []
    assert draw(1, 100.0, 7, replace(CALM, wipes=1))
