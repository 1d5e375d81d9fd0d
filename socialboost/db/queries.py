"""Loads sql/queries/*.sql: every statement the program can run, by name.

    -- name: get_order :one
    -- One order of this person with its live invoice.
    SELECT ... WHERE id = %(order_id)s

The kind is the result: `one` row or None, `many` rows, one `value`, or `run` for a row count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, cast

SQL_DIRECTORY: Final = Path(__file__).resolve().parents[2] / "sql"

Kind = Literal["one", "many", "value", "run"]

_HEADER: Final = re.compile(
    r"^-- name: (?P<name>[a-z][a-z0-9_]*) :(?P<kind>one|many|value|run)$", re.MULTILINE
)
_MARKER: Final = re.compile(r"^--\s*name\b.*$", re.MULTILINE)


@dataclass(frozen=True)
class Query:
    """One named statement. `text` is bytes because that is what psycopg takes for SQL read from a file."""

    name: str
    kind: Kind
    description: str
    text: bytes
    file: str


def parse(text: str, file: str) -> list[Query]:
    """Return the queries of one file in order. Raises ValueError, which names the error and its line."""
    headers = list(_HEADER.finditer(text))
    for marker in _MARKER.finditer(text):
        if not _HEADER.fullmatch(marker.group()):
            raise ValueError(f"{file}: not '-- name: <name> :one|many|value|run': {marker.group()!r}")
    ends = [header.start() for header in headers[1:]] + [len(text)]
    return [
        _query(header, text[header.end() : end].strip(), file)
        for header, end in zip(headers, ends, strict=True)
    ]


def _query(header: re.Match[str], body: str, file: str) -> Query:
    name = header["name"]
    description, _, statement = body.partition("\n")
    if not description.startswith("-- "):
        raise ValueError(f"{file}: {name} is not followed by a line '-- what it does'")
    if not statement.strip():
        raise ValueError(f"{file}: {name} has no statement")
    return Query(
        name=name,
        kind=cast("Kind", header["kind"]),
        description=description.removeprefix("-- "),
        text=statement.strip().removesuffix(";").encode(),
        file=file,
    )


@cache
def load(directory: Path = SQL_DIRECTORY / "queries") -> Mapping[str, Query]:
    """Return every query of `directory` by name. Raises ValueError if two have the same name."""
    found: dict[str, Query] = {}
    for path in sorted(directory.glob("*.sql")):
        for query in parse(path.read_text(encoding="utf-8"), path.name):
            if query.name in found:
                raise ValueError(f"{query.file} and {found[query.name].file} both define {query.name}")
            found[query.name] = query
    return MappingProxyType(found)


def get(name: str, *kinds: Kind) -> Query:
    """Return the query. Raises KeyError if there is none, ValueError if it is of another kind."""
    query = load()[name]
    if query.kind not in kinds:
        raise ValueError(f"query {name} is :{query.kind}, not :{' or :'.join(kinds)}")
    return query
