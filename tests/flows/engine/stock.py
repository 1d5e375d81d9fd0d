"""Runs the same kind of job on Dramatiq's own broker, as a negative control."""

from __future__ import annotations

import os
import time

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from tests.flows.engine.recording import record, recorded

NAMESPACE = "stock"

broker = RedisBroker(url=os.environ["REDIS_URL"], namespace=NAMESPACE)
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="interactive", max_retries=2, min_backoff=200, max_backoff=500)
def stock_look(name: str, seconds: float = 0.0, times: int = 0) -> None:
    """Fail on the first `times` runs, then end."""
    record("start", name)
    time.sleep(seconds)
    if times and recorded("start", name) <= times:
        raise ValueError("not yet")
    record("end", name)


record("ready", "stock")
