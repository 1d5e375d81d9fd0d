"""Tests of webhooks while Redis hangs or is down: no 200 without a queued job, and none is lost."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from sandbox.servers import ValkeyServer
from tests.flows.engine.system import wait_until
from tests.flows.updates import queued
from tests.flows.web.test_crypto_pay import PATH, event, sign
from tests.flows.web.test_server import Server, start

__all__ = ["start"]

THREADS = 32
"""Twice as many as web has."""
EVENTS = 300


def deliver(server: Server, number: int) -> int:
    """Say once that an invoice is paid; the status of the answer."""
    body = event(invoice_id=number)
    headers = {"crypto-pay-api-signature": sign(body), "Content-Type": "application/json"}
    with closing(server.connect()) as connection:
        connection.request("POST", PATH, body, headers)
        return connection.getresponse().status


def test_webhooks_get_503_while_redis_hangs(
    start: Callable[..., Server], valkey_server: ValkeyServer
) -> None:
    """There are more webhooks than web has threads, and none waits until Redis works again."""
    process = valkey_server.process
    assert process is not None
    server = start()
    assert deliver(server, 1) == 200
    with ThreadPoolExecutor(THREADS) as pool:
        os.kill(process.pid, signal.SIGSTOP)
        try:
            answers = list(pool.map(lambda number: deliver(server, number), range(2, 2 + THREADS)))
        finally:
            os.kill(process.pid, signal.SIGCONT)
    assert answers == [503] * THREADS
    wait_until(lambda: deliver(server, 100) == 200)  # refused at once until the next try is due


def test_a_redis_outage_loses_no_repeated_webhook(
    start: Callable[..., Server],
    redis_url: str,
    valkey_server: ValkeyServer,
) -> None:
    """Each is repeated until it gets 200, like Crypto Pay does. Then its job is queued."""
    server, again, away = start(), threading.Event(), threading.Event()
    while_away: list[int] = []

    def repeat(number: int) -> None:
        while (status := deliver(server, number)) != 200:
            assert status == 503
            if away.is_set():
                while_away.append(status)
            again.wait(0.2)

    with ThreadPoolExecutor(THREADS) as pool:
        early = [pool.submit(repeat, number) for number in range(1, EVENTS // 3)]
        for sent in early:
            sent.result(60)
        valkey_server.stop()
        away.set()
        late = [pool.submit(repeat, number) for number in range(EVENTS // 3, EVENTS + 1)]
        while len(while_away) < 2 * THREADS:
            again.wait(0.1)
        assert not any(sent.done() for sent in late), "somebody was told 200"
        away.clear()
        valkey_server.start()
        for sent in late:
            sent.result(60)
    keys = {message.args["key"] for message in queued(redis_url)}
    assert keys == {f"cp:{number}" for number in range(1, EVENTS + 1)}
