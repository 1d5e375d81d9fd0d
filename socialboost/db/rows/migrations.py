"""The rows of sql/queries/migrations.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict


class GetSchemaMigrations(TypedDict):
    """A row of get_schema_migrations."""

    version: int
    name: str
    sha256: str
    applied_at: datetime


class ListStates(TypedDict):
    """A row of list_states."""

    table_name: str
    column_name: str
    states: str
    first_state: str | None
    moves: list[str]
    refuses_others: bool


class ListColumns(TypedDict):
    """A row of list_columns."""

    table_id: int
    table_name: str
    number: int
    may_be_null: bool


class ListTypes(TypedDict):
    """A row of list_types."""

    type_id: int
    name: str
