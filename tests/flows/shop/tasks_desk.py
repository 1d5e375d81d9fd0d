"""Helpers for tests of Main Bot: posts and their tasks in a running shop."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

import redis

from socialboost import jobs
from tests.flows.shop.world import Buyer, Shop

_numbers = itertools.count(1)


def link() -> str:
    return f"https://t.me/durov/{next(_numbers)}"


def add(customer: Buyer, url: str) -> str:
    """Add a post and wait until it is taken; its task's id."""
    customer.shop.wait_for_job(customer.add_post(url).key)
    return customer.task_of(url)


def task(shop: Shop, task_id: str) -> dict[str, Any]:
    (row,) = shop.rows(
        "SELECT t.status, t.attempts, t.external_task_id, p.status AS post, p.fail_reason, p.id AS post_id"
        " FROM tasks t JOIN posts p ON p.id = t.post_id WHERE t.id = %s",
        task_id,
    )
    return row


def report(task_id: str, status: str, external_task_id: str | None = None, **response: Any) -> dict[str, Any]:
    """Return the job that web sends when Main Bot reports."""
    job = jobs.UpdateTaskStatus(
        key=f"api:{uuid.uuid4()}",
        task_id=task_id,
        status=status,
        external_task_id=external_task_id,
        response_data=response,
    )
    answer: dict[str, Any] = jobs.ask(job, timeout_seconds=4.0)
    return answer


def breaker_is_open(shop: Shop) -> bool:
    with redis.Redis.from_url(shop.redis_url) as client:
        return bool(client.exists("breaker:main_bot:open"))


def forget_outages(shop: Shop) -> None:
    """Clear every record of an outage of Main Bot."""
    with redis.Redis.from_url(shop.redis_url) as client:
        for key in client.scan_iter("*main_bot*"):
            client.delete(key)
