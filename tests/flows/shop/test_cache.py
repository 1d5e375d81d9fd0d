"""Tests of cached figures: read once, cleared by the commit that changes them, ignored if that failed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import redis

from sandbox.servers import ValkeyServer
from socialboost import jobs
from tests.flows.shop.world import Buyer, Shop, wait_until
from workers.engine import cache, resources


def cached(shop: Shop, key: str) -> str | None:
    with redis.Redis.from_url(shop.redis_url, decode_responses=True) as client:
        return client.get(key)  # type: ignore[return-value]


def figures(shop: Shop, buyer: Buyer) -> dict[str, Any] | None:
    """Return the cached figures of a person, None if there are none."""
    text = cached(shop, cache.user_key(buyer.id))
    return json.loads(text)["figures"] if text else None


def look(shop: Shop, buyer: Buyer) -> str:
    """Tap "my statistics", which fills the cache. Returns what is shown."""
    buyer.do(jobs.ShowStats)
    wait_until(lambda: figures(shop, buyer), "the figures are cached")
    return str(buyer.read("📊")["text"])


def queries_after(shop: Shop, mark: int) -> int:
    return shop.log_text()[mark:].count('"get_person"')


def test_a_second_read_makes_no_query(shop: Shop, buyer: Buyer) -> None:
    look(shop, buyer)
    mark = len(shop.log_text())
    buyer.do(jobs.ShowMenu)
    buyer.read("Головне меню")
    assert queries_after(shop, mark) == 0


def test_every_change_of_the_figures_clears_them_from_the_cache(shop: Shop, buyer: Buyer) -> None:
    look(shop, buyer)
    order_id = buyer.buy("plus")
    assert figures(shop, buyer) is None
    assert "Plus" in look(shop, buyer)

    url = f"https://t.me/cached/{shop.next_id()}"
    shop.wait_for_job(buyer.add_post(url).key)
    assert figures(shop, buyer) is None
    look(shop, buyer)
    assert figures(shop, buyer)["posts_count"] == 1  # type: ignore[index]

    task_id = buyer.task_of(url)
    shop.wait_for_job(f"task:{task_id}")
    answer = jobs.ask(jobs.UpdateTaskStatus(key=f"api:{task_id}", task_id=task_id, status="completed"), 4)
    assert answer["http"] == 200
    assert figures(shop, buyer) is None
    look(shop, buyer)
    assert figures(shop, buyer)["completed_posts"] == 1  # type: ignore[index]

    shop.wait_for_job(buyer.do(jobs.SetLanguage, chosen="en").key)
    assert figures(shop, buyer)["language"] == "en"  # type: ignore[index]
    buyer.do(jobs.ShowStats)
    buyer.read("Plus")
    shop.wait_for_job(buyer.do(jobs.RegisterUser, typed=True, first_name="Оля").key)
    wait_until(lambda: (figures(shop, buyer) or {}).get("orders_count") in {None, 1}, order_id)


def test_cached_figures_expire_with_the_day_and_the_package(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.buy("mini")
    shop.rows(
        "UPDATE orders SET expires_at = now() + interval '90 seconds' WHERE id = %s RETURNING id", order_id
    )
    look(shop, buyer)
    with redis.Redis.from_url(shop.redis_url) as client:
        assert 0 < client.ttl(cache.user_key(buyer.id)) <= 90


def test_packages_are_cached_until_one_is_edited(shop: Shop, buyer: Buyer, here: object) -> None:
    buyer.do(jobs.ShowPackages)
    wait_until(lambda: cached(shop, "packages"), "the list is cached")
    with resources.db().transaction() as tx:
        cache.forget_packages(tx)
        assert cached(shop, "packages"), "not before the commit"
    assert cached(shop, "packages") == ""


@pytest.fixture
def key(here: object) -> str:
    """A cache key that no other test uses; this process acts as a worker."""
    return "user_stats:1"


def test_a_reader_from_before_the_commit_cannot_put_the_old_value_back(shop: Shop, key: str) -> None:
    def slow() -> str:
        """Read the value, which changes and is cleared before the reader returns."""
        cache.forget(key)
        return "old"

    assert cache.read_through(key, slow, lambda _: 60) == "old"
    assert cached(shop, key) == ""


def test_a_reader_that_saw_the_current_mark_may_cache_its_value(shop: Shop, key: str) -> None:
    cache.forget(key)
    assert cache.read_through(key, lambda: "new", lambda _: 60) == "new"
    assert cached(shop, key) == "new"


def test_a_reader_of_an_earlier_mark_cannot_put_the_old_value_back(shop: Shop, key: str) -> None:
    def slow() -> str:
        cache.forget(key)
        return "old"

    cache.forget(key)
    assert cache.read_through(key, slow, lambda _: 60) == "old"
    assert cached(shop, key) == ""


def test_without_the_mark_a_reader_puts_the_old_value_back(shop: Shop, key: str) -> None:
    """Negative control: the key is deleted instead of marked."""

    def slow() -> str:
        resources.cache().delete(key)
        return "old"

    resources.cache().delete(key)
    assert cache.read_through(key, slow, lambda _: 60) == "old"
    assert cached(shop, key) == "old"


def test_a_value_that_could_not_be_cleared_is_not_used_later(
    stage: Shop, valkey_server: ValkeyServer, key: str
) -> None:
    def load(value: str) -> Callable[[], str]:
        return lambda: value

    resources.cache().delete(key)
    assert cache.read_through(key, load("before"), lambda _: 60) == "before"
    valkey_server.stop()
    cache.forget(key)
    assert cache.read_through(key, load("now"), lambda _: 60) == "now"
    valkey_server.start()
    assert cached(stage, key) == "before", "Redis came back with the old value"
    assert cache.read_through(key, load("now"), lambda _: 60) == "now"
    assert cached(stage, key) == "now"
