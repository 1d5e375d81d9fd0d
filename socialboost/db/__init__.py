"""PostgreSQL: `Database` and `Transaction` (pool.py), the named queries (queries.py), migrations, seed."""

from __future__ import annotations

from socialboost.db.pool import Database, DatabaseAwayError, Transaction

__all__ = ["Database", "DatabaseAwayError", "Transaction"]
