"""docs/operating.md lists every line at INFO, so that an operator finds what it means."""

from __future__ import annotations

import ast
import re

from tests.rules.source import PRODUCT, ROOT, Source, python_files

CALLED = {f"{service}_called" for service in ("telegram", "crypto_pay", "main_bot")}
"""Composed by socialboost/clients/http.py."""


def events(source: Source) -> set[str]:
    """Return the events that may be logged at INFO: by `log.info`, or by a choice of it (`write`)."""
    found = set()
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        if re.search(r"\blog\.info\b|^write$", ast.unparse(node.func)):
            found.add(str(node.args[0].value))
    return found


def listed(page: str) -> list[str]:
    """Return the events that the table names."""
    return re.findall(r"^\| `(\w+)` \|", page.partition("## Log lines")[2], re.MULTILINE)


def test_every_line_at_info_is_listed_once() -> None:
    found = set().union(*(events(source) for source in python_files(*PRODUCT)))
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert sorted(listed(page)) == sorted(found | CALLED)


def test_a_line_is_found_however_it_is_written() -> None:
    text = """
log.info("one", x=1)
(log.info if late else log.debug)("two")
write("three")
log.debug("four")
"""
    assert events(Source("x.py", text)) == {"one", "two", "three"}
    assert listed("| `zero` | x |\n## Log lines\n| `one` | x |\n") == ["one"]
