"""Fixtures of shop tests: one running shop for each module, and people in it."""

from __future__ import annotations

import importlib
import secrets
from collections.abc import Callable, Iterator

import pytest
import redis

from sandbox.servers import PostgresServer, ValkeyServer
from socialboost.queue import broker
from tests.flows.shop.world import Buyer, Shop
from tests.invariants import breaches, excused
from tests.timings import Timings

with pytest.MonkeyPatch.context() as patch:  # a REDIS_URL left behind would replace the tests' own server
    patch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    importlib.import_module("workers")


@pytest.fixture(scope="module")
def timings() -> Timings | None:
    """The times of this module's workers: those of production, unless it has a fixture of its own."""
    return None


@pytest.fixture(scope="module")
def stage(  # noqa: PLR0917 (pytest passes them by name)
    postgres_server: PostgresServer,
    template_database: str,
    valkey_server: ValkeyServer,
    redis_database: int,
    tmp_path_factory: pytest.TempPathFactory,
    timings: Timings | None,
) -> Iterator[Shop]:
    """A shop whose workers have not started: for tests that call actors themselves."""
    name = f"shop_{secrets.token_hex(6)}"
    database_url = postgres_server.create_database(name, template=template_database)
    redis_url = valkey_server.url_for(redis_database)
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    shop = Shop(database_url, redis_url, tmp_path_factory.mktemp("shop"), timings)
    _seed(shop)
    installed = broker.install(redis_url)
    yield shop
    shop.close()
    installed.close()
    postgres_server.drop_database(name)


@pytest.fixture(scope="module")
def shop(stage: Shop) -> Shop:
    """A shop whose workers run."""
    stage.start_workers()
    return stage


@pytest.fixture(autouse=True)
def sound(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test nothing is as it must never be that was not so before: the shop is its module's."""
    if "stage" not in request.fixturenames:  # it moves no money
        yield
        return
    stage: Shop = request.getfixturevalue("stage")
    before = breaches(stage.database_url)
    yield
    found = breaches(stage.database_url, besides=excused(request.node))
    assert [breach for breach in found if breach not in before] == []


@pytest.fixture
def newcomer(shop: Shop) -> Callable[[], Buyer]:
    """Makes people who have sent /start."""

    def make() -> Buyer:
        buyer = Buyer(shop)
        buyer.start()
        return buyer

    return make


@pytest.fixture
def buyer(newcomer: Callable[[], Buyer]) -> Buyer:
    """Somebody who has sent /start."""
    return newcomer()


@pytest.fixture
def here(stage: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """This process as a worker: actors called here use the shop's services."""
    for name, value in stage.environment.items():
        if name not in {"PATH", "LANG"}:
            monkeypatch.setenv(name, value)
    from workers.engine import resources

    resources.close()
    yield monkeypatch
    resources.close()


def _seed(shop: Shop) -> None:
    """Three packages: one post a day, two, and many."""
    for slug, price, posts in (("mini", "99.99", 1), ("plus", "299", 2), ("elite", "999", 50)):
        shop.rows(
            "INSERT INTO packages (slug, name, price, posts_per_day, views_range, features, category)"
            " VALUES (%s, %s, %s, %s, '1000-2000', '{\"share\": 0.5}', 'starter') RETURNING slug",
            slug,
            slug.capitalize(),
            price,
            posts,
        )
