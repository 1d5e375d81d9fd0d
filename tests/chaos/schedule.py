"""The schedule of faults in a chaos run, drawn from a seed. The same seed gives the same schedule.

A fault names its target by a number: "the third of seven workers" is the same in every run, while its process
id is not.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

KILL_SECONDS = (1.2, 2.8)
"""Time between two kills of a worker at random moments: two seconds on average."""
FROZEN_SECONDS = (22.0, 25.0)
"""Longer than a claim's lease (10 s) and the broker's heartbeat (20 s), so a live process counts as dead."""
WEBHOOK_SHARES = {"lost": 0.20, "doubled": 0.30, "delayed": 0.08, "reordered": 0.08}
"""The faults of payment notices. All other notices arrive normally."""
FIRST, LAST = 0.05, 0.95
"""Faults fall within this part of the time in which people buy."""


@dataclass(frozen=True)
class Fault:
    """One fault, which happens when the buyers due within `at` seconds have come.

    On a fast machine that is the time since the first buyer. On a slower one, where people wait, the faults
    come later too, so that they always hit people who buy.
    """

    at: float
    kind: str
    where: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        details = " ".join(f"{name}={value}" for name, value in self.settings.items())
        return f"{self.at:7.2f} s  {self.kind:<16} {self.where:<12} {details}".rstrip()


@dataclass(frozen=True)
class Kit:
    """The number of faults of each kind in a run. The defaults are those of the published figures."""

    kills: bool = True
    kills_at_webhook: int = 5
    freezes: int = 1
    wipes: int = 3
    valkey_kills: int = 3
    postgres_restarts: int = 3
    entry_kills: int = 1
    """Kills of the bot's process, and of web's."""
    services: int = 3
    """Rounds of faults of Crypto Pay, Main Bot, Telegram and the network."""
    stress: int = 1
    """Rounds of stress: hanging services, silent connections, full stores and crowds."""
    webhook_shares: dict[str, float] = field(default_factory=lambda: dict(WEBHOOK_SHARES))


SERVICES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # Longer than our client waits for an answer: the call was accepted, and we do not know it.
    ("crypto_pay", "late", {"operation": "createInvoice", "seconds": 9.5, "times": 2}),
    ("crypto_pay", "lost", {"operation": "createInvoice", "times": 4}),
    ("crypto_pay", "refused", {"operation": "createInvoice", "times": 4}),
    ("crypto_pay", "status", {"operation": "createInvoice", "status": 500, "times": 4}),
    ("crypto_pay", "status", {"operation": "createInvoice", "status": 429, "retry_after": 2, "times": 6}),
    ("crypto_pay", "status", {"operation": "getInvoices", "status": 502, "times": 2}),
    ("main_bot", "late", {"operation": "push", "seconds": 12.0, "times": 2}),
    ("main_bot", "lost", {"operation": "push", "times": 3}),
    ("main_bot", "status", {"operation": "push", "status": 503, "times": 3}),
    ("main_bot", "status", {"operation": "push", "status": 429, "retry_after": 2, "times": 3}),
    # Each shuts the rate limiter anew for as long as it says: two dozen would be a minute of silence.
    ("telegram", "retry_after", {"retry_after": 2, "times": 3}),
    ("telegram", "retry_after", {"method": "sendMessage", "retry_after": 3, "times": 1}),
    ("telegram", "lose_answer", {"method": "sendMessage", "times": 4}),
    ("telegram", "reset", {"method": "sendMessage", "times": 4}),
    ("telegram", "server_error", {"method": "sendMessage", "status": 502, "json": False, "times": 4}),
    ("telegram", "duplicate_update", {"times": 20}),
)
"""The faults of the services, each once in a round."""

NETWORK: tuple[tuple[str, dict[str, Any]], ...] = (
    ("latency", {"seconds": 2.0, "delay": 0.15}),
    ("reset", {"times": 3, "bytes": 90}),
    ("refuse", {"seconds": 1.5}),
    ("deaf", {"times": 2, "seconds": 4.0}),
    ("lose_answer", {"times": 3}),
)
"""The faults of the network, each once in a round at each address; at Valkey's for web and bot only."""
ADDRESSES = ("crypto_pay", "main_bot", "telegram", "postgres", "valkey")

STRESS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # Partners behind the proxy, which goes on taking connections; longer than our clients wait.
    ("net_hang", "crypto_pay", {"seconds": 10.0}),
    ("net_hang", "main_bot", {"seconds": 12.0}),
    ("net_hang", "telegram", {"seconds": 10.0}),
    # Servers stopped with all their processes: everybody's connections, not only those through the proxy.
    ("hang", "valkey", {"seconds": 5.0}),
    ("hang", "postgres", {"seconds": 6.0}),
    *(("net_silence", where, {}) for where in ADDRESSES),
    # The setting is reloaded, and established sessions obey at once ...
    ("read_only", "postgres", {"how": "setting", "seconds": 4.0}),
    # ... or new sessions get it, all others are ended, and those made meanwhile keep it when it is over.
    ("read_only", "postgres", {"how": "sessions", "seconds": 4.0}),
    ("slow_clients", "web", {"connections": 200, "seconds": 8.0}),
    ("flood", "telegram", {"texts": 400, "at_once": 64}),
)
"""The kinds of stress, each once in a round."""

BAD_ROWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("crypto_pay", {"paid_amount": "1E-99999"}),
    ("crypto_pay", {"invoice_id": "no number"}),
    ("crypto_pay", {"paid_at": "9999-12-31T23:59:59-14:00", "created_at": "0001-01-01T00:00:00+14:00"}),
    ("crypto_pay", {"paid_asset": {"a": ["\x00\ud83d"]}, "payload": ["\x00"], "amount": True}),
    # In our own tables, as an older or a broken release may have left it.
    ("ledger", {"actor": "send_receipt", "queue": "payments", "args": ["nonsense"]}),
    ("ledger", {"actor": "send_receipt", "queue": "payments", "args": {"nonsense": 1}}),
    (
        "ledger",
        {"actor": "add_post", "queue": "interactive", "args": None, "state": "running", "attempts": 3},
    ),
)
"""Rows that a loop finds again and again and can neither read nor process, until the end of the run.

For Crypto Pay: the changed fields of one buyer's paid invoice in every list, without a webhook.
"""


STRESS_KINDS = frozenset({kind for kind, _, _ in STRESS} | {"bad_row"})

CALM = Kit(False, 0, 0, 0, 0, 0, 0, 0, 0, {})
"""A kit without faults, which shows how the machine behaves."""


def kit_for(seconds: float) -> Kit:
    """Return the usual kit for a run of this length, with some time between two faults."""
    return Kit(
        services=max(1, round(seconds / 50)),
        stress=max(1, round(seconds / 100)),
        kills_at_webhook=max(2, round(seconds / 10)),
    )


def draw(seed: int, seconds: float, workers: int, kit: Kit | None = None) -> list[Fault]:
    """Return the faults of a run in which people buy for `seconds`, in the order in which they happen."""
    kit, rng = kit or Kit(), random.Random(seed)
    # Each part has its own source, so that more of one kind does not move the others.
    names = ("kills", "servers", "services", "network", "stress")
    parts = {name: random.Random(rng.random()) for name in names}
    faults = [
        *_kills(parts["kills"], seconds, workers, kit),
        *_servers(parts["servers"], seconds, workers, kit),
        *_services(parts["services"], seconds, kit),
        *_network(parts["network"], seconds, kit),
        *_stress(parts["stress"], seconds, kit),
    ]
    return sorted(faults, key=lambda fault: fault.at)


def _moment(rng: random.Random, seconds: float) -> float:
    return round(rng.uniform(FIRST, LAST) * seconds, 2)


def _kills(rng: random.Random, seconds: float, workers: int, kit: Kit) -> Iterable[Fault]:
    at = FIRST * seconds
    while kit.kills and (at := at + rng.uniform(*KILL_SECONDS)) < LAST * seconds:
        # The whole program as when its machine dies, or the process that works, as when memory runs out.
        whole = rng.random() < 0.5
        yield Fault(round(at, 2), "kill", settings={"worker": rng.randrange(workers), "whole": whole})
    for _ in range(kit.kills_at_webhook):
        worker = rng.randrange(workers)
        yield Fault(_moment(rng, seconds), "kill_at_webhook", settings={"worker": worker, "whole": True})
    for where in ("web", "bot"):
        for _ in range(kit.entry_kills):
            yield Fault(_moment(rng, seconds), "kill_entry", where)


def _servers(rng: random.Random, seconds: float, workers: int, kit: Kit) -> Iterable[Fault]:
    for kind, where, count in (
        ("wipe", "valkey", kit.wipes),
        ("restart", "valkey", kit.valkey_kills),
        ("restart", "postgres", kit.postgres_restarts),
    ):
        for _ in range(count):
            yield Fault(_moment(rng, seconds), kind, where)
    for _ in range(kit.freezes):
        frozen = round(rng.uniform(*FROZEN_SECONDS), 2)
        settings = {"worker": rng.randrange(workers), "seconds": frozen}
        yield Fault(round(rng.uniform(FIRST, 0.5) * seconds, 2), "freeze", settings=settings)


def _services(rng: random.Random, seconds: float, kit: Kit) -> Iterable[Fault]:
    for _ in range(kit.services):
        for where, kind, settings in SERVICES:
            yield Fault(_moment(rng, seconds), kind, where, dict(settings))


def _network(rng: random.Random, seconds: float, kit: Kit) -> Iterable[Fault]:
    for _ in range(kit.services):
        for where in ADDRESSES:
            for kind, settings in NETWORK:
                yield Fault(_moment(rng, seconds), f"net_{kind}", where, dict(settings))


def _stress(rng: random.Random, seconds: float, kit: Kit) -> Iterable[Fault]:
    for _ in range(kit.stress):
        for kind, where, settings in STRESS:
            yield Fault(_moment(rng, seconds), kind, where, dict(settings))
        # Early, so that what is spoilt is there for nearly all of the run.
        for number in range(len(BAD_ROWS)):
            moment = round(rng.uniform(FIRST, 0.3) * seconds, 2)
            yield Fault(moment, "bad_row", BAD_ROWS[number][0], {"row": number})


def by_kind(faults: Iterable[Fault]) -> dict[str, int]:
    """Return how many there are of each kind, as the scorecard names them."""
    return dict(sorted(Counter(f"{one.kind} {one.where}".strip() for one in faults).items()))


def save(faults: Iterable[Fault], path: Path) -> None:
    """Write the list, one JSON object in each line."""
    path.write_text("".join(json.dumps(asdict(fault)) + "\n" for fault in faults))
