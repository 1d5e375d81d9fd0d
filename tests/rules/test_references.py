"""Tests of references in documents, docstrings and comments: paths, decisions, tests and failures exist."""

from __future__ import annotations

import ast
import fnmatch
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.rules.source import ROOT

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "docs/adr/*.md",
    "sql/README.md",
    "sandbox/README.md",
)
CODE = ("socialboost", "workers", "sandbox", "tests", "benchmarks", "deploy")
PRIVATE = {".git", ".venv", ".local", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
ENDINGS = "py|md|sql|ftl|conf|yml|toml|sh|json|txt|acl|html|js|css"

PATH = re.compile(
    rf"(?<![\w/.:>@…-])(?:[\w*{{}},-]+/)*[\w*{{}},.-]*[\w*}}-]\.(?:{ENDINGS})\b(?![/\w-])(?!\.\w)"
)
FOLDER = re.compile(
    r"(?<![\w/.:>@-])(?:socialboost|workers|tests|sql|docs|sandbox|benchmarks|deploy)"
    r"(?:/[\w.-]*\w)+/?(?![\w/*{}])"
)
TEST = re.compile(r"(?:([\w/]+\.py)::)?\b(test_\w+)\b(?!\.py|/)")
DECISION = re.compile(r"\bADR (\d{4})\b|\badr/(\d{4})")
FAILURE = re.compile(r"\b(\w+\.md),? ((?:[A-Z]\d+|\d+\.\d+)\b)")

ELSEWHERE = {
    *("main.py", "aa.ftl", "aa/topic.ftl"),
    *(
        "sql/migrations/frozen/",
        "migrations/frozen/attach_invoice_0001.sql",
        "frozen/attach_invoice_0001.sql",
    ),
    *("migrations/0002_what_it_is_for.sql", "0002_what_it_is_for.down.sql"),
}
"""Of the customer's specification, of a test's own language, of the example in sql/README.md."""


@cache
def paths() -> frozenset[str]:
    """Return every file and folder of the project."""
    found = set()
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if parts[0] not in PRIVATE and "__pycache__" not in parts:
            found.add("/".join(parts))
    return frozenset(found)


@cache
def endings() -> frozenset[str]:
    """Return the paths and how each ends, as people shorten them: test_posts.py, engine/ledger.py."""
    return frozenset(
        "/".join(path.split("/")[start:]) for path in paths() for start in range(path.count("/") + 1)
    )


@cache
def names_of_tests() -> frozenset[str]:
    """Return the names of all test functions and test modules."""
    found = {Path(path).stem for path in paths() if path.startswith("tests/")}
    for path in (ROOT / "tests").rglob("*.py"):
        found |= set(re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8")))
    return frozenset(found)


def written_out(path: str) -> Iterator[str]:
    """Yield a path with each of its {alternatives}."""
    brace = re.search(r"\{([^{}]*)\}", path)
    if brace is None:
        yield path
        return
    for one in brace.group(1).split(","):
        yield from written_out(path[: brace.start()] + one.strip() + path[brace.end() :])


def exists(path: str) -> bool:
    """Whether there is such a file or folder, under this name or the end of one."""
    return all(one in endings() or _is_pattern_of_some(one) for one in written_out(path.rstrip("/")))


@cache
def _is_pattern_of_some(path: str) -> bool:
    """Whether `*` stands for something, or a decision stands without its title, a module without `.py`."""
    if path.startswith("docs/adr/"):
        path += "-*"
    elif "." not in path.rpartition("/")[2]:
        path += ".py"
    return "NNNN" in path or any(fnmatch.fnmatch(known, path) for known in endings())


def dangling(text: str) -> list[str]:
    """Return what a text refers to and is not there."""
    found = [m.group() for pattern in (PATH, FOLDER) for m in pattern.finditer(text) if not exists(m.group())]
    for match in TEST.finditer(text):
        file, name = match.groups()
        known = re.findall(r"def (test_\w+)", _text_of(file)) if file else names_of_tests()
        if not any(one.startswith(name) for one in known):  # a long name may be cut
            found.append(match.group())
    for match in DECISION.finditer(text):
        number = match.group(1) or match.group(2)
        if not any(path.startswith(f"docs/adr/{number}-") for path in paths()):
            found.append(match.group())
    for match in FAILURE.finditer(text):
        file, code = match.groups()
        if not exists(file) or not re.search(rf"\b{re.escape(code)}\b", _text_of(file)):
            found.append(match.group())
    return sorted(set(found) - ELSEWHERE)


def _text_of(ending: str) -> str:
    files = [path for path in paths() if path == ending or path.endswith(f"/{ending}")]
    return "\n".join((ROOT / path).read_text(encoding="utf-8") for path in files)


def words_of(text: str) -> str:
    """Return the docstrings and comments of some Python."""
    tree = ast.parse(text)
    found = [
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    found += [token.string for token in tokens if token.type == tokenize.COMMENT]
    return "\n".join(found)


def documents() -> list[str]:
    return sorted(path.relative_to(ROOT).as_posix() for one in DOCUMENTS for path in ROOT.glob(one))


@pytest.mark.parametrize("path", documents())
def test_everything_that_a_document_names_exists(path: str) -> None:
    assert dangling((ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", documents())
def test_a_documents_links_lead_somewhere(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#\s]+)", text)
    files = [link for link in links if "://" not in link]
    assert [link for link in files if not (ROOT / path).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("folder", CODE)
def test_everything_that_docstrings_and_comments_name_exists(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    found = {
        str(path.relative_to(ROOT)): dangling(words_of(path.read_text(encoding="utf-8"))) for path in files
    }
    assert {path: names for path, names in found.items() if names} == {}


def test_everything_that_sql_comments_name_exists() -> None:
    found = {}
    for path in sorted((ROOT / "sql").rglob("*.sql")):
        if "frozen" not in path.parts:
            comments = re.findall(r"--[^\n]*", path.read_text(encoding="utf-8"))
            found[path.name] = dangling("\n".join(comments))
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "text",
    [
        "see `workers/orders.py`",
        "the rows of workers/vitals/",
        "in `workers/{orders,pricing}/screens.py`",
        "`sql/functions/*/activate_order_v1.sql`",
        "the recipe (test_parcels.py)",
        "shown by `tests/rules/test_map.py::test_nothing`",
        "shown by `test_that_nobody_wrote`",
        "as ADR 0099 says",
        "docs/adr/0099",
        "one comes of a restart (failures.md D11)",
        "only enqueues what is due (queue.md 1.5)",
    ],
)
def test_references_to_missing_things_are_reported(text: str) -> None:
    """Negative control."""
    assert dangling(text)


@pytest.mark.parametrize(
    "text",
    [
        "`workers/orders/checkout.py:open_order` and checkout.py",
        "in `workers/{orders,packages}/`, `sql/functions/*/create_order.sql`",
        "`tests/rules/test_map.py::test_every_job_has_a_row_with_where_it_comes_from`",
        "https://example.org/manual/index.html, ADR 0001, [it](docs/adr/0001-entry-points-only-enqueue.md)",
    ],
)
def test_existing_references_are_not_reported(text: str) -> None:
    assert dangling(text) == []
