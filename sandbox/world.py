"""Starts a complete local world: servers, stand-ins and the product's own processes.

`with World(WorldOptions(directory=…)) as world:` gives a running, healthy one and leaves nothing running
after it. The product is told about the stand-ins by URL only, in the environment an operator would set.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import redis
import requests
from psycopg import sql

from sandbox.leftovers import MARK, end_marked
from sandbox.made_up import new_secrets
from sandbox.product import Product
from sandbox.programs import ROOT, Program, own_environment
from sandbox.servers import (
    PostgresServer,
    ServersUnavailableError,
    ValkeyServer,
    start_cache,
    start_postgres,
    start_valkey,
)
from sandbox.servers_acl import ENTRY, WORKER
from sandbox.servers_process import free_port, tail

ADMIN_ID = 700_000_001
CHANNEL_ID = -1_009_000_000_001
WORKER_GROUP = "socialboost_worker"
WORKER_LOGIN = "socialboost_demo_worker"
COMMAND_SECONDS = 120
NEEDED_TO_ANSWER = {"web", "bot", "worker-interactive", "worker-background"}
"""Programs without which nobody gets an answer; in webhook mode web takes the updates."""

Say = Callable[[str], None]


def _silent(_: str) -> None:
    """Say nothing: tests do not narrate."""


@dataclass(frozen=True)
class WorldOptions:
    """The options of a world."""

    directory: Path
    """Everything the world writes; emptied at the start unless `keep`."""
    keep: bool = False
    postgres: PostgresServer | None = None
    """A running server to make our database in; None starts one of our own."""
    valkey: ValkeyServer | None = None
    """A running server whose database 0 is ours; None starts one of our own."""
    main_bot_auto: bool = True
    main_bot_step_seconds: float = 1.0
    rate_limits: bool = True
    """Telegram's own limits, enforced by its stand-in."""
    webhook_mode: bool = False
    """Updates are delivered to web instead of being polled for."""
    extra_env: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)
    """Other command lines for programs of supervisord.conf, by name."""
    without: frozenset[str] = frozenset()
    """Programs of supervisord.conf that are not started."""
    copies: Mapping[str, int] = field(default_factory=dict)
    """Programs that run several times, by name."""
    between: Callable[[World], Mapping[str, str]] | None = None
    """Called once everything is up that the product talks to; what it returns is added to the product's
    environment, and to nobody else's: the way to put something between the two."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """Fixed ports for `telegram`, `crypto_pay`, `main_bot`, `web`; a free one for the others."""
    owner_as_worker: bool = False
    """Give the workers the owner's database login instead of one in the socialboost_worker group."""
    mark: str = field(default_factory=lambda: secrets.token_hex(8))
    """What all our processes carry in their environment; see leftovers.py."""
    say: Say = _silent


class World:
    """See the module. Attributes are set by `start`, in the order in which things come up."""

    telegram: Program
    crypto_pay: Program
    main_bot: Program
    product: Product

    def __init__(self, options: WorldOptions) -> None:
        self.options = options
        self.directory = options.directory.absolute()
        self.log_dir = self.directory / "logs"
        self.mark = options.mark
        self.web_url = ""
        self.database_url = ""
        """The owner's, for a test that looks."""
        self.worker_database_url = ""
        self.redis_url = ""
        """The operator's, for a test that looks; the product's programs have users of their own."""
        self.env: dict[str, str] = {}
        self._undo: list[Callable[[], object]] = []
        self.secrets = new_secrets()

    @property
    def telegram_url(self) -> str:
        """The Telegram stand-in: Bot API, /sim and the chat page."""
        return self.telegram.url

    @property
    def crypto_pay_url(self) -> str:
        """The Crypto Pay stand-in: API, /sim and the checkout page."""
        return self.crypto_pay.url

    @property
    def main_bot_url(self) -> str:
        """The Main Bot stand-in's page and /sim; the product calls another port of it."""
        return self.main_bot.url

    @property
    def processes(self) -> dict[str, int]:
        """Program name to process number, of what runs now."""
        return self.product.processes

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Bring everything up and wait until a person could write to the bot."""
        if not self.options.keep:
            _empty(self.directory)
        self.log_dir.mkdir(parents=True, exist_ok=True)
        self._start_servers()
        self._start_stand_ins()
        self.env = self._environment()
        self._migrate()
        self._start_product()

    def stop(self) -> None:
        """Take everything down, last thing first; safe to call twice and on a half-started world."""
        while self._undo:
            self._undo.pop()()
        end_marked(self.mark)

    def last_words(self) -> str:
        """Return what the programs said last, for a failure's report: errors first."""
        if not hasattr(self, "product"):
            return "the product was not started"
        errors = tail(self.log_dir / "errors.log", 6)
        return f"--- {self.log_dir / 'errors.log'}\n{errors}\n{self.product.last_words()}"

    def run_cli(self, *arguments: str) -> str:
        """`python -m socialboost …` as the owner; its output. Raises with the output on failure."""
        done = subprocess.run(
            [sys.executable, "-m", "socialboost", *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.directory,
            env=self.env | {"DATABASE_URL": self.database_url},
            timeout=COMMAND_SECONDS,
        )
        if done.returncode != 0:
            said = f"{done.stdout}{done.stderr}"
            raise ServersUnavailableError(f"socialboost {' '.join(arguments)} failed:\n{said}")
        return done.stdout

    def _start_servers(self) -> None:
        postgres, valkey = self.options.postgres, self.options.valkey
        if postgres is None:
            postgres = start_postgres(self.directory / "postgres")
            self._undo.append(postgres.stop if self.options.keep else postgres.remove)
        if valkey is None:
            valkey = start_valkey(self.directory / "valkey")
            self._undo.append(valkey.stop)
        name = "socialboost_demo" if self.options.keep else f"socialboost_{self.mark}"
        self.postgres, self.valkey = postgres, valkey
        self.database_url = self._own_database(postgres, name)
        self.redis_url = valkey.url
        self.redis_urls = {user: valkey.url_as(user) for user in (ENTRY, WORKER)}
        self.cache_url, self.cache_urls = "", {ENTRY: "", WORKER: ""}
        if valkey.process is None:
            self.redis_url = _empty_database(valkey)
            self.redis_urls = dict.fromkeys(self.redis_urls, self.redis_url)
            self._undo.append(lambda: _flush(self.redis_url))
        else:
            cache = start_cache(self.directory / "cache")
            self._undo.append(cache.stop)
            self.cache_url, self.cache_urls = (
                cache.url,
                {user: cache.url_as(user) for user in self.redis_urls},
            )
        self.options.say(f"PostgreSQL: {postgres.rung}")
        self.options.say(f"Valkey: {valkey.rung}")

    def _own_database(self, postgres: PostgresServer, name: str) -> str:
        """A database nobody else uses: never the one a DATABASE_URL of the machine names."""
        try:
            url = postgres.create_database(name)
        except psycopg.errors.DuplicateDatabase:
            return postgres.dsn_for(name)
        if not self.options.keep:
            self._undo.append(lambda: postgres.drop_database(name))
        return url

    def _start_stand_ins(self) -> None:
        ports = self.options.ports
        self.web_url = f"http://127.0.0.1:{ports.get('web') or free_port()}"
        self.crypto_pay = self._program(
            "crypto_pay",
            *("--token", self.secrets["CRYPTOBOT_TOKEN"]),
            *("--webhook-url", f"{self.web_url}/webhook/cryptobot"),
        )
        self.main_bot = self._program(
            "main_bot",
            *("--api-key", self.secrets["MAIN_BOT_API_KEY"], "--callback-url", self.web_url),
            *("--auto", "on" if self.options.main_bot_auto else "off"),
            *("--step-seconds", str(self.options.main_bot_step_seconds)),
        )
        self.telegram = self._program(
            "telegram",
            *("--token", self.secrets["TELEGRAM_BOT_TOKEN"], "--log-dir", str(self.log_dir)),
            *("--checkout-url", self.crypto_pay.url, "--mainbot-url", self.main_bot.url),
            *("--rate-limits", "on" if self.options.rate_limits else "off"),
        )
        self._introduce_admin()

    def _program(self, name: str, *arguments: str) -> Program:
        port = str(self.options.ports.get(name, 0))
        program = Program(
            f"sandbox.{name}",
            ["--port", port, "--wire-log", str(self.wire_log(name)), *arguments],
            log=self.directory / f"{name}.out",
            environment=own_environment() | {MARK: self.mark},
        )
        self._undo.append(program.stop)
        program.wait_for_address()
        return program

    def wire_log(self, name: str) -> Path:
        """The wire log of a stand-in: one JSON object a line."""
        return self.directory / f"{name}.wire.jsonl"

    def _introduce_admin(self) -> None:
        """An admin who has opened the bot's chat, and the admins' channel."""
        admin = {"id": ADMIN_ID, "first_name": "Admin", "username": "shop_admin", "language_code": "uk"}
        channel = {"id": CHANNEL_ID, "type": "channel", "title": "SocialBoost · orders"}
        for path, body in (("people", admin), ("chats", channel)):
            answer = requests.post(f"{self.telegram.url}/sim/{path}", json=body, timeout=10)
            if answer.status_code not in (201, 409):  # 409: there already, from an earlier run
                answer.raise_for_status()

    def _environment(self) -> dict[str, str]:
        """Return what an operator would put into the environment, and no more of ours than Python needs."""
        host, _, port = self.web_url.removeprefix("http://").partition(":")
        venv_bin = str(Path(sys.executable).parent)
        webhook = {"TELEGRAM_WEBHOOK_URL": self.web_url} if self.options.webhook_mode else {}
        return {
            **own_environment(),
            MARK: self.mark,
            "PATH": os.pathsep.join([venv_bin, os.environ.get("PATH", os.defpath)]),
            "PYTHONPATH": str(ROOT),
            **self.secrets,
            "HOST": host,
            "PORT": port,
            "TELEGRAM_API_URL": self.telegram.url,
            "REDIS_URL": self.redis_urls[WORKER],
            "CACHE_REDIS_URL": self.cache_urls[WORKER],
            "CRYPTOBOT_API_URL": self.crypto_pay.url,
            "MAIN_BOT_API_URL": str(self.main_bot.announced["api_url"]),
            "ADMIN_TELEGRAM_IDS": str(ADMIN_ID),
            "ADMIN_CHANNEL_ID": str(CHANNEL_ID),
            "LOG_DIR": str(self.log_dir),
            "LOG_LEVEL": "DEBUG",  # the page and the tests follow each step of a job
            **webhook,
            **self.options.extra_env,
        }

    def _migrate(self) -> None:
        self.run_cli("migrate")
        self.run_cli("seed")
        self.worker_database_url = self.database_url
        if not self.options.owner_as_worker:
            self.worker_database_url = self._worker_login()
        self.options.say("database migrated and seeded")

    def _worker_login(self) -> str:
        """A login that may do only what the socialboost_worker group may, as in production."""
        name, password = f"{WORKER_LOGIN}_{self.mark}", secrets.token_hex(16)
        role = sql.Identifier(name)
        with psycopg.connect(self.database_url, autocommit=True, connect_timeout=10) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
                    role, sql.Literal(password), sql.Identifier(WORKER_GROUP)
                )
            )
        self._undo.append(lambda: self._drop_role(role))
        before, _, after = self.database_url.partition("@")
        return f"{before.partition('://')[0]}://{name}:{password}@{after}"

    def _drop_role(self, role: sql.Identifier) -> None:
        with psycopg.connect(self.postgres.dsn, autocommit=True, connect_timeout=10) as connection:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))

    def _start_product(self) -> None:
        between = self.options.between(self) if self.options.between else {}
        self.product = Product(
            self.directory / "product",
            self.env | {"DATABASE_URL": self.worker_database_url} | dict(between),
            commands=self.options.commands,
            without=self.options.without,
            own=dict.fromkeys(("web", "bot"), self._entry_settings()),
            copies=self.options.copies,
        )
        self._undo.append(self.product.stop)
        self.product.start()
        if "web" not in self.product.names:
            return
        self.product.wait_until(self._healthy)
        if set(self.product.names) >= NEEDED_TO_ANSWER:
            self._admin_starts()

    def _entry_settings(self) -> dict[str, str]:
        return {"REDIS_URL": self.redis_urls[ENTRY], "CACHE_REDIS_URL": self.cache_urls[ENTRY]}

    def _healthy(self) -> bool:
        try:
            return requests.get(f"{self.web_url}/health", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def _admin_starts(self) -> None:
        """The admin opens the bot, as an admin must before it may write to him; his answer is our proof
        that the way from Telegram through the queue and back is open."""
        chat = f"{self.telegram.url}/sim/people/{ADMIN_ID}/messages"
        requests.post(chat, json={"text": "/start"}, timeout=10).raise_for_status()

        def answered() -> bool:
            messages = requests.get(chat, timeout=10).json()["messages"]
            return any(message["from"] == "bot" for message in messages)

        self.product.wait_until(answered)


def _empty(directory: Path) -> None:
    """Remove what an earlier world left in its directory."""
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True)


def _empty_database(valkey: ValkeyServer) -> str:
    """A numbered database of somebody else's server that holds nothing now."""
    for number in range(15, 0, -1):
        with redis.Redis.from_url(valkey.url_for(number)) as client:
            if client.dbsize() == 0:
                return valkey.url_for(number)
    raise ServersUnavailableError("REDIS_URL names a server without an empty database between 1 and 15")


def _flush(url: str) -> None:
    """Give the database back as it was found."""
    with redis.Redis.from_url(url) as client:
        client.flushdb()


def wait_for(ready: Callable[[], Any], seconds: float = 30.0, what: str = "it") -> Any:
    """Poll until `ready` returns something true; that value. TimeoutError names `what`."""
    deadline = time.monotonic() + seconds
    while not (value := ready()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.02)
    return value
