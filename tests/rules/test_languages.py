"""Tests that a language is named only in its own texts, so that a new one is a single file."""

from __future__ import annotations

import re

import pytest

from socialboost.chat.languages import SHOP
from tests.rules.source import PRODUCT, ROOT, python_files, strings

CODES = frozenset(SHOP.codes)
QUOTED = re.compile(r"'([a-z]{2,3})'")
HISTORY = ROOT / "sql/migrations"
"""What a migration once wrote stays."""


def in_sql(text: str) -> list[str]:
    """Return the language codes that SQL contains as literals."""
    return [code for code in QUOTED.findall(text) if code in CODES]


def test_no_language_is_named_in_sql() -> None:
    files = [path for path in (ROOT / "sql").rglob("*.sql") if HISTORY not in path.parents]
    assert len(files) > 100
    found = {str(path.relative_to(ROOT)): in_sql(path.read_text(encoding="utf-8")) for path in files}
    assert {name: codes for name, codes in found.items() if codes} == {}


def test_no_language_is_named_in_the_code() -> None:
    found = [
        f"{source.name}:{node.lineno}"
        for source in python_files(*PRODUCT)
        for node in strings(source.tree)
        if node.value in CODES
    ]
    assert found == []


@pytest.mark.parametrize("text", ["language text DEFAULT 'uk'", "coalesce(p_language, 'en')"])
def test_a_language_in_sql_is_found(text: str) -> None:
    """Negative control."""
    assert in_sql(text)
