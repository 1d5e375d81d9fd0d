"""Fixtures of security tests: a running world whose secrets are canaries, values used nowhere else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from sandbox.servers import PostgresServer
from sandbox.walk import Walk
from sandbox.world import World, WorldOptions


@dataclass
class Guarded:
    """A world in which a buyer has been through the whole shop, and what must not be seen of it."""

    world: World
    walk: Walk
    canaries: dict[str, str]


@pytest.fixture(scope="package")
def guarded(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[Guarded]:
    """The world, at its most talkative: LOG_LEVEL is DEBUG."""
    directory = tmp_path_factory.mktemp("guarded")
    settings = {"LOG_LEVEL": "DEBUG"}
    world = World(
        WorldOptions(
            directory=directory,
            postgres=postgres_server,
            main_bot_step_seconds=0.1,
            extra_env=settings,
        )
    )
    extra = {
        "second MAIN_BOT_API_KEY": secrets.token_hex(24),
        "password in SMTP_URL": secrets.token_hex(24),
        "path of ALERT_WEBHOOK_URL": secrets.token_hex(24),
    }
    settings["MAIN_BOT_API_KEY"] = ",".join(
        (world.secrets["MAIN_BOT_API_KEY"], extra["second MAIN_BOT_API_KEY"])
    )
    settings["ALERT_EMAIL"] = "owner@example.com"
    settings["SMTP_URL"] = f"smtps://shop:{extra['password in SMTP_URL']}@127.0.0.1:9"
    settings["ALERT_WEBHOOK_URL"] = f"http://127.0.0.1:9/{extra['path of ALERT_WEBHOOK_URL']}"
    with world:
        walk = Walk(world)
        for _ in walk.steps():
            pass
        yield Guarded(world, walk, _canaries(world) | extra)


def _canaries(world: World) -> dict[str, str]:
    """Every secret of the world by what it is: the settings, the logins of PostgreSQL and of Redis."""
    return {
        **world.secrets,
        "password in DATABASE_URL": _password(world.worker_database_url),
        "the owner's password": _password(world.database_url),
        **{f"password of {user}": _password(url) for user, url in world.redis_urls.items()},
        **{f"password of {user} for the cache": _password(url) for user, url in world.cache_urls.items()},
        "the operator's passwords": _password(world.redis_url),
    }


def _password(url: str) -> str:
    return url.partition("://")[2].partition("@")[0].partition(":")[2]
