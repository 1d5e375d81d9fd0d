"""Generates the row types of all queries: socialboost/db/rows/<topic>.py and reads.py.

The database describes each :one and :many query without running it. So mypy finds a renamed, removed or
retyped column wherever a row is read, and a wrong parameter wherever one is passed.

A column may be None when it comes straight from a table's column that may be null, from a table on the far
side of a LEFT JOIN, or when the query says so in a line `-- nullable: a, b`. For an expression the database
does not tell, so only that line does. A line `-- certain: a, b` names columns that may be null
in their table, but not in this query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import DictRow, dict_row

from socialboost.db import queries
from socialboost.db.pool import Statements, connection_string
from socialboost.db.rows.migrations import ListColumns
from socialboost.errors import MigrationError

DIRECTORY: Final = Path(__file__).with_name("rows")
READS: Final = Path(__file__).with_name("reads.py")
_WIDTH: Final = 110
_PYTHON: Final = {
    "bool": "bool", "int2": "int", "int4": "int", "int8": "int", "float8": "float", "numeric": "Decimal",
    "text": "str", "varchar": "str", "name": "str", "bytea": "bytes", "json": "Any", "jsonb": "Any",
    "date": "date", "timestamptz": "datetime", "_text": "list[str]",
}  # fmt: skip
_PARAMETER: Final = re.compile(r"%\((\w+)\)s")
_SAID: Final = re.compile(r"^-- (nullable|certain): (.+)$", re.MULTILINE)
_FAR_SIDE: Final = re.compile(r"LEFT JOIN (?:LATERAL )?(?:(\w+)|\((?:.*?)FROM (\w+))", re.DOTALL)
_ROWS_HEAD: Final = '''\
"""The rows of sql/queries/{topic}.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

'''
_READS: Final = '''\
"""`one` and `many` with the type of each query's rows. Written by `python -m socialboost describe`."""

from __future__ import annotations

from typing import Any, Literal, overload

from socialboost.db.rows import (
{topics}
)


class Reads:
    """Reads rows by named queries; whoever runs them says how."""

{one}
    def one(self, name: str, /, **arguments: object) -> Any:
        """Return the row of a `:one` query, or None."""
        return self._one(name, arguments)

{many}
    def many(self, name: str, /, **arguments: object) -> Any:
        """Return the rows of a `:many` query."""
        return self._many(name, arguments)

    def _one(self, name: str, arguments: dict[str, object]) -> Any:
        raise NotImplementedError

    def _many(self, name: str, arguments: dict[str, object]) -> Any:
        raise NotImplementedError
'''

Connection = psycopg.Connection[DictRow]
Tables = dict[tuple[int, int], ListColumns]


@dataclass(frozen=True)
class _Column:
    name: str
    kind: str
    """A key of _PYTHON."""
    may_be_null: bool

    @property
    def python(self) -> str:
        kind = _PYTHON[self.kind]
        return f"{kind} | None" if self.may_be_null and kind != "Any" else kind


def modules(dsn: str) -> dict[Path, str]:
    """Return the text of each generated module, by path."""
    url, _ = connection_string(dsn)
    by_topic: dict[str, list[queries.Query]] = {}
    for query in queries.load().values():
        if query.kind in ("one", "many"):
            by_topic.setdefault(query.file.removesuffix(".sql"), []).append(query)
    with psycopg.connect(url, connect_timeout=10, row_factory=dict_row) as connection:
        ask = Statements(connection).many
        tables = {(row["table_id"], row["number"]): row for row in ask("list_columns")}
        kinds = {row["type_id"]: row["name"] for row in ask("list_types")}
        rows = {
            topic: {query: list(_columns(connection, query, tables, kinds)) for query in found}
            for topic, found in by_topic.items()
        }
    return {DIRECTORY / f"{topic}.py": _module(topic, found) for topic, found in rows.items()} | {
        READS: _reads(by_topic)
    }


def _columns(
    connection: Connection, query: queries.Query, tables: Tables, kinds: dict[int, str]
) -> Iterator[_Column]:
    text = query.text.decode()
    said = {name: word == "nullable" for word, names in _SAID.findall(text) for name in names.split(", ")}
    far = {name for names in _FAR_SIDE.findall(text) for name in names}
    answer = _described(connection, query)
    for number in range(answer.nfields):
        name = (answer.fname(number) or b"").decode()
        kind = kinds[answer.ftype(number)]
        if kind not in _PYTHON:
            raise MigrationError(f"{query.name}: {name} is {kind}, for which row_types.py knows no type")
        source = tables.get((answer.ftable(number), answer.ftablecol(number)))
        nullable = source is not None and (source["may_be_null"] or source["table_name"] in far)
        yield _Column(name, kind, said.pop(name, nullable))
    if said:
        raise MigrationError(f"{query.name} has no column {', '.join(said)}")


def _described(connection: Connection, query: queries.Query) -> PGresult:
    numbers: dict[str, int] = {}
    text = _PARAMETER.sub(
        lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", query.text.decode()
    ).replace("%%", "%")
    for answer in (connection.pgconn.prepare(b"", text.encode()), connection.pgconn.describe_prepared(b"")):
        if answer.status != ExecStatus.COMMAND_OK:
            raise MigrationError(f"{query.name}: {answer.error_message.decode().strip()}")
    return answer


def class_name(query: queries.Query) -> str:
    """Return the name of this query's row type: get_order gives GetOrder."""
    return "".join(word.capitalize() for word in query.name.split("_"))


def _module(topic: str, found: dict[queries.Query, list[_Column]]) -> str:
    words = {word for all_ in found.values() for column in all_ for word in re.findall(r"\w+", column.python)}
    days = [name for name in ("date", "datetime") if name in words]
    imports = [
        *([f"from datetime import {', '.join(days)}"] if days else []),
        *(["from decimal import Decimal"] if "Decimal" in words else []),
        f"from typing import {'Any, ' if 'Any' in words else ''}TypedDict\n",
    ]
    body = "".join(_class(query, columns) for query, columns in found.items())
    return _ROWS_HEAD.format(topic=topic) + "\n".join(imports) + body


def _class(query: queries.Query, columns: list[_Column]) -> str:
    fields = "".join(f"    {column.name}: {column.python}\n" for column in columns)
    return f'\n\nclass {class_name(query)}(TypedDict):\n    """A row of {query.name}."""\n\n{fields}'


def _reads(by_topic: dict[str, list[queries.Query]]) -> str:
    kinds: dict[str, list[str]] = {"one": [], "many": []}
    for topic, found in by_topic.items():
        for query in found:
            row = f"{topic}.{class_name(query)}"
            answer = f"{row} | None" if query.kind == "one" else f"list[{row}]"
            kinds[query.kind].append(_overload(query, answer))
    return _READS.format(
        topics="\n".join(f"    {topic}," for topic in sorted(by_topic)),
        one="\n".join(kinds["one"]),
        many="\n".join(kinds["many"]),
    )


def _overload(query: queries.Query, answer: str) -> str:
    names = dict.fromkeys(_PARAMETER.findall(query.text.decode()))
    parts = ["self", f'name: Literal["{query.name}"]', "/", *(["*"] if names else [])]
    parts += [f"{name}: object" for name in names]
    head, flat, tail = f"    def {query.kind}(", ", ".join(parts), f") -> {answer}: ..."
    if len(head + flat + tail) <= _WIDTH:
        text = head + flat + tail
    elif len(flat) + 8 <= _WIDTH:
        text = f"{head}\n        {flat}\n    {tail}"
    else:
        text = head + "".join(f"\n        {part}," for part in parts) + f"\n    {tail}"
    return f"    @overload\n{text}"
