"""Tests of logs: the line's shape, the four files, no secrets, several processes on one file."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialboost import logs
from socialboost.errors import SettingsError
from socialboost.logs import redaction, tally
from socialboost.logs.files import LogFile
from tests.rules.source import run_python

CANARY = "canary-5f1d0c2b9a"


@pytest.fixture(autouse=True)
def secrets_of_this_test_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reset the known secrets, so that one test's secrets do not mask another's text."""
    monkeypatch.setattr(redaction, "_known", ())
    monkeypatch.setattr(redaction, "_pattern", redaction._pattern)


@pytest.fixture
def directory(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Path]:
    """A configured log; undone afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    logs.configure("worker", "INFO", tmp_path)
    yield tmp_path
    root.handlers = handlers
    root.setLevel(level)
    logs._output = None


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def test_a_line_has_the_fixed_shape(directory: Path, capfd: pytest.CaptureFixture[str]) -> None:
    logs.get("workers.posts.submission").info(
        "post_accepted", post_id="p1", amount=Decimal("99.99"), text="Ї\n2"
    )
    (line,) = lines(directory / "bot.log")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert list(line)[:5] == ["level", "logger", "event", "process", "pid"]
    assert line["level"] == "INFO"
    assert line["logger"] == "workers.posts.submission"
    assert line["event"] == "post_accepted"
    assert line["process"] == "worker"
    assert line["amount"] == "99.99"
    assert line["text"] == "Ї\n2"
    assert json.loads(capfd.readouterr().out)["event"] == "post_accepted"


def test_context_is_added_and_ends(directory: Path) -> None:
    log = logs.get("workers.engine.actors")
    with logs.context(job="add_post", attempt=2):
        log.info("job_started")
    log.info("idle")
    started, idle = lines(directory / "bot.log")
    assert (started["job"], started["attempt"]) == ("add_post", 2)
    assert "job" not in idle


def test_errors_payments_and_admin_have_their_own_files(directory: Path) -> None:
    logs.get("workers.posts.submission").info("post_accepted")
    logs.get("workers.engine.actors").info("job_started", job="activate_order", queue="payments")
    logs.get("socialboost.web.webhooks.crypto_pay").info("webhook_received", source="cryptobot")
    logs.get("workers.operations.screens").info("database_unhealthy")
    logs.get("workers.posts.submission").error("job_failed")
    events = {name: [line["event"] for line in lines(directory / f"{name}.log")] for name in logs._FILES}
    assert lines(directory / "bot.log")[-1]["event"] == "job_failed"
    assert len(lines(directory / "bot.log")) == 5
    assert events["errors"] == ["job_failed"]
    assert events["payments"] == ["job_started", "webhook_received"]
    assert events["admin"] == ["database_unhealthy"]


def test_an_exception_is_one_line(directory: Path) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        logs.get("workers.engine.actors").exception("job_failed", attempt=1)
    (line,) = lines(directory / "errors.log")
    assert "ValueError: broken" in line["exception"]
    assert line["attempt"] == 1


def test_standard_logging_comes_out_in_our_shape(directory: Path) -> None:
    logging.getLogger("dramatiq.worker").warning("lost %d of %d", 1, 2)
    logging.getLogger("urllib3.connectionpool").info("chatter")
    assert [line["event"] for line in lines(directory / "bot.log")] == ["lost 1 of 2"]


def test_a_library_s_wrong_arguments_do_not_reach_its_caller(directory: Path) -> None:
    record = logging.LogRecord("library", logging.WARNING, "x.py", 1, "wrong %d", ("arguments",), None)
    logs._StandardHandler().emit(record)
    assert lines(directory / "bot.log")[0]["event"] == "wrong %d"


def test_gunicorn_s_own_handlers_are_replaced(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    theirs = logging.getLogger("gunicorn.error")
    theirs.handlers, theirs.propagate = [logging.StreamHandler()], False
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        logs.configure("web", "INFO", tmp_path)
        theirs.warning("Invalid request from ip=%s", "10.0.0.1")
    finally:
        root.handlers, logs._output = handlers, None
        root.setLevel(level)
    assert [line["logger"] for line in lines(tmp_path / "bot.log")] == ["gunicorn.error"]
    assert capfd.readouterr().err == ""


def test_debug_is_off_at_info(directory: Path) -> None:
    logs.get("workers.engine.actors").debug("detail")
    logging.getLogger("library").debug("detail")
    assert lines(directory / "bot.log") == []


def test_a_directory_that_takes_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "taken" / "bot.log").mkdir(parents=True)
    for path in (tmp_path / "file", tmp_path / "file" / "logs", tmp_path / "taken", tmp_path / ("x" * 300)):
        with pytest.raises(SettingsError, match=r"^LOG_DIR is wrong \([^\n]+\); expected: "):
            logs.configure("worker", "INFO", path)


def test_a_full_disk_does_not_stop_the_work(directory: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (directory / "bot.log").mkdir()  # opening it for writing now fails, for root too
    logs.get("workers.engine.actors").info("still_working")
    shown = capfd.readouterr().out
    assert "still_working" in shown
    assert "log file main" in shown


@pytest.mark.parametrize(
    "secret",
    [
        "731946:AAhTestOnlyCryptoPayTokenDoNotUse00001",
        "https://api.telegram.org/bot1234567890:AAHsecretsecretsecret/sendMessage",
        "redis://:hunter2hunter2@10.0.0.1:6379/0",
        "postgresql://worker:hunter2hunter2@db/socialboost",
        "Authorization: Bearer hunter2hunter2",
    ],
)
def test_text_that_looks_like_a_secret_is_masked(secret: str, directory: Path) -> None:
    logs.get("workers.engine.actors").warning("call_failed", reason=f"could not reach {secret} today")
    text = (directory / "bot.log").read_text()
    assert not re.search(r"hunter2|AAh|AAHsecret", text)
    assert lines(directory / "bot.log")[0]["reason"].endswith(" today")


@pytest.mark.parametrize("name", ["token", "api_key", "crypto_pay_api_signature", "PASSWORD", "raw_event"])
def test_fields_named_like_secrets_are_masked(name: str, directory: Path) -> None:
    logs.get("workers.engine.actors").info("call", request={name: CANARY, "status": 200})
    (line,) = lines(directory / "bot.log")
    assert line["request"] == {name: "***", "status": 200}


def test_a_ledger_key_is_no_secret(directory: Path) -> None:
    logs.get("workers.engine.actors").info("job_started", key="tg:1:0", dialogue="tg:77")
    assert lines(directory / "bot.log")[0]["key"] == "tg:1:0"


def test_known_secrets_are_masked_wherever_they_appear(
    directory: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    redaction.hide([CANARY, f"redis://:{CANARY}2@127.0.0.1/0", "https://chat.example.com/hooks/T0/B0secret"])
    redaction.hide(
        [
            f"unix:///run/cache.sock?db=0&password={CANARY}3",
            f"https://h.example/services/{CANARY}4?k={CANARY}5",
        ]
    )
    log = logs.get("workers.engine.actors")
    try:
        raise RuntimeError(f"GET /webhook/cryptobot/{CANARY}")
    except RuntimeError:
        log.exception("request_failed", path=f"/x/{CANARY}", items=[CANARY], **{CANARY: 1})
    logging.getLogger("gunicorn.access").info("GET /%s", CANARY)
    log.warning("alert_failed", path="/hooks/T0/B0secret", host="chat.example.com")
    log.warning("refused", reasons=[f"AUTH {CANARY}3", f"no such hook {CANARY}4", f"{CANARY}5 expired"])
    log.warning("unknown", dsn_like="host=db password=neverSeen dbname=x")
    written = capfd.readouterr().out + "".join(path.read_text() for path in directory.glob("*.log"))
    assert "request_failed" in written
    assert CANARY not in written
    assert "B0secret" not in written
    assert "neverSeen" not in written
    assert "chat.example.com" in written


@given(st.text(), st.text(alphabet=st.characters(min_codepoint=0x23, max_codepoint=0x5B), min_size=8))
def test_redaction_keeps_a_line_json(text: str, secret: str) -> None:
    redaction.hide([secret])
    assert isinstance(json.loads(logs._render({"text": f"{text} {secret} ://a:b@c"})), dict)


SECRETS = (
    "abcdefgh",
    "xxabcdefghyy",
    "cdefghij://",
    "long secret of words",
    "7317:AAhTestOnly",
    "abcdefghij",
)
PIECES = (
    *SECRETS,
    "abcdefg",
    "bot731:AAhTestOnly",
    "12345:" + "a" * 20,
    "://u:p@",
    "Bearer x",
    "password=y",
    " ",
)


@given(st.lists(st.sampled_from(SECRETS), max_size=4), st.lists(st.sampled_from(PIECES), max_size=6))
def test_a_line_that_is_not_looked_at_closely_has_nothing_to_mask(
    secrets: list[str], text: list[str]
) -> None:
    redaction.hide(secrets)
    line = "".join(text)
    assert redaction.clean(line) == redaction._pattern.sub(redaction.MASK, line)


def test_the_line_that_ends_a_job_counts_its_steps() -> None:
    assert not tally.add("transactions", 1.0), "outside a job nobody counts"
    with tally.counting():
        assert tally.add("transactions", 1.0)
        with ThreadPoolExecutor(1) as pool:  # as the spinner's call
            pool.submit(copy_context().run, tally.add, "telegram_calls", 2.0).result()
        with tally.counting():  # a job that the same process goes on with
            assert tally.fields() == {}
        tally.add("transactions", 0.25)
        assert tally.fields() == {
            "transactions": 2, "transactions_ms": 1.2, "telegram_calls": 1, "telegram_calls_ms": 2.0,
        }  # fmt: skip
    assert tally.fields() == {}


def test_lone_surrogates_are_written(directory: Path) -> None:
    logs.get("workers.engine.actors").info("odd", text="\ud83d")
    assert lines(directory / "bot.log")[0]["event"] == "odd"


def test_rotation_keeps_the_given_number_of_files(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "bot.log", max_bytes=100, count=3)
    for number in range(40):
        file.write(f"{number:09d}\n".encode())
    file.close()
    found = {path.name: path.read_text().split() for path in tmp_path.glob("bot.log*")}
    assert set(found) == {"bot.log", "bot.log.1", "bot.log.2"}
    assert found["bot.log.2"] + found["bot.log.1"] + found["bot.log"] == [f"{n:09d}" for n in range(10, 40)]


def test_a_file_moved_away_is_made_anew(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "bot.log", max_bytes=1000, count=3)
    file.write(b"before\n")
    (tmp_path / "bot.log").rename(tmp_path / "moved")
    file.write(b"after\n")
    file.close()
    assert (tmp_path / "bot.log").read_text() == "after\n"
    assert (tmp_path / "moved").read_text() == "before\n"


WRITER = """
import sys
from pathlib import Path
from socialboost.logs.files import LogFile
file = LogFile(Path(sys.argv[1]), max_bytes=20_000, count=50)
for number in range(1500):
    file.write(f"{sys.argv[2]} {number:05d} {'x' * 40}\\n".encode())
"""


def test_several_processes_neither_lose_nor_mix_lines(tmp_path: Path) -> None:
    import subprocess

    root = Path(__file__).resolve().parents[2]
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "bot.log"), name], cwd=root)
        for name in ("a", "b", "c")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    files = list(tmp_path.glob("bot.log*"))
    written = [line for path in files for line in path.read_text().splitlines()]
    assert len(files) > 5
    assert sorted(written) == sorted(
        f"{name} {number:05d} {'x' * 40}" for name in ("a", "b", "c") for number in range(1500)
    )


def test_loading_settings_makes_their_secrets_known(tmp_path: Path) -> None:
    code = f"""
import os
os.environ["REDIS_URL"] = "redis://:{CANARY}@127.0.0.1:6379/0"
os.environ["TELEGRAM_BOT_TOKEN"] = "12345:{CANARY}"
from socialboost import logs
from socialboost.settings import BotSettings
os.chdir({str(tmp_path)!r})
settings = BotSettings.load()
logs.configure("bot", "INFO", settings.log_dir)
logs.get("x").info("boot", a=settings.telegram_bot_token.get_secret_value(), b="{CANARY}", c="seen")
"""
    line = run_python(code)
    assert isinstance(line, dict)
    assert (line["a"], line["b"], line["c"]) == ("***", "***", "seen")
    assert CANARY not in (tmp_path / "logs" / "bot.log").read_text()
