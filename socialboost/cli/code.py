"""Reads the source code as a graph of references, with `ast` and without importing anything.

A node is a top-level function, class or value of a module. An arrow is a reference to another node in its
code. A class is one node with all its methods. A local name of a function hides a node of the same name.
Types in annotations are not arrows.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
Env = Mapping[str, object]
"""Values of a function's parameters."""


@dataclass(frozen=True, order=True)
class Ref:
    """A node: the top-level `name` of `module`."""

    module: str
    name: str


@dataclass
class Module:
    """One file and the meaning of its names."""

    path: str
    tree: ast.Module
    nodes: dict[str, ast.stmt] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)


class Code:
    """The modules of the program by dotted name."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """Read `files`, texts of Python by path."""
        self.modules = {_dotted(path): _module(path, text) for path, text in sorted(files.items())}
        self._arrows: dict[Ref, tuple[Ref, ...]] = {}

    def node(self, ref: Ref) -> ast.stmt:
        """Return the text of a node."""
        return self.modules[ref.module].nodes[ref.name]

    def refs(self, package: str) -> Iterator[Ref]:
        """Yield all nodes in a package."""
        for name, module in self.modules.items():
            if is_within(name, package):
                yield from (Ref(name, node) for node in module.nodes)

    def find(self, module: str, name: str) -> Ref | None:
        """Return the node that a name in a module stands for, wherever it is defined."""
        known = self.modules.get(module)
        if known is None:
            return None
        if name in known.nodes:
            return Ref(module, name)
        if name in known.imported:
            base, _, last = known.imported[name].rpartition(".")
            return (
                self.find(base, last) if base != module and known.imported[name] not in self.modules else None
            )
        return next((ref for star in known.stars if (ref := self.find(star, name))), None)

    def resolve(self, module: str, node: ast.AST) -> Ref | None:
        """Return the node that a name or a dotted name in a module stands for."""
        if isinstance(node, ast.Name):
            return self.find(module, node.id)
        if isinstance(node, ast.Attribute):
            package = self._as_module(module, node.value)
            return self.find(package, node.attr) if package else None
        return None

    def _as_module(self, module: str, node: ast.AST) -> str | None:
        if isinstance(node, ast.Name):
            target = self.modules[module].imported.get(node.id)
            return target if target in self.modules else None
        if isinstance(node, ast.Attribute):
            base = self._as_module(module, node.value)
            target = f"{base}.{node.attr}"
            return target if base and target in self.modules else None
        return None

    def arrows(self, ref: Ref) -> tuple[Ref, ...]:
        """Return the nodes that a node refers to, in the order of its code."""
        if ref not in self._arrows:
            self._arrows[ref] = tuple(dict.fromkeys(self.names(ref.module, self.node(ref))))
        return self._arrows[ref]

    def names(self, module: str, node: ast.AST) -> Iterator[Ref]:
        """Yield the nodes that a piece of code refers to."""
        for part in walk(node):
            found = self.resolve(module, part)
            if found is not None:
                yield found

    def reach(self, starts: Iterable[Ref], follows: Callable[[Ref], bool]) -> list[Ref]:
        """Return the starts and all nodes behind them, nearest first. Only `follows` nodes lead further."""
        waiting = deque(starts)
        found = dict.fromkeys(waiting)
        while waiting:
            ref = waiting.popleft()
            for other in self.arrows(ref):
                if other not in found:
                    found[other] = None
                    if follows(other):
                        waiting.append(other)
        return list(found)

    def value(self, module: str, node: ast.AST, env: Env | None = None) -> object:
        """Return the value of an expression of constants, None if it cannot be known from the code."""
        env = env or {}
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
            return self._values(module, node, env)
        if isinstance(node, ast.Call):
            is_copy = ast.unparse(node.func) in {"set", "frozenset", "tuple"} and node.args
            return self.value(module, node.args[0], env) if is_copy else None
        if isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.FormattedValue) else p for p in node.values]
            return "".join(str(self.value(module, part, env) or "…") for part in parts)
        return env[node.id] if isinstance(node, ast.Name) and node.id in env else self._assigned(module, node)

    def _assigned(self, module: str, node: ast.AST) -> object:
        """Return the value of a constant by its name."""
        ref = self.resolve(module, node)
        assigned = self.node(ref) if ref else None
        if ref is None or not isinstance(assigned, ast.Assign | ast.AnnAssign) or assigned.value is None:
            return None
        return self.value(ref.module, assigned.value)

    def _values(self, module: str, node: ast.Tuple | ast.List | ast.Set | ast.Dict, env: Env) -> list[object]:
        found: list[object] = []
        for item in node.keys if isinstance(node, ast.Dict) else node.elts:
            if isinstance(item, ast.Starred):
                inner = self.value(module, item.value, env)
                found += inner if isinstance(inner, list | tuple) else []
            elif item is not None:
                found.append(self.value(module, item, env))
        return found


def is_within(name: str, package: str) -> bool:
    """Return True if a module is the package or inside it."""
    return name == package or name.startswith(f"{package}.")


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the relevant parts of a piece of code: no annotations, no local names of a function."""
    hidden: frozenset[str] = frozenset()
    yield from _walk(node, hidden)


@cache
def calls(node: ast.AST) -> tuple[ast.Call, ...]:
    """Return the calls in a piece of text."""
    return tuple(part for part in ast.walk(node) if isinstance(part, ast.Call))


def _walk(node: ast.AST, hidden: frozenset[str]) -> Iterator[ast.AST]:
    if isinstance(node, (*FUNCTIONS, ast.Lambda)):
        hidden |= _own_names(node)
    if isinstance(node, ast.Name) and node.id in hidden:
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "type_params"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child, hidden)


def _own_names(function: ast.AST) -> frozenset[str]:
    """Return the parameters of a function and the names it assigns."""
    found = set()
    for part in ast.walk(function):
        if isinstance(part, ast.arg):
            found.add(part.arg)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found.add(part.id)
    return frozenset(found)


@cache
def _module(path: str, text: str) -> Module:
    module = Module(path, ast.parse(text))
    for statement in module.tree.body:
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            module.nodes[statement.name] = statement
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            module.nodes.update({t.id: statement for t in targets if isinstance(t, ast.Name)})
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            module.imported.update({alias.asname: alias.name for alias in node.names if alias.asname})
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                if alias.name == "*":
                    module.stars.append(node.module)
                else:
                    module.imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return module


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
