"""Chooses which messages and rows to keep: each shows something that the ones before did not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Json = dict[str, Any]

CLOSED_SETS: Final = frozenset(
    {
        *("action", "detail", "field", "kind", "origin", "outcome", "page", "platform", "reachable"),
        *("segment", "source", "status", "subject"),
    }
)
"""Fields each value of which means something else, so each is kept once."""
_WORD: Final = re.compile(r"[a-z_]{1,32}")
_STATES: Final = frozenset({"state"})
"""Columns of a row that are treated so too."""


@dataclass
class Chosen:
    """What was kept so far, in the order in which it came."""

    kept: list[Json] = field(default_factory=list)
    _shown: set[tuple[str, ...]] = field(default_factory=set)

    def offer_message(self, body: Json) -> None:
        """Keep a message if its queue, an option, a filled field or a value of a closed set is new."""
        actor = body["actor_name"]
        shown = {(actor, "queue", body["queue_name"])}
        shown |= {(actor, "option", name) for name in body["options"]}
        shown |= {(actor, "field", *part) for part in _parts(body["kwargs"])}
        self._offer(shown, body)

    def offer_row(self, row: Json) -> None:
        """Keep a row of job_ledger by the same rule; a filled column counts as a field does."""
        actor = row["actor"]
        columns = {name: value for name, value in row.items() if name not in {"key", "args"}}
        shown = {(actor, "field", *part) for part in _parts(row["args"])}
        shown |= {("", "column", *part) for part in _parts(columns, _STATES)}
        self._offer(shown, row)

    def offer_key(self, entry: Json) -> None:
        """Keep a key of Redis if none of its family was kept: the same name with other numbers in it."""
        family = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|-?\d+|[0-9a-f]{32}", "#", entry["key"])
        self._offer({(family, entry["type"])}, entry)

    def _offer(self, shown: set[tuple[str, ...]], what: Json) -> None:
        if not shown <= self._shown:
            self._shown |= shown
            self.kept.append(what)


def _parts(values: Mapping[str, Any], closed: frozenset[str] = CLOSED_SETS) -> Iterator[tuple[str, ...]]:
    for name, value in values.items():
        if value in (None, "", 0, [], {}, False) and name not in closed:
            yield name, "empty"
        elif name in closed and _WORD.fullmatch(str(value).lower()):
            yield name, str(value)
        elif name == "data":  # a notice's: its kind says which words it has
            yield name, str(values.get("kind")), *sorted(value)
        else:
            yield name, "filled"


def as_bytes(body: Json) -> bytes:
    """Return a message as Dramatiq's encoder writes it."""
    return json.dumps(body, separators=(",", ":")).encode()
