"""Tests of the Redis users: each may do the product's work and no more."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import yaml
from dramatiq.errors import ConnectionClosed
from dramatiq.message import Message

from sandbox.servers import ValkeyServer, start_cache, start_valkey
from sandbox.servers_acl import (
    CACHE_TEMPLATE,
    ENTRY,
    OPERATOR,
    QUEUE_TEMPLATE,
    WORKER,
    render,
    users_of,
)
from socialboost import jobs
from socialboost.bot import connections, guard
from socialboost.chat import admins
from socialboost.queue import broker, deliveries
from tests.flows.engine.system import CoreSystem, wait_until
from tests.rules.source import ROOT

pytestmark = pytest.mark.usefixtures("servers_of_our_own")

QUEUE = "dramatiq:interactive"
NEVER: dict[str, tuple[str, ...]] = {
    "empty the server": ("FLUSHALL",),
    "empty a database": ("FLUSHDB",),
    "read the configuration": ("CONFIG", "GET", "*"),
    "write the configuration": ("CONFIG", "SET", "dir", "/var/lib"),
    "rewrite it": ("CONFIG", "REWRITE"),
    "see the users": ("ACL", "LIST"),
    "make a user": ("ACL", "SETUSER", "mine", "on", "nopass", "+@all", "~*"),
    "forget what was refused": ("ACL", "LOG", "RESET"),
    "stop it": ("SHUTDOWN", "NOSAVE"),
    "crash it": ("DEBUG", "SEGFAULT"),
    "load code": ("MODULE", "LOAD", "/var/lib/x.so"),
    "keep code": ("FUNCTION", "LOAD", "#!lua name=mine\nredis.register_function('f', function() end)"),
    "follow another server": ("REPLICAOF", "127.0.0.1", "6379"),
    "send a key away": ("MIGRATE", "127.0.0.1", "6379", "dramatiq", "0", "100"),
    "watch everybody": ("MONITOR",),
    "see the slow log": ("SLOWLOG", "GET"),
    "see who is there": ("CLIENT", "LIST"),
    "end a connection": ("CLIENT", "KILL", "TYPE", "normal"),
    "forget the scripts": ("SCRIPT", "FLUSH"),
    "write the disk": ("BGREWRITEAOF",),
    "save": ("SAVE",),
    "listen": ("SUBSCRIBE", "anything"),
    "tell": ("PUBLISH", "anything", "x"),
    "read a foreign key": ("GET", "somebody:else"),
    "write a foreign key": ("SET", "somebody:else", "x"),
    "delete a foreign key": ("DEL", "somebody:else"),
    "take over a foreign key": ("RENAME", "somebody:else", "dramatiq:mine"),
    "write one by script": ("EVAL", "return redis.call('set', 'somebody:else', 'x')", "0"),
    "empty it by script": ("EVAL", "return redis.call('flushall')", "0"),
    "reach a queue's namesake": ("GET", "dramatiqx"),
}
ENTRY_NEVER: dict[str, tuple[str, ...]] = {
    "read a job": ("HGET", f"{QUEUE}.msgs", "1"),
    "read all jobs": ("HVALS", f"{QUEUE}.msgs"),
    "read a queue": ("LRANGE", QUEUE, "0", "-1"),
    "read its head": ("LINDEX", QUEUE, "0"),
    "peek at it": ("BLMOVE", QUEUE, QUEUE, "LEFT", "LEFT", "0.01"),
    "take a job": ("LPOP", QUEUE),
    "drop a queue": ("DEL", QUEUE),
    "drop a job": ("HDEL", f"{QUEUE}.msgs", "1"),
    "read a job by script": ("EVAL", f"return redis.call('hget', '{QUEUE}.msgs', '1')", "0"),
    "take one by script": ("EVAL", "return redis.call('lpop', KEYS[1])", "1", QUEUE),
    "list the keys": ("KEYS", "*"),
    "walk the keys": ("SCAN", "0"),
    "see what others see": ("INFO",),
    "open the breaker": ("SET", "breaker:main_bot:open", "1"),
    "read somebody's figures": ("GET", "user_stats:7"),
    "forge a render": ("SET", "screens:rendered:1:1", "x"),
    "make an admin": ("SADD", "admins", "7"),
    "unmake one": ("SREM", "admins", "7"),
    "unmake all": ("DEL", "admins"),
    "make one by script": ("EVAL", "return redis.call('sadd', KEYS[1], '7')", "1", "admins"),
    "list the admins": ("SMEMBERS", "admins"),
}
FORBIDDEN = [
    *((ENTRY, what, command) for what, command in (NEVER | ENTRY_NEVER).items()),
    *((WORKER, what, command) for what, command in NEVER.items()),
]


@pytest.fixture(scope="module")
def servers_of_our_own() -> Iterator[None]:
    """Users can be tested only on servers we configure, whatever REDIS_URL names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("REDIS_URL", raising=False)
        yield


@pytest.fixture(scope="module")
def server(servers_of_our_own: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    """A server of this module's own: its log of refusals is read here."""
    server = start_valkey(tmp_path_factory.mktemp("redis") / "queue")
    yield server
    server.stop()


@pytest.fixture
def operator(server: ValkeyServer) -> Iterator[redis.Redis]:
    """The operator, on an empty server with nothing refused yet."""
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        client.flushall()
        client.acl_log_reset()
        client.set("somebody:else", "theirs")
        yield client


@pytest.mark.parametrize(("user", "what", "command"), FORBIDDEN, ids=[f"{u}: {w}" for u, w, _ in FORBIDDEN])
def test_a_program_may_not_run_other_commands(
    server: ValkeyServer, operator: redis.Redis, user: str, what: str, command: tuple[str, ...]
) -> None:
    operator.hset(f"{QUEUE}.msgs", "1", "a job")
    operator.rpush(QUEUE, "1")
    with redis.Redis.from_url(server.url_as(user)) as client, pytest.raises(redis.ResponseError) as refused:
        client.execute_command(*command)  # type: ignore[no-untyped-call]
    if "not allowed" in str(refused.value):  # DEBUG, MODULE: shut by the server's own configuration first
        rehearsed = operator.execute_command("ACL", "DRYRUN", user, *command)  # type: ignore[no-untyped-call]
        assert "permission" in rehearsed
    else:
        assert "permission" in str(refused.value)
        assert operator.acl_log()[0]["username"] == user
    assert operator.get("somebody:else") == "theirs"
    assert operator.hget(f"{QUEUE}.msgs", "1") == "a job"
    assert operator.lrange(QUEUE, 0, -1) == ["1"]


def test_no_login_works_without_a_name_and_a_password(server: ValkeyServer) -> None:
    address = server.url.partition("@")[2]
    for who in ("", ":guess@", "default:@", f"{ENTRY}:@", f"{WORKER}:{'0' * 32}@"):
        with redis.Redis.from_url(f"redis://{who}{address}") as client, pytest.raises(redis.RedisError):
            client.ping()


def update() -> deliveries.Delivery:
    message: Message[None] = Message(
        queue_name=jobs.INTERACTIVE, actor_name="show_menu", args=(), kwargs={}, options={}
    )
    delivery = deliveries.Delivery(deliveries.mark_of(7, "4242"), [message])
    delivery.one_of("album:1:2", is_answered=False)
    return delivery


def test_without_its_keys_the_bot_takes_no_update(server: ValkeyServer, operator: redis.Redis) -> None:
    """Negative control. An operator with an outdated access list sees 503, and nothing is lost."""
    rights = (
        "resetkeys",
        "clearselectors",
        "~dramatiq",
        "%W~dramatiq:*",
        "+eval",
        "+evalsha",
        "+script|load",
    )
    more = ("+zadd", "+hset", "+rpush")
    operator.execute_command("ACL", "SETUSER", ENTRY, *rights, *more)  # type: ignore[no-untyped-call]
    sender = broker.build(server.url_as(ENTRY), consuming=False)
    try:
        with pytest.raises(redis.ResponseError, match=r"(?i)permission|ACL"):
            deliveries.send_once(sender, update())
        assert operator.llen(QUEUE) == 0
    finally:
        sender.close()
        operator.execute_command("ACL", "LOAD")  # type: ignore[no-untyped-call]


def test_the_work_is_done_under_the_two_users_and_nothing_is_refused(
    server: ValkeyServer, operator: redis.Redis
) -> None:
    """One process enqueues and waits, another does the work, including the jobs of a dead process."""
    sender, worker = (broker.build(server.url_as(user), consuming=user == WORKER) for user in (ENTRY, WORKER))
    try:
        for number in range(3):
            sender.run("enqueue", jobs.INTERACTIVE, f"m{number}", json.dumps({"number": number}))
        assert sender.depth([jobs.INTERACTIVE]) == {jobs.INTERACTIVE: 3}
        dead = broker.build(server.url_as(WORKER), consuming=True)
        dying = dead.consume(jobs.INTERACTIVE)
        taken = dead.take(jobs.INTERACTIVE, 3, finished=["m7"], wait_seconds=1, newest=True)
        assert len(taken) == 3
        dying.close()
        dead.close()
        operator.zadd("dramatiq:__heartbeats__", {dead.broker_id: time.time() * 1000 - 60_000})
        assert sorted(worker.run("fetch", jobs.INTERACTIVE, 5)) == [
            json.dumps({"number": n}).encode() for n in range(3)
        ]
        sender.run("enqueue", jobs.INTERACTIVE, "m9", "{}")
        for expected in (True, False):
            assert deliveries.send_once(sender, update()) is expected
        assert worker.eviction_policy() == "noeviction"
    finally:
        sender.close()
        worker.close()
    assert operator.acl_log() == []


def test_workers_write_the_list_of_admins_and_the_bot_may_read_it(
    server: ValkeyServer, operator: redis.Redis
) -> None:
    with redis.Redis.from_url(server.url_as(WORKER)) as worker:
        with worker.pipeline(transaction=True) as together:
            together.delete(admins.KEY)
            together.sadd(admins.KEY, "7")
            together.execute()
        assert worker.smembers(admins.KEY) == {b"7"}
    with redis.Redis.from_url(server.url_as(ENTRY)) as entry:
        assert [bool(entry.sismember(admins.KEY, one)) for one in ("7", "8")] == [True, False]
    assert operator.acl_log() == []


async def test_an_access_list_of_an_older_release_leaves_the_owners(
    server: ValkeyServer, operator: redis.Redis
) -> None:
    """An operator forgot to render it again: no update is refused, and only owners are admins."""
    operator.execute_command("ACL", "SETUSER", ENTRY, "clearselectors")  # type: ignore[no-untyped-call]
    client = connections.connect(server.url_as(ENTRY))
    try:
        known = guard.Admins([9], client)
        assert [await known.include(one) for one in (7, 9)] == [False, True]
    finally:
        await client.aclose()
        operator.execute_command("ACL", "LOAD")  # type: ignore[no-untyped-call]


def test_without_the_keys_command_a_dead_worker_s_jobs_are_lost(
    server: ValkeyServer, operator: redis.Redis
) -> None:
    """Negative control: the command that looks unnecessary is needed."""
    operator.execute_command("ACL", "SETUSER", WORKER, "-keys")  # type: ignore[no-untyped-call]
    worker = broker.build(server.url_as(WORKER), consuming=True)
    try:
        worker.run("enqueue", jobs.INTERACTIVE, "m1", "{}")
        operator.zadd("dramatiq:__heartbeats__", {"somebody dead": 1})
        with pytest.raises(ConnectionClosed, match="no permissions to run the 'keys' command"):
            worker.run("enqueue", jobs.INTERACTIVE, "m2", "{}")
    finally:
        worker.close()
        operator.execute_command("ACL", "LOAD")  # type: ignore[no-untyped-call]


def test_only_workers_may_read_cached_data_of_people(tmp_path: Path) -> None:
    cache = start_cache(tmp_path / "cache")
    try:
        with redis.Redis.from_url(cache.url_as(WORKER)) as worker:
            worker.set("user_stats:7", "{}", ex=10)
        for user, more in ((WORKER, ()), (ENTRY, (("GET", "user_stats:7"), ("DEL", "packages")))):
            with redis.Redis.from_url(cache.url_as(user)) as client:
                client.set("health_check", "{}", ex=10)
                for command in (
                    ("FLUSHALL",),
                    ("CONFIG", "GET", "*"),
                    ("SET", "x", "y"),
                    ("KEYS", "*"),
                    *more,
                ):
                    with pytest.raises(redis.ResponseError, match="permission"):
                        client.execute_command(*command)  # type: ignore[no-untyped-call]
    finally:
        cache.stop()


@pytest.mark.parametrize("template", [QUEUE_TEMPLATE, CACHE_TEMPLATE], ids=lambda path: path.name)
def test_an_operator_s_file_is_the_one_tested_here(template: Path) -> None:
    passwords = {user: f"{user}-password" for user in users_of(template)}
    named = {f"REDIS_{user.rpartition('_')[2].upper()}_PASSWORD": word for user, word in passwords.items()}
    script = ["sh", str(ROOT / "deploy/redis/render.sh"), str(template)]
    environment = {"PATH": os.environ["PATH"]} | named
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == render(template, passwords)
    assert done.stdout.startswith("user default off\n")
    for missing in named:
        for value in ("", "short"):
            broken = environment | {missing: value}
            refused = subprocess.run(script, env=broken, capture_output=True, text=True, check=False)
            assert (refused.returncode, refused.stdout) == (2, "")
            assert missing in refused.stderr


def test_compose_gives_each_program_its_own_user() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    workers = ("worker-interactive", "worker-background", "scheduler")
    for variable in ("REDIS_URL", "CACHE_REDIS_URL"):
        users = {
            name: service["environment"][variable].partition("//")[2].partition(":")[0]
            for name, service in services.items()
            if variable in service.get("environment", {})
        }
        assert users == dict.fromkeys(("web", "bot"), ENTRY) | dict.fromkeys(workers, WORKER)
    for name in ("valkey", "cache", "postgres"):
        assert "ports" not in services[name]
        assert services[name]["networks"] == ["inside"]
    assert "noeviction" in services["valkey"]["command"][-1]
    holders = [name for name, service in services.items() if OPERATOR in str(service.get("environment"))]
    assert holders == []


@pytest.mark.parametrize(
    ("policy", "refused"), [("allkeys-lru", True), ("allkeys-random", True), ("volatile-lru", False)]
)
def test_a_queue_that_evicts_is_refused_by_name(tmp_path: Path, policy: str, *, refused: bool) -> None:
    server = start_valkey(tmp_path / "v", config={"maxmemory": "64mb", "maxmemory-policy": policy})
    system = CoreSystem(server.url_as(WORKER), "postgresql://nobody@127.0.0.1:1/none", tmp_path)
    try:
        master = system.spawn("dramatiq", "workers", "-p", "1", "-t", "1")
        if refused:
            assert master.wait(60) != 0
            assert f"REDIS_URL is wrong: its maxmemory-policy is {policy}" in system.log_text()
        else:
            wait_until(lambda: "redis_may_evict" in system.log_text(), 60)
            assert master.poll() is None
    finally:
        system.close()
        server.stop()


class Bomb:
    """Unpickling it runs a command."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (os.makedirs, (str(self.trace),))


def test_a_pickled_message_is_kept_aside_and_never_run(
    server: ValkeyServer, operator: redis.Redis, database_url: str, tmp_path: Path
) -> None:
    trace = tmp_path / "it-ran"
    payload = pickle.dumps(Bomb(trace))
    pickle.loads(payload)  # noqa: S301 (the control: it does run when somebody unpickles it)
    trace.rmdir()
    operator.hset(f"{QUEUE}.msgs", "bomb", payload)  # type: ignore[arg-type]
    operator.rpush(QUEUE, "bomb")
    operator.hset("dramatiq:payments.msgs", "bomb", payload)  # type: ignore[arg-type]
    operator.rpush("dramatiq:payments", "bomb")
    system = CoreSystem(server.url_as(WORKER), database_url, tmp_path)
    try:
        system.start()
        for queue in ("interactive", "payments"):
            wait_until(lambda queue=queue: operator.zcard(f"dramatiq:{queue}.XQ") == 1)  # type: ignore[misc]
        assert system.log_text().count("message_undecodable") == 2
        assert not trace.exists()
    finally:
        system.close()
