"""Reads the product's source code once for the rule tests: files, trees, imports, functions."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("socialboost", "workers")
OURS = (*PRODUCT, "sandbox")


@dataclass(frozen=True)
class Source:
    """One Python file, or a snippet in a rule's negative control."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree."""
        return tuple(ast.walk(self.tree))

    @property
    def module(self) -> str:
        """Its dotted name."""
        return self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@dataclass(frozen=True)
class Import:
    """One imported module, as far as it can be told from the text."""

    module: str
    lazy: bool
    """Inside a function, or under TYPE_CHECKING: not loaded by importing the file."""


@cache
def python_files(*directories: str) -> tuple[Source, ...]:
    """Return every Python file under the directories."""
    paths = [path for name in directories for path in sorted((ROOT / name).rglob("*.py"))]
    if "sandbox" in directories and (ROOT / "run").exists():
        paths.append(ROOT / "run")
    return tuple(_source(path) for path in paths)


@cache
def _source(path: Path) -> Source:
    """Return the same object to every test, so that each file is parsed once."""
    return Source(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))


def imports(source: Source) -> Iterator[Import]:
    """Yield what the file imports; `from package import name` counts as package.name too."""
    for node, is_lazy in _walk(source.tree, lazy=False):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, is_lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(source, node)
            yield Import(base, is_lazy)
            yield from (Import(f"{base}.{alias.name}", is_lazy) for alias in node.names)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def strings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield every string constant that is no docstring."""
    docs = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node


def run_python(code: str, **environment: str) -> object:
    """Run code that prints JSON in a process that has only this environment; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def _walk(node: ast.AST, *, lazy: bool) -> Iterator[tuple[ast.AST, bool]]:
    inner = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _is_type_checking(node)
    for child in ast.iter_child_nodes(node):
        yield child, inner
        yield from _walk(child, lazy=inner)


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = source.module.split(".")
    if not source.name.endswith("__init__.py"):
        package = package[:-1]
    parts = package[: len(package) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])
