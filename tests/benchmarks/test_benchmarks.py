"""Tests of the benchmarks: each one runs, and the report drops no number."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from benchmarks import figures, hops, log_times, profile, queues, report, results, rival, running, wire_times
from benchmarks.__main__ import BENCHES
from benchmarks.options import Options
from benchmarks.queue_systems import ROOT, SYSTEMS, by_label

CALLS_AN_ORDER = 4
"""At the least: the card and the pay link, each with its spinner. The rest may come after the count."""


@pytest.mark.alone
def test_the_smallest_benchmark_runs_completely() -> None:
    """Real servers, a real worker and a real producer, in some seconds."""
    result = queues.run(Options(quick=True, arguments=("ours",)))
    idle, burst = result.tables
    assert [row[0] for row in idle.rows] == ["ours"] == [row[0] for row in burst.rows]
    assert idle.rows[0][1] > 0, "a job cannot begin before it was sent"
    assert burst.rows[0][2] == queues.QUICK_BURST, "every job that was enqueued began"


@pytest.mark.alone
@pytest.mark.slow("two shops start, each with its servers and stand-ins, and both are bought from and broken")
def test_the_product_and_the_rival_are_measured_and_broken_alike() -> None:
    compared, cpu, survived = rival.run(Options(quick=True)).tables
    rows = {row[0]: row[1:3] for row in compared.rows}
    assert rows["taps without an answer"] == (0, 0)
    assert all(calls >= CALLS_AN_ORDER for calls in rows["calls to Telegram an order"]), rows
    assert {"shop", "worker-interactive", "PostgreSQL"} <= {row[0] for row in cpu.rows}
    outcomes = {(row[0], row[1]): row[2:6] for row in survived.rows}
    doubled, away = dict.fromkeys(row[0] for row in survived.rows)
    assert outcomes[doubled, "ours"] == outcomes[doubled, "rival"] == (1, 1, 1, 0)
    assert outcomes[away, "rival"] == (1, 1, 0, 0), "the handler's only try fell into the outage"


@pytest.mark.alone
@pytest.mark.slow("the product starts, and after it the bot that is the floor")
def test_every_hop_of_a_tap_is_found_in_the_logs() -> None:
    """A line that is gone or has another name leaves the bench without a tap, which is an error."""
    (table,) = hops.run(Options(quick=True)).tables
    rows = {str(row[0]): row[1] for row in table.rows}
    assert rows["all of it"] == pytest.approx(sum(rows[name] for name, _ in hops.HOPS))
    assert rows["floor: all of it"] > 0
    assert rows["taps that count"] >= 1


@pytest.mark.parametrize("name", BENCHES)
def test_every_bench_can_be_run_by_its_name(name: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name}").run)
    document = report.DOCUMENT.read_text(encoding="utf-8")
    assert f"<!-- bench:{name} -->" in document, "docs/performance.md has no place for it"


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_queue_has_its_program_and_its_locked_packages(system: object) -> None:
    module = system.module.replace(".", "/")  # type: ignore[attr-defined]
    environment = system.environment.removeprefix(".venv-")  # type: ignore[attr-defined]
    assert (ROOT / f"{module}.py").exists()
    assert not environment or (ROOT / "requirements" / f"{environment}.txt").exists()


def test_an_unknown_queue_is_refused_with_the_list_of_queues() -> None:
    with pytest.raises(KeyError, match="celery"):
        by_label("sidekiq")


def test_percentiles_are_times_that_were_measured() -> None:
    spread = figures.spread([float(number) for number in range(1, 101)])
    assert (spread.p50, spread.p95, spread.p99, spread.worst) == (50.0, 95.0, 99.0, 100.0)
    assert figures.spread([7.0]).p99 == 7.0
    with pytest.raises(ValueError, match="nothing was measured"):
        figures.spread([])


def test_a_rate_leaves_out_the_start_and_the_end() -> None:
    steady = [number / 10 for number in range(100)]
    assert figures.middle_rate([-60.0, *steady, 600.0]) == pytest.approx(10.0)


def test_a_tap_is_paired_with_its_own_answer(tmp_path: Path) -> None:
    """The spinner stops before the screen appears. Another chat's call or a refused edit is no answer."""
    lines = [
        {"kind": "update_created", "update_type": "callback_query", "chat_id": 1, "mono_ms": 10.0},
        {"kind": "update_created", "update_type": "callback_query", "chat_id": 2, "mono_ms": 11.0},
        {"kind": "call", "method": "answerCallbackQuery", "chat_id": 1, "mono_ms": 15.0, "status": 200},
        {"kind": "call", "method": "editMessageText", "chat_id": 2, "mono_ms": 16.0, "status": 400},
        {"kind": "call", "method": "editMessageText", "chat_id": 1, "mono_ms": 18.0, "status": 200},
    ]
    path = tmp_path / "wire.jsonl"
    path.write_text("".join(json.dumps({"seq": n, **line}) + "\n" for n, line in enumerate(lines, 1)))
    found, missing = wire_times.answers(path)
    assert found == [wire_times.Answer(screen_ms=8.0, first_ms=5.0)]
    assert missing == 1


def test_the_log_is_added_up_by_part(tmp_path: Path) -> None:
    at = "2026-11-24T12:00:00.000Z"
    done = {"transactions": 1, "transactions_ms": 2.0, "telegram_calls": 2, "telegram_calls_ms": 3.0}
    events = [
        {"timestamp": at, "event": "transaction_committed", "job": "x", "ms": 2.0, "level": "DEBUG"},
        {"timestamp": at, "event": "telegram_called", "job": "x", "ms": 3.0},
        {"timestamp": at, "event": "job_finished", "job": "x", "ms": 6.0, "waited_ms": 4, **done},
        {"timestamp": at, "event": "job_finished", "job": "y", "outcome": "joined"},
        {"timestamp": at, "event": "transaction_committed", "ms": 50.0},
        {"timestamp": "2026-11-24T13:00:00.000Z", "event": "job_finished", "job": "x", "ms": 100.0},
    ]
    (tmp_path / "bot.log").write_text("".join(json.dumps(event) + "\n" for event in events) + '{"torn')
    now = log_times.moment(events[0])
    found = log_times.read(tmp_path, now - 1, now + 1)
    assert found.parts == {"PostgreSQL": 2.0, "HTTP to Telegram": 3.0}
    assert (found.jobs_ms, found.waited_ms) == (6.0, 4.0)
    assert (found.counts["transactions"], found.counts["telegram_calls"]) == (2, 2)


def test_a_sample_counts_for_its_innermost_topic() -> None:
    raw = (
        "r (dramatiq/worker.py:1);show (workers/people/accounts.py:2);f (socialboost/clients/http.py:3);"
        "x (s.py:4) 3\n"
        "run (dramatiq/worker.py:1);show (workers/people/accounts.py:2) 1\n"
    )
    found = profile.read("worker", raw)
    assert (found.samples, found.topics["HTTP"], found.topics["Dramatiq"]) == (4, 3, 1)
    assert found.functions["workers/people/accounts.py show"] == 4


def test_the_report_has_every_number_that_was_kept(tmp_path: Path) -> None:
    result = results.Result(
        "taps",
        [results.Table("Taps", ("what", "p50"), [("screen", 9.126)])],
        [results.Goal("tap", "≤ 10 ms", "9.1 ms", True)],
        how="One at a time.",
    )
    results.save(result, quick=False, directory=tmp_path)
    results.save(results.Result("paid"), quick=True, directory=tmp_path)
    document = tmp_path / "performance.md"
    places = [f"<!-- bench:{name} -->\nold\n<!-- end -->\n" for name in ("goals", "taps", "paid")]
    document.write_text("# Kept\n" + "".join(places))
    report.write(document, tmp_path)
    text = document.read_text()
    assert text.startswith("# Kept\n")
    assert "| screen | 9.13 |" in text
    assert "| tap | ≤ 10 ms | 9.1 ms | yes | `./run bench taps` |" in text
    assert "Not measured yet: `./run bench paid`." in text, "a quick run is no measurement"
    assert "old" not in text


def test_the_hops_of_a_tap_add_up_to_its_whole_time() -> None:
    """Reads count up to the screen's call. The spinner's call, another's tap and a later line do not."""
    wire = [
        {
            "kind": "update_created",
            "update_type": "callback_query",
            "update_id": 7,
            "chat_id": 1,
            "at_ms": 1e3,
        },
        {"kind": "update_delivered", "update_id": 7, "chat_id": 1, "at_ms": 1001.0},
        {"kind": "call", "method": "answerCallbackQuery", "chat_id": 1, "at_ms": 1009.0, "status": 200},
        {"kind": "call", "method": "editMessageText", "chat_id": 1, "at_ms": 1010.0, "status": 200},
        {
            "kind": "update_created",
            "update_type": "callback_query",
            "update_id": 8,
            "chat_id": 2,
            "at_ms": 2e3,
        },
    ]
    lines: list[tuple[str, str, dict[str, object]]] = [
        ("002", "update_received", {}),
        ("003", "job_queued", {}),
        ("004", "job_started", {}),
        ("007", "transaction_committed", {"ms": 2.0}),
        ("008", "telegram_called", {"ms": 0.2, "method": "answerCallbackQuery"}),
        ("011", "telegram_called", {"ms": 2.5, "method": "editMessageText"}),
        ("012", "transaction_committed", {"ms": 9.0}),
    ]
    log = [
        {"timestamp": f"1970-01-01T00:00:01.{at}Z", "event": event, "update_id": 7, **more}
        for at, event, more in lines
    ]
    (tap,) = hops.traces(wire, log)
    assert [round(length(tap), 3) for _, length in hops.HOPS] == [1.0, 1.5, 1.0, 1.0, 2.0, 2.5, 1.0]
    assert tap.whole == 10.0
    with pytest.raises(running.NotMeasuredError, match="no tap has all of"):
        hops.traces(wire, log[1:])
