"""Tests of the private parts of Dramatiq that socialboost/queue uses: they fail when Dramatiq changes."""

from __future__ import annotations

import hashlib
import inspect
import json
from importlib.metadata import version
from pathlib import Path

import dramatiq
import pytest
from dramatiq import worker
from dramatiq.brokers import redis as stock
from dramatiq.results.backends.redis import RedisBackend

from socialboost.queue import broker, middleware
from tests.rules.source import ROOT

WHAT_TO_CHECK = """
Dramatiq moved. Before changing this number read, in the new version:
- brokers/redis.py: `_dispatch`'s arguments in their order, `_should_do_maintenance`, `_max_unpack_size`,
  `consume`, `scripts`, and whether consumers still keep `redis_message_id` in options;
- brokers/redis/dispatch.lua: the list `<namespace>:<queue>` that BLMOVE peeks at, the set
  `__acks__.<broker>.<queue>`, the hash `<queue>.msgs`, and that fetch and requeue still treat them so; what
  `enqueue` and `ack` write, since socialboost/queue/deliveries.py and broker.py write the same;
- worker.py: that a ConnectionClosed restarts a consumer by `broker.consume`, that `delay_queue` is dropped
  then, that `before_worker_boot` comes before the consumers, the name QUEUE_PREFETCH; that a consumer's
  thread emits `before_consumer_thread_shutdown` when its loop ends; that `stop` joins
  `workers` after `before_worker_shutdown`, which has dropped those that hang (workers/engine/shutdown.py);
- cli.py: that `worker_process` sets its handlers of SIGTERM and SIGHUP before `process_boot`, and that a
  second signal ends it at once;
- middleware/retries.py: `after_process_message` and `retry_when`; results: `build_message_key`, and that the
  result is still the head of a list;
then run tests/flows/engine.
"""

READ = {
    "cli.py": "176704d8646ef2e9a150c148d951256c6eee59d800b4d6b4fc602a5a3b1e8991",
    "brokers/redis.py": "6d4ba97283bc0e15c747c1e97946bdb9dbd2819f7fde8ab468dcd543e805cf21",
    "brokers/redis/dispatch.lua": "ba4d872e4fb204ebc3f73ca4719265a9946d70e847856c125314f01a8c90540c",
    "worker.py": "26a720b65abec04666a3ab5f6b7ff01f02ddff2d7ae93bbe82267e99a0e57948",
    "middleware/retries.py": "633c6739e95f3930b835258ab62d9d24be17b3416670d9e060fcf1c17513993d",
    "results/backends/redis.py": "98aaf58e826a3ff13e3517ba8c6a89dd53a024f8ced92a9836a99aaaab164106",
}
"""SHA-256 of the text that was read, so that a patched package is seen too."""


def test_dramatiq_is_pinned_to_the_tested_version() -> None:
    assert version("dramatiq") == "2.2.1", WHAT_TO_CHECK
    assert "dramatiq==2.2.1" in (ROOT / "requirements.txt").read_text(encoding="utf-8"), WHAT_TO_CHECK


@pytest.mark.parametrize("name", READ)
def test_the_dramatiq_code_that_we_rely_on_is_unchanged(name: str) -> None:
    text = (Path(dramatiq.__file__).parent / name).read_bytes()
    assert hashlib.sha256(text).hexdigest() == READ[name], WHAT_TO_CHECK


def test_the_private_names_that_we_use_exist() -> None:
    for name in ("_dispatch", "_should_do_maintenance", "_max_unpack_size", "consume"):
        assert name in vars(stock.RedisBroker), WHAT_TO_CHECK
    assert hasattr(worker, "QUEUE_PREFETCH"), WHAT_TO_CHECK
    assert "build_message_key" in dir(RedisBackend), WHAT_TO_CHECK
    assert "delay_queue = PriorityQueue()" in inspect.getsource(worker.ConsumerThread.run), WHAT_TO_CHECK


def test_a_broker_is_built_without_a_connection_and_speaks_json() -> None:
    built = broker.build("redis://127.0.0.1:1/0", consuming=True)
    assert isinstance(built.consumer_class, type)
    assert json.loads(dramatiq.get_encoder().encode({"a": "ї"})) == {"a": "ї"}
    kinds = [type(m).__name__ for m in built.middleware]
    assert "Prometheus" not in kinds
    assert "AgeLimit" not in kinds
    assert kinds.index("DropExpired") < kinds.index("SafeRetries") < kinds.index("Results")
    assert built.heartbeat_timeout <= 30_000
    assert built.maintenance_chance == 1_000_000


def test_another_encoder_is_refused() -> None:
    """Pickle runs code that it reads: anybody who can write to Redis would control the workers."""
    before = dramatiq.get_encoder()
    dramatiq.set_encoder(dramatiq.PickleEncoder())
    try:
        with pytest.raises(TypeError, match="JSONEncoder"):
            broker.build("redis://127.0.0.1:1/0", consuming=False)
    finally:
        dramatiq.set_encoder(before)


def test_a_retry_middleware_of_our_own_stands_in_for_the_stock_one() -> None:
    assert issubclass(middleware.SafeRetries, dramatiq.middleware.Retries)
    built = broker.build("redis://127.0.0.1:1/0", consuming=True)
    assert sum(isinstance(m, dramatiq.middleware.Retries) for m in built.middleware) == 1
