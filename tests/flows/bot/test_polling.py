"""Tests of `python -m socialboost.bot` as a process: outages, refusals and stops lose no update.

One test starts it by its command; in the others it is loaded already.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.servers import ValkeyServer
from sandbox.servers_process import free_port
from tests import loaded
from tests.flows.bot.script import TOKEN, ScriptedTelegram
from tests.flows.frozen import frozen
from tests.flows.updates import Queued, message, queued, tap
from tests.loaded import Loaded

ROOT = Path(__file__).resolve().parents[3]
CONFLICT = {
    "ok": False,
    "error_code": 409,
    "description": "Conflict: terminated by other getUpdates request",
}


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 240) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.03)
    return value


class BotProcess:
    """The bot with no DATABASE_URL, its log in a file."""

    def __init__(self, directory: Path, environment: dict[str, str], *, by_command: bool = False) -> None:
        self.directory = directory
        self.output = directory / "output"
        whole = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LOG_DIR": "-"} | environment
        self.popen: Loaded | subprocess.Popen[bytes]
        if not by_command:
            self.popen = loaded.start(
                "socialboost.bot", directory=directory, output=self.output, environment=whole
            )
            return
        with self.output.open("ab") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "socialboost.bot"],
                cwd=directory,
                env=whole,
                stdout=output,
                stderr=output,
            )

    def text(self) -> str:
        return self.output.read_text("utf-8")

    def events(self, name: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]
        return [line for line in found if line["event"] == name]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.popen.poll() is None:
            self.popen.send_signal(number)
        return self.popen.wait(60)


@pytest.fixture
def telegram() -> Iterator[ScriptedTelegram]:
    script = ScriptedTelegram()
    yield script
    script.close()


@pytest.fixture
def start(redis_url: str, tmp_path: Path, together: None) -> Iterator[Callable[..., BotProcess]]:
    started: list[BotProcess] = []

    def one(telegram_url: str, *, by_command: bool = False, **environment: str) -> BotProcess:
        settings = {"REDIS_URL": redis_url, "TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram_url}
        started.append(BotProcess(tmp_path, settings | environment, by_command=by_command))
        return started[-1]

    yield one
    for bot in started:
        bot.end(signal.SIGKILL)


def jobs_for(redis_url: str, count: int) -> list[Queued]:
    """Wait for so many jobs."""
    found: list[Queued] = []

    def enough() -> bool:
        found.extend(queued(redis_url))
        return len(found) >= count

    wait_until(enough, f"{count} jobs")
    return found


def test_updates_become_jobs_and_a_clean_stop_confirms_them(
    telegram: ScriptedTelegram, start: Callable[..., BotProcess], redis_url: str
) -> None:
    updates = [message("/start"), tap("select_packages"), tap("my_stats")]
    telegram.updates += updates
    bot = start(telegram.url, by_command=True)
    found = jobs_for(redis_url, 3)
    assert [job.actor for job in found] == ["register_user", "show_packages", "show_stats"]
    assert {method for method, _ in telegram.calls} == {"getUpdates"}
    assert json.loads(telegram.calls[0][1]["allowed_updates"]) == [
        "message",
        "callback_query",
        "my_chat_member",
    ]
    assert bot.end() == 0
    assert telegram.confirmed == updates[-1]["update_id"] + 1
    assert [line["update_id"] for line in bot.events("update_received")] == [
        update["update_id"] for update in updates
    ]
    assert bot.events("update_received")[0]["telegram_id"] == found[0].args["telegram_id"]
    assert TOKEN not in bot.text()


def test_the_bot_waits_for_telegram_at_the_start(start: Callable[..., BotProcess], redis_url: str) -> None:
    port = free_port()
    bot = start(f"http://127.0.0.1:{port}")
    wait_until(lambda: len(bot.events("telegram_unavailable")) >= 2, "two failed tries")
    telegram = ScriptedTelegram(port)
    try:
        telegram.updates.append(message("/start"))
        assert jobs_for(redis_url, 1)[0].actor == "register_user"
        assert TOKEN not in bot.text()
        assert bot.end() == 0
    finally:
        telegram.close()


def test_the_bot_waits_through_bad_answers(
    telegram: ScriptedTelegram, start: Callable[..., BotProcess], redis_url: str
) -> None:
    flood = {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    }
    page = "<html>Bad Gateway</html>"
    away: list[tuple[int, str | bytes]] = [
        (502, page),
        (500, json.dumps({"ok": False, "error_code": 500, "description": "Internal Server Error"})),
        (500, json.dumps({"ok": False})),
        (429, json.dumps(flood)),
        (200, page),
        (200, b'\xff\xfe{"ok": true'),
        (200, json.dumps({"ok": True, "result": {}})),
        (200, json.dumps({"ok": "true", "result": []})),
        (302, page),
        (401, page),
        (404, json.dumps({"message": "no Route matched with those values"})),
        (409, page),
    ]
    telegram.answers.append((409, json.dumps(CONFLICT)))
    for answer in away:  # a good one in between: the wait begins anew, and the test is soon over
        telegram.answers += [answer, (200, json.dumps({"ok": True, "result": []}))]
    telegram.answers.append((200, json.dumps({"ok": True, "result": [{"no": "update"}]})))
    telegram.updates.append(message("/start"))
    bot = start(telegram.url)
    assert jobs_for(redis_url, 1)[0].actor == "register_user"
    assert len(bot.events("polling_conflict")) == 1
    assert len(bot.events("telegram_unavailable")) == len(away)
    assert len(bot.events("update_unreadable")) == 1
    assert bot.events("token_refused") == []
    assert {method for method, _ in telegram.calls} == {"getUpdates"}, "the redirection was followed"
    assert bot.end() == 0


def test_admins_are_notified_of_a_second_poller_that_is_not_a_restart(
    telegram: ScriptedTelegram, start: Callable[..., BotProcess], redis_url: str
) -> None:
    """Two conflicts may come from a restart. More in a row mean another poller."""
    conflict = (409, json.dumps(CONFLICT))
    telegram.answers += [conflict, conflict, (200, json.dumps({"ok": True, "result": []})), *[conflict] * 4]
    telegram.updates.append(message("/start"))
    bot = start(telegram.url)
    told, greeted = jobs_for(redis_url, 2)
    if told.actor == "register_user":
        told, greeted = greeted, told
    assert (told.actor, told.args["kind"], greeted.actor) == (
        "notify_admins",
        "second_poller",
        "register_user",
    )
    assert len(bot.events("polling_conflict")) == 6
    assert bot.end() == 0
    assert queued(redis_url) == []


def test_an_unreadable_update_does_not_block_the_others(
    telegram: ScriptedTelegram, start: Callable[..., BotProcess], redis_url: str
) -> None:
    first, bad, last = message("/start"), tap("my_stats"), tap("select_packages")
    bad["callback_query"]["from"] = {"id": "nobody"}
    telegram.updates += [first, bad, last]
    telegram.answers.append((200, json.dumps({"ok": True, "result": [*telegram.updates, {"no": "id"}, 7]})))
    bot = start(telegram.url)
    assert [job.actor for job in jobs_for(redis_url, 2)] == ["register_user", "show_packages"]
    assert bot.events("update_unreadable")[0]["update_id"] == bad["update_id"]
    assert bot.end() == 0
    assert len(telegram.calls) <= 3, "the batch was asked for again"
    assert queued(redis_url) == []


def test_text_that_cannot_be_stored_is_cleaned(
    telegram: ScriptedTelegram, start: Callable[..., BotProcess], redis_url: str
) -> None:
    named, tapped = message("/start"), tap("my_stats\x00")
    named["message"]["from"]["first_name"] = "О\ud800ля"
    telegram.updates += [named, tapped]
    start(telegram.url)
    greeted, refused = jobs_for(redis_url, 2)
    assert (greeted.args["first_name"], refused.args["page"]) == ("О\ufffdля", "unknown")


def test_a_redis_outage_loses_no_update(
    telegram: ScriptedTelegram,
    start: Callable[..., BotProcess],
    redis_url: str,
    valkey_server: ValkeyServer,
) -> None:
    bot = start(telegram.url)
    telegram.updates.append(message("/start"))
    assert jobs_for(redis_url, 1)[0].actor == "register_user"
    valkey_server.stop()
    try:
        waiting = tap("select_packages")
        telegram.updates += [waiting, tap("my_stats")]
        wait_until(lambda: bot.events("update_waits"), "the bot to notice")
        assert telegram.confirmed <= waiting["update_id"]
    finally:
        valkey_server.start()
    assert [job.actor for job in jobs_for(redis_url, 2)] == ["show_packages", "show_stats"]
    assert bot.end() == 0


def test_a_bot_stopped_in_a_redis_outage_leaves_the_update_to_telegram(
    telegram: ScriptedTelegram, start: Callable[..., BotProcess]
) -> None:
    update = message("/start")
    telegram.updates.append(update)
    bot = start(telegram.url, REDIS_URL="redis://127.0.0.1:1/0")
    wait_until(lambda: bot.events("update_waits"), "the bot to notice")
    assert bot.end() == 0
    assert telegram.confirmed <= update["update_id"]


def test_the_bot_stops_in_time_while_redis_and_telegram_hang(
    telegram: ScriptedTelegram,
    start: Callable[..., BotProcess],
    redis_url: str,
    valkey_server: ValkeyServer,
) -> None:
    """It gets the signal more than once, like a bot in its supervisor's group."""
    telegram.updates.append(message("/start"))
    bot = start(telegram.url)
    jobs_for(redis_url, 1)
    with frozen(valkey_server):
        telegram.updates.append(message("/help"))
        wait_until(lambda: bot.events("update_waits"), "the bot to notice")
        telegram.is_silent = True
        for _ in range(3):
            bot.popen.send_signal(signal.SIGTERM)
            time.sleep(0.1)
        assert bot.popen.wait(20) == 0  # supervisord.conf: then it would be killed
    assert "Timeout (" not in bot.text(), "the last resort was needed"


def test_a_killed_bot_gets_the_same_update_again_and_skips_it(
    telegram: ScriptedTelegram, start: Callable[..., BotProcess], redis_url: str
) -> None:
    update = message("/help")
    telegram.updates.append(update)
    telegram.answers.append((200, json.dumps({"ok": True, "result": telegram.updates})))
    first = start(telegram.url)
    assert jobs_for(redis_url, 1)[0].actor == "show_page"
    first.end(signal.SIGKILL)
    telegram.calls.clear()  # as if the second getUpdates, which confirms, had never left
    second = start(telegram.url)
    wait_until(lambda: telegram.confirmed > update["update_id"], "the repetition to be confirmed")
    assert [line["update_id"] for line in second.events("update_repeated")] == [update["update_id"]]
    assert queued(redis_url) == []


def test_webhook_mode_says_so_and_exits_0(start: Callable[..., BotProcess], redis_url: str) -> None:
    bot = start("http://127.0.0.1:1", TELEGRAM_WEBHOOK_URL="https://shop.example.com")
    assert bot.popen.wait(60) == 0
    assert "TELEGRAM_WEBHOOK_URL" in bot.events("polling_not_needed")[0]["reason"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_BOT_TOKEN", ""),
        ("TELEGRAM_BOT_TOKEN", "12:x"),
        ("REDIS_URL", "nowhere"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_setting_stops_the_start(name: str, value: str, start: Callable[..., BotProcess]) -> None:
    bot = start("http://127.0.0.1:1", **{name: value})
    assert bot.popen.wait(60) == 2
    assert bot.text().startswith(f"{name} is ")
    assert "Traceback" not in bot.text()


@pytest.mark.parametrize(("status", "words"), [(401, "Unauthorized"), (404, "Not Found")])
def test_a_refused_token_is_reported_once_and_the_bot_waits(
    telegram: ScriptedTelegram, start: Callable[..., BotProcess], redis_url: str, status: int, words: str
) -> None:
    """A bot that exited would be restarted again and again and fill the log."""
    refused = (status, json.dumps({"ok": False, "error_code": status, "description": words}))
    telegram.answers += [refused] * 3
    telegram.updates.append(message("/start"))
    bot = start(telegram.url)
    assert jobs_for(redis_url, 1)[0].actor == "register_user"
    assert [line["reason"] for line in bot.events("token_refused")] == [
        f"Telegram refuses TELEGRAM_BOT_TOKEN: {words}"
    ]
    assert bot.end() == 0
    assert TOKEN not in bot.text()


def test_workers_ask_telegram_for_the_same_kinds_of_updates() -> None:
    from socialboost.bot.dispatcher import ALLOWED_UPDATES
    from tests.rules.source import run_python

    where = "workers.operations.bot_registration"
    code = f"import json; from {where} import ALLOWED_UPDATES as a; print(json.dumps(a))"
    assert run_python(code, REDIS_URL="redis://127.0.0.1:1/0") == [kind.value for kind in ALLOWED_UPDATES]
