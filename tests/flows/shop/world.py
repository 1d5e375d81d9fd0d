"""Runs a shop for tests: workers as a process, services as stand-ins, the test as the entry points.

The test sends the jobs that bot and web would send. It checks what people, Crypto Pay and Main Bot received,
and the rows in the database.
"""

from __future__ import annotations

import base64
import itertools
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import requests
from psycopg import sql
from psycopg.rows import dict_row

from sandbox.programs import Program
from socialboost import jobs
from socialboost.chat import callbacks
from tests.timings import Timings

ROOT = Path(__file__).resolve().parents[3]
BOT_TOKEN = "1234567890:" + "t" * 35
PAY_TOKEN = "12345:" + "c" * 35
MAIN_BOT_KEY = "m" * 32
ADMIN_ID, CHANNEL_ID = 900_000_001, -1_001_234_567_890
WAIT_SECONDS = 40.0

T = TypeVar("T")
Message = dict[str, Any]


def wait_until(condition: Callable[[], T], what: str, seconds: float = WAIT_SECONDS) -> T:
    """Poll until the condition is true; return what it returned."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.03)
    return value


class Shop:
    """Everything that runs, and a look at everything that is left."""

    def __init__(
        self, database_url: str, redis_url: str, directory: Path, timings: Timings | None = None
    ) -> None:
        self.workers_module = "tests.flows.shop.hurried_workers" if timings else "workers"
        self.database_url = database_url
        self.redis_url = redis_url
        self.root = ROOT
        """Where the workers' code is."""
        self.log = directory / "workers.log"
        self.telegram = Program(
            "sandbox.telegram",
            ["--token", BOT_TOKEN, "--rate-limits", "off"],
            log=directory / "telegram.log",
        )
        self.crypto_pay = Program(
            "sandbox.crypto_pay", ["--token", PAY_TOKEN], log=directory / "crypto_pay.log"
        )
        self.main_bot = Program(
            "sandbox.main_bot",
            ["--api-key", MAIN_BOT_KEY, "--callback-url", "http://127.0.0.1:9", "--auto", "off"],
            log=directory / "main_bot.log",
        )
        self.programs = [self.telegram, self.crypto_pay, self.main_bot]
        for program in self.programs:
            program.wait_for_address()
        self.environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "REDIS_URL": redis_url,
            "DATABASE_URL": self._worker_login(),
            "LOG_DIR": "-",
            "LOG_LEVEL": "DEBUG",  # tests follow each step of a job
            "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
            "TELEGRAM_API_URL": self.telegram.url,
            "TELEGRAM_CHAT_BURST": "1000",  # the stand-in's own limits are off
            "CRYPTOBOT_TOKEN": PAY_TOKEN,
            "CRYPTOBOT_API_URL": self.crypto_pay.url,
            "MAIN_BOT_API_URL": self.main_bot.announced["api_url"],
            "MAIN_BOT_API_KEY": MAIN_BOT_KEY,
            "PAYMENT_DATA_KEY": base64.urlsafe_b64encode(b"k" * 32).decode(),
            "ADMIN_TELEGRAM_IDS": str(ADMIN_ID),
            "ADMIN_CHANNEL_ID": str(CHANNEL_ID),
            **(timings.environment() if timings else {}),
        }
        self.http = requests.Session()
        self.workers: subprocess.Popen[bytes] | None = None
        self._ids = itertools.count(1)
        self._connect()
        self.post(self.telegram, "/sim/people", {"first_name": "Адмін", "id": ADMIN_ID, "started": True})
        self.post(self.telegram, "/sim/chats", {"id": CHANNEL_ID, "title": "Продажі"})

    def reconnect(self) -> None:
        """Open the test's own connection anew, after PostgreSQL was away."""
        self.database.close()
        self._connect()

    def _connect(self) -> None:
        self.database = psycopg.connect(self.database_url, autocommit=True, row_factory=dict_row)

    def _worker_login(self) -> str:
        """A login as in production: it may do what the group may. Dropped with the shop."""
        name, password = f"shop_{secrets.token_hex(6)}", secrets.token_hex(8)
        self._role = sql.Identifier(name)
        with psycopg.connect(self.database_url, autocommit=True) as owner:
            statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE socialboost_worker")
            owner.execute(statement.format(self._role, sql.Literal(password)))
        return f"postgresql://{name}:{password}@{self.database_url.partition('@')[2]}"

    def start_workers(self) -> None:
        """Start one worker process for all queues."""
        with self.log.open("ab") as log:
            self.workers = subprocess.Popen(
                [sys.executable, "-m", "dramatiq", self.workers_module, "-p", "1", "-t", "8"],
                cwd=self.root,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(lambda: self.workers_ended() or "worker_started" in self.log_text(), "workers start", 60)
        assert not self.workers_ended(), self.log_text()[-4000:]

    def workers_ended(self) -> bool:
        return self.workers is None or self.workers.poll() is not None

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def close_workers(self) -> None:
        """Kill them, if they run."""
        if self.workers is not None and self.workers.poll() is None:
            os.killpg(self.workers.pid, signal.SIGKILL)
            self.workers.wait(10)

    def close(self) -> None:
        self.close_workers()
        for program in self.programs:
            program.stop()
        self.database.close()
        self.http.close()
        with psycopg.connect(self.database_url, autocommit=True) as owner:
            owner.execute("SET default_transaction_read_only = off")  # some tests make the database so
            owner.execute(sql.SQL("DROP ROLE {}").format(self._role))

    # --- numbers ---

    def next_id(self) -> int:
        """A number nobody had in this shop: an update, a person, an order of arrival."""
        return next(self._ids)

    # --- the database ---

    def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        return self.database.execute(query, arguments).fetchall()  # type: ignore[call-overload, no-any-return]

    def value(self, query: str, *arguments: Any) -> Any:
        rows = self.rows(query, *arguments)
        return next(iter(rows[0].values())) if rows else None

    def job(self, key: str) -> dict[str, Any]:
        """The ledger row of a job, or an empty one."""
        rows = self.rows("SELECT * FROM job_ledger WHERE key = %s", key)
        return rows[0] if rows else {}

    def wait_for_job(self, key: str, state: str = "done") -> dict[str, Any]:
        """Wait until a job has this state."""
        return wait_until(
            lambda: row if (row := self.job(key)).get("state") == state else None,
            f"{key} to be {state}, is {self.job(key)}",
        )

    def wait_for_job_in(self, key: str, states: Container[str]) -> None:
        """Wait until a job is in one of these states."""
        wait_until(lambda: self.job(key).get("state") in states, f"{key} to be one of {states}")

    def hurry(self) -> None:
        """Make everything that waits for its next attempt due now."""
        self.rows(
            "UPDATE job_ledger SET run_at = now(), wake_at = now() WHERE state = 'queued' RETURNING key"
        )

    def set_price(self, slug: str, price: str) -> None:
        self.rows("UPDATE packages SET price = %s WHERE slug = %s RETURNING slug", price, slug)

    # --- the services ---

    def post(self, program: Program, path: str, body: Any = None) -> Any:
        answer = self.http.post(program.url + path, json=body or {}, timeout=10)
        assert answer.status_code < 400, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def get(self, program: Program, path: str, **query: Any) -> Any:
        answer = self.http.get(program.url + path, params=query, timeout=10)
        assert answer.status_code < 400, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    @contextmanager
    def fault(self, program: Program, **fault: Any) -> Iterator[None]:
        """Something goes wrong at this service inside the block."""
        self.post(program, "/sim/faults", fault)
        try:
            yield
        finally:
            self.http.delete(program.url + "/sim/faults", timeout=10).raise_for_status()

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Nobody can write to the table inside the block."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(sql.Identifier(table)))
            yield

    def telegram_calls(self, method: str, chat_id: int) -> list[dict[str, Any]]:
        """Every call of this method for this chat, refused ones too."""
        wire = self.get(self.telegram, "/sim/wire", kind="call", method=method, chat_id=chat_id)
        found: list[dict[str, Any]] = wire["records"]
        return found

    def spinner_answers(self, callback_id: str) -> list[dict[str, Any]]:
        """Every answerCallbackQuery for this tap."""
        wire = self.get(self.telegram, "/sim/wire", kind="call", method="answerCallbackQuery")
        return [record for record in wire["records"] if callback_id in str(record)]

    def messages(self, chat_id: int) -> list[Message]:
        """Return what the bot has in a chat now, oldest first."""
        kind = "people" if chat_id > 0 else "chats"
        answer = self.get(self.telegram, f"/sim/{kind}/{chat_id}/messages")
        return [m for m in answer["messages"] if m["from"] == "bot" and not m["deleted"]]

    def invoices(self, order_id: str) -> list[dict[str, Any]]:
        """The order's invoices at Crypto Pay, paid or not."""
        items: list[dict[str, Any]] = self.get(self.crypto_pay, "/sim/invoices", payload=order_id)["items"]
        return items

    def calls(self, program: Program, **matching: Any) -> list[dict[str, Any]]:
        """Wire lines of Crypto Pay or Main Bot that have these fields."""
        lines = self.get(program, "/sim/wire")["lines"]
        return [line for line in lines if matching.items() <= line.items()]

    def executions(self, task_id: str) -> list[dict[str, Any]]:
        """Return what Main Bot does for this task: more than one is work done twice."""
        return [t for t in self.get(self.main_bot, "/sim/tasks")["tasks"] if t["task_id"] == task_id]


class Buyer:
    """A person, and the bot's part of passing on what they do."""

    def __init__(self, shop: Shop, name: str = "Олена", language: str = "uk") -> None:
        self.shop = shop
        self.language = language
        body = {"first_name": name, "language_code": language, "started": True}
        self.id = int(shop.post(shop.telegram, "/sim/people", body)["id"])

    def fields(self, *, tapped: int | None = None) -> dict[str, Any]:
        """The fields of a Tap: of a typed message, or of a button under message `tapped`."""
        number = self.shop.next_id()
        return {
            "telegram_id": self.id,
            "chat_id": self.id,
            "update_id": number,
            "message_id": tapped,
            "callback_id": None if tapped is None else f"cb{number}",
            "seq": number,
            "language": self.language,
        }

    def do(
        self, contract: type[jobs.Job], *, typed: bool = False, under: int | None = None, **more: Any
    ) -> Any:
        """Do something: tap a button under the newest message or that one, or type. Returns the job sent."""
        fields = self.fields() if typed else self._tap(under or self.newest()["message_id"])
        if issubclass(contract, jobs.LedgerJob):
            fields["key"] = f"tg:{fields['update_id']}:0"
        job = contract(**{**fields, **more})
        jobs.send(job)
        return job

    def _tap(self, message_id: int) -> dict[str, Any]:
        """Tap a button under a message; Telegram knows of the tap and waits for its answer."""
        message = next(m for m in self.messages() if m["message_id"] == message_id)
        shown = callbacks.offered_order(button.get("data") for row in message["keyboard"] for button in row)
        body = {"data": "any", "message_id": message_id, "stale": True}
        tapped = self.shop.post(self.shop.telegram, f"/sim/people/{self.id}/taps", body)
        fields = self.fields(tapped=message_id)
        return {**fields, "callback_id": tapped["callback_query_id"], "shown_order": shown}

    def start(self, payload: str | None = None) -> None:
        """Send /start and wait for the welcome."""
        self.do(jobs.RegisterUser, typed=True, first_name="Олена", start_payload=payload)
        self.read("SocialBoost")

    def messages(self) -> list[Message]:
        return self.shop.messages(self.id)

    def newest(self) -> Message:
        return self.messages()[-1]

    def read(self, words: str) -> Message:
        """Wait until one of the bot's messages, as it is now, has these words; the newest such."""

        def find() -> Message | None:
            return next((m for m in reversed(self.messages()) if words in m["text"]), None)

        try:
            return wait_until(find, words)
        except AssertionError:
            texts = [m["text"][:120] for m in self.messages()]
            raise AssertionError(f"nobody wrote {words!r}; the chat has {texts}") from None

    def count(self, words: str) -> int:
        """Return how many messages have these words."""
        return sum(words in m["text"] for m in self.messages())

    # --- the main job ---

    def open_order(self, slug: str) -> str:
        """Confirm a package and wait for the order's card; its id."""
        job = self.do(jobs.OpenOrder, slug=slug)
        self.shop.wait_for_job(job.key)
        return str(
            self.shop.value(
                "SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id"
                " WHERE u.telegram_id = %s AND o.package_slug = %s AND o.status = 'pending'",
                self.id,
                slug,
            )
        )

    def tap_pay(self, order_id: str) -> jobs.CreateInvoice:
        """Tap "pay" under the card."""
        job = self.do(jobs.CreateInvoice, key=f"invoice:{order_id}:{self.id}", order_id=order_id)
        assert isinstance(job, jobs.CreateInvoice)
        return job

    def invoice(self, order_id: str) -> dict[str, Any]:
        """Tap "pay" and wait for the link; the invoice at Crypto Pay."""
        job = self.tap_pay(order_id)
        self.shop.wait_for_job(job.key)
        (invoice,) = self.shop.invoices(order_id)
        return invoice

    def pay(self, invoice: dict[str, Any], **changes: Any) -> jobs.ActivateOrder:
        """Pay an invoice; returns the webhook's job, already sent."""
        job = payment(invoice, **changes)
        jobs.send(job)
        return job

    def buy(self, slug: str) -> str:
        """From the confirmation to the receipt; the order's id."""
        order_id = self.open_order(slug)
        job = self.pay(self.invoice(order_id))
        self.shop.wait_for_job(job.key)
        self.shop.wait_for_job(f"receipt:{order_id}")
        return order_id

    def add_post(self, url: str, platform: str = "telegram", **more: Any) -> jobs.AddPost:
        """Answer the question for a link."""
        job = self.do(jobs.AddPost, typed=True, platform=platform, text=url, **more)
        assert isinstance(job, jobs.AddPost)
        return job

    def task_of(self, url: str) -> str:
        """The task of this person's newest post with this link."""
        return str(
            self.shop.value(
                "SELECT t.id FROM tasks t JOIN posts p ON p.id = t.post_id JOIN users u ON u.id = p.user_id"
                " WHERE u.telegram_id = %s AND p.url = %s ORDER BY p.created_at DESC LIMIT 1",
                self.id,
                url,
            )
        )


def payment(invoice: dict[str, Any], **changes: Any) -> jobs.ActivateOrder:
    """The job that web makes of the webhook for this invoice."""
    values = {
        "key": f"cp:{invoice['invoice_id']}",
        "invoice_id": str(invoice["invoice_id"]),
        "asset": invoice["asset"],
        "amount": str(invoice["amount"]),
        "order_id": invoice["payload"],
        "paid_at": "2026-11-20T09:14:30.955Z",
        "raw_event": '{"update_type":"invoice_paid"}',
    }
    return jobs.ActivateOrder(**{**values, **changes})
