"""Tests of an upgrade: jobs, ledger rows, buttons and dialogues written by the release before still work.

`python -m tests.recordings` took tests/vectors/version_before.json from the processes of that release. Here
it is put before the processes of this one, started by their commands. The test reads Redis, PostgreSQL and
the log, so it holds wherever the code moves.

A new actor or button needs no line in the file. One in the file that nobody understands is a failure.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
import redis

from sandbox.servers import PostgresServer, ValkeyServer
from tests.flows.shop.world import Shop
from tests.flows.updates import tap
from tests.recordings.choosing import as_bytes
from tests.recordings.desk import Desk

Json = dict[str, Any]
RECORDING: Final = Path(__file__).resolve().parents[2] / "vectors" / "version_before.json"
SECONDS: Final = 300
BEGUN: Final = frozenset({"job_started", "job_skipped"})
"""What a worker logs of a message that fits its contract."""
DECIDED: Final = "ParkError"
"""How the error of a job begins that its actor itself gave up."""
AHEAD_MS: Final = 600_000
"""By so much the messages seem to come from the future: no busy machine finds one too old to answer."""


@pytest.fixture(scope="module")
def recording() -> dict[str, list[Json]]:
    """The file."""
    found: dict[str, list[Json]] = json.loads(RECORDING.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def desk(
    valkey_server: ValkeyServer, redis_database: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """The bot, on an empty Redis."""
    url = valkey_server.url_for(redis_database)
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    desk = Desk(url, tmp_path_factory.mktemp("desk"))
    yield desk
    desk.close()


@pytest.fixture
def shop(
    postgres_server: PostgresServer, template_database: str, redis_url: str, tmp_path: Path
) -> Iterator[Shop]:
    """Services and an empty database; its workers have not started."""
    name = f"before_{secrets.token_hex(6)}"
    shop = Shop(postgres_server.create_database(name, template=template_database), redis_url, tmp_path)
    shop.environment["TELEGRAM_SEND_RATE"] = "1000"
    yield shop
    shop.close()
    postgres_server.drop_database(name)


def test_every_button_of_an_old_chat_means_what_it_meant(
    desk: Desk, recording: dict[str, list[Json]]
) -> None:
    before = recording["callbacks"]
    now = desk.tapped([one["asked"]["data"] for one in before])
    changed = changes(before, now)
    assert not changed, f"buttons that mean something else now: {changed}"


def test_an_unknown_button_is_seen_by_the_comparison(desk: Desk) -> None:
    """Negative control: the comparison above finds a difference."""
    (answer,) = desk.tapped(["a_button_of_nobody"])
    assert answer["job"]["fields"]["page"] == "unknown"
    other = json.loads(json.dumps(answer).replace('"unknown"', '"support"'))
    assert changes([other], [answer]) == ["a_button_of_nobody"]


def test_every_command_means_what_it_meant(desk: Desk, recording: dict[str, list[Json]]) -> None:
    before = recording["commands"]
    changed = changes(before, desk.said([one["asked"] for one in before]))
    assert not changed, f"commands that mean something else now: {changed}"


def test_every_dialogue_continues(desk: Desk, recording: dict[str, list[Json]]) -> None:
    changed = {}
    for dialogue in recording["dialogues"]:
        answers = desk.said([one["asked"] for one in dialogue["said"]], dialogue["redis"])
        if found := changes(dialogue["said"], answers):
            changed[json.dumps(dialogue["redis"])] = found
    assert not changed, f"dialogues that are read otherwise now: {changed}"


def test_every_queued_message_is_processed(shop: Shop, recording: dict[str, list[Json]]) -> None:
    messages = apart([dict(body, kwargs=dict(body["kwargs"])) for body in recording["messages"]], "kwargs")
    strange = broken(messages[0])
    fill_redis(shop.redis_url, recording["redis"])
    introduce(shop, messages, "kwargs")
    put_on_queues(shop.redis_url, [*messages, *strange])
    shop.start_workers()
    settle(shop, [body["kwargs"]["key"] for body in messages if "key" in body["kwargs"]])
    begun = {line["job_id"] for line in logged(shop) if line["event"] in BEGUN}
    assert {body["actor_name"] for body in messages if body["message_id"] not in begun} == set()
    assert given_up(shop.redis_url) == sorted(body["actor_name"] for body in strange)
    assert failures(shop) == []
    put_on_queues(shop.redis_url, [outdated(recording)], ahead_ms=-2_000)
    settle(shop, [])
    assert [line["job_id"] for line in logged(shop) if line["event"] == "stale_screen_dropped"] == [
        "outdated"
    ]


def test_every_outbox_row_is_processed(shop: Shop, recording: dict[str, list[Json]]) -> None:
    rows = apart([dict(row, args=dict(row["args"])) for row in recording["ledger"]], "args")
    introduce(shop, rows, "args")
    owe(shop, rows)
    shop.start_workers()
    settle(shop, [row["key"] for row in rows])
    assert given_up(shop.redis_url) == []
    assert failures(shop) == []


def test_an_update_that_was_marked_as_seen_is_not_taken_again(
    redis_url: str, tmp_path: Path, recording: dict[str, list[Json]]
) -> None:
    fill_redis(redis_url, recording["redis"])
    kept = {entry["key"]: entry["value"] for entry in recording["redis"]}
    mark = next(key for key in kept if re.fullmatch(r"updates:\d+:4242", key))
    seen = tap("support") | {"update_id": int(mark.split(":")[1])}
    later = seen | {"update_id": seen["update_id"] + 1}
    desk = Desk(redis_url, tmp_path)
    try:
        desk.again(seen)
        desk.again(later)
        desk.tapped(["my_stats"])
    finally:
        desk.close()
    assert [job.args["update_id"] for job in desk.others] == [later["update_id"]]
    assert [job.args["seq"] for job in desk.others] > [int(kept["screens:sequence"])]


def changes(before: Sequence[Json], now: Sequence[Json]) -> list[str]:
    """Which updates became another job, or one that lacks a field or has another value in it."""
    return [
        one["asked"].get("data") or json.dumps(one["asked"], ensure_ascii=False)
        for one, other in zip(before, now, strict=True)
        if (one["job"]["queue"], one["job"]["actor"]) != (other["job"]["queue"], other["job"]["actor"])
        or not one["job"]["fields"].items() <= other["job"]["fields"].items()
    ]


def apart(found: list[Json], where: str) -> list[Json]:
    """Give each ledger job a key of its own: they come from many tests, each of which counted from one."""
    seen: set[str] = set()
    for number, one in enumerate(found, 1):
        fields = one[where]
        key = fields.get("key")
        if key is not None and key in seen:
            update_id = fields.get("update_id")
            later = number * 1_000_000 + (update_id or 0)
            named = update_id and f":{update_id}:" in key
            fields["key"] = key.replace(f":{update_id}:", f":{later}:") if named else f"{key}:{number}"
            if update_id:
                fields["update_id"] = later
        seen.add(fields.get("key", ""))
        if "key" in one:
            one["key"] = fields["key"]
    return found


def broken(message: Mapping[str, Any]) -> list[Json]:
    """Negative controls: an actor that there is none of, and a message without its fields."""
    nobody = {"actor_name": "an_actor_of_nobody", "message_id": "nobody"}
    return [{**message, **nobody}, {**message, "kwargs": {}, "message_id": "without-fields"}]


def outdated(recording: Mapping[str, Sequence[Json]]) -> Json:
    """A screen for a place where, as Redis has it from before, somebody asked for a later one."""
    wanted = next(one for one in recording["redis"] if re.fullmatch(r"screens:wanted:\d+:\d+", one["key"]))
    chat_id, message_id = map(int, wanted["key"].split(":")[2:])
    body = next(one for one in recording["messages"] if one["actor_name"] == "show_menu")
    place = {"chat_id": chat_id, "message_id": message_id, "seq": int(wanted["value"]) - 1}
    return body | {"kwargs": body["kwargs"] | place, "message_id": "outdated"}


def put_on_queues(redis_url: str, messages: Sequence[Json], ahead_ms: int = AHEAD_MS) -> None:
    """Lay the messages where Dramatiq's producers lay them, as if sent now."""
    now = time.time_ns() // 1_000_000 + ahead_ms
    with redis.Redis.from_url(redis_url) as client:
        for body in messages:
            queue, identifier = f"dramatiq:{body['queue_name']}", secrets.token_hex(16)
            options = body["options"] | {"redis_message_id": identifier}
            if "scheduled_at" in options:  # the scheduler's
                options["scheduled_at"] = str(datetime.fromtimestamp(now // 1000, UTC))
            sent = body | {"message_timestamp": now, "options": options}
            client.hset(f"{queue}.msgs", identifier, as_bytes(sent))
            client.rpush(queue, identifier)


def fill_redis(redis_url: str, entries: Sequence[Json]) -> None:
    """Put everything else in Redis that the processes of the release before have left there."""
    with redis.Redis.from_url(redis_url) as client:
        for entry in entries:
            key, value = entry["key"], entry["value"]
            if entry["type"] == "string":
                client.set(key, value)
            elif entry["type"] == "hash":
                client.hset(key, mapping=value)
            elif entry["type"] == "zset":
                client.zadd(key, dict(value))
            else:
                {"list": client.rpush, "set": client.sadd}[entry["type"]](key, *value)
            if entry["ttl"] >= 0:
                client.expire(key, max(entry["ttl"], 1))


def owe(shop: Shop, rows: Sequence[Json]) -> None:
    """Insert the rows, as if none of them had been begun."""
    fresh: Json = {"state": "queued", "attempts": 0, "lease_until": None, "worker": None, "done_at": None}
    with psycopg.connect(shop.database_url) as owner:
        for row in rows:
            owner.execute(
                "INSERT INTO job_ledger SELECT * FROM jsonb_populate_record(NULL::job_ledger, %s)",
                [json.dumps(row | fresh)],
            )


def introduce(shop: Shop, found: Sequence[Json], where: str) -> None:
    """Have Telegram know everybody who is named."""
    named = {one[where].get(name) for one in found for name in ("telegram_id", "chat_id", "actor_id")}
    for who in sorted(one for one in named if one):
        words: Json = {"first_name": "Оля", "started": True} if who > 0 else {"title": "Гурт"}
        url = f"{shop.telegram.url}/sim/{'people' if who > 0 else 'chats'}"
        shop.http.post(url, json=words | {"id": who}, timeout=10)


def settle(shop: Shop, keys: Sequence[str]) -> None:
    """Wait until no queue holds a message and none of these jobs is still to be done."""

    def left() -> list[Any]:
        with redis.Redis.from_url(shop.redis_url, decode_responses=True) as client:
            names = [name for name in client.scan_iter("dramatiq:*.msgs") if not name.endswith(".XQ.msgs")]
            queued = [json.loads(body) for name in sorted(names) for body in client.hvals(name)]
        waiting = [(body["actor_name"], body["kwargs"]) for body in queued]
        return waiting or shop.rows(
            "SELECT key, actor, error FROM job_ledger WHERE key = ANY(%s) AND state IN ('queued', 'running')",
            list(keys),
        )

    deadline = time.monotonic() + SECONDS
    while found := left():
        assert time.monotonic() < deadline, f"not worked off: {found}"
        assert not shop.workers_ended(), shop.log_text()[-4000:]
        time.sleep(0.2)


def logged(shop: Shop) -> list[Json]:
    """Return what the workers say about jobs."""
    lines = [json.loads(line) for line in shop.log_text().splitlines() if line.startswith("{")]
    return [line for line in lines if "job_id" in line]


def given_up(redis_url: str) -> list[str]:
    """Whose messages are among the dead letters of all queues."""
    with redis.Redis.from_url(redis_url) as client:
        keys = sorted(client.scan_iter("dramatiq:*.XQ.msgs"))
        return sorted(json.loads(body)["actor_name"] for key in keys for body in client.hvals(key))


def failures(shop: Shop) -> list[Json]:
    """The jobs whose actor broke. One that finds no order, this database having none, parks itself."""
    return [
        {name: line.get(name) for name in ("job", "key", "error")}
        for line in logged(shop)
        if line["event"] == "job_failed" and not line["error"].startswith(DECIDED)
    ]
