"""Finds the origins of jobs in the code: buttons, commands, messages, endpoints and other senders."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from socialboost.cli.code import FUNCTIONS, Code, Env, Ref, calls, is_within

BOT: Final = "socialboost.bot"
WEB: Final = "socialboost.web"

_VERBS: Final = {"get", "post", "put", "patch", "delete"}
_KINDS: Final = {"message": "message", "callback_query": "button", "my_chat_member": "update"}
_PREFIXED: Final = {"Carries", "CarriesOrder"}
_COMMANDS: Final = {"Command", "CommandStart"}


@dataclass(frozen=True)
class Entry:
    """An outside event and the function that handles it."""

    event: str
    """For people: "`/start`", "button `pay_<order_id>`", "`POST /webhook/cryptobot`"."""
    module: str
    name: str
    node: ast.AST
    around: ast.AST
    """The function that contains it, or the node itself."""


def entries(code: Code) -> list[Entry]:
    """Return the events of the bot's routes and web's endpoints, in the order of the code."""
    return [*_bot(code), *_web(code)]


def _bot(code: Code) -> Iterator[Entry]:
    for ref in list(code.refs(BOT)):
        local = _assigned(code.node(ref))
        for call in calls(code.node(ref)):
            found = _route(code, ref.module, call)
            if found is not None:
                kind, handler, filters = found
                filters = [local.get(ast.unparse(one), one) for one in filters]
                target = code.resolve(ref.module, handler)
                if target is not None:
                    event = _event(code, ref.module, kind, filters)
                    yield Entry(event, target.module, target.name, *(code.node(target),) * 2)


def _route(code: Code, module: str, call: ast.Call) -> tuple[str, ast.expr, list[ast.expr]] | None:
    """Return kind, handler and filters of `routes.message.register(…)` or `Route(MESSAGE, …, (…))`."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "register":
        kind = call.func.value.attr if isinstance(call.func.value, ast.Attribute) else ""
        return (kind, call.args[0], call.args[1:]) if kind in _KINDS else None
    if ast.unparse(call.func) == "Route":
        observer, handler, filters = call.args
        return str(code.value(module, observer)), handler, list(getattr(filters, "elts", []))
    return None


def _assigned(function: ast.AST) -> dict[str, ast.expr]:
    """Return the local names of a function with their values, because some filters use them."""
    return {
        part.targets[0].id: part.value
        for part in ast.walk(function)
        if isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name)
    }


def _event(code: Code, module: str, kind: str, filters: list[ast.expr]) -> str:
    heard = [words for one in filters if (words := _heard(code, module, one))]
    if heard and heard[0].startswith("`/"):
        return heard[0]
    if kind == "my_chat_member":
        return f"update `{kind}`"
    return " ".join([_KINDS[kind], *heard] if heard else [f"any other {_KINDS[kind]}"])


def _heard(code: Code, module: str, node: ast.expr) -> str:
    """Return a description of the events that a filter accepts, nothing for a filter that only narrows."""
    if isinstance(node, ast.Compare):
        return _ticked([code.value(module, node.comparators[0])])
    if isinstance(node, ast.Call):
        return _called(code, module, node)
    if isinstance(node, ast.Attribute) and re.match(r"\w*(States|Dialogues)\.", text := ast.unparse(node)):
        return f"in {text}"
    return ""


def _called(code: Code, module: str, call: ast.Call) -> str:
    name = ast.unparse(call.func)
    if name in _COMMANDS:
        words = ["start"] if name == "CommandStart" else _flat(code, module, call.args, {})
        return _ticked([f"/{word}" for word in words])
    if name == "F.data.in_":
        return _ticked(_flat(code, module, call.args, {}))
    if name in {"F.func", "StateFilter"}:
        return ("in " if name == "StateFilter" else "") + ", ".join(ast.unparse(one) for one in call.args)
    return _prefixed(code, module, call, {}) if name in _PREFIXED else _of_ours(code, module, call)


def _of_ours(code: Code, module: str, call: ast.Call) -> str:
    """Return the description of one of the bot's own filters, or of a helper's result with a prefix."""
    helper = code.resolve(module, call.func)
    function = code.node(helper) if helper else None
    if helper is None or function is None or helper.name == "Asked":  # whose data is there: no event
        return ""
    if not isinstance(function, FUNCTIONS):
        return f"`{helper.name}`"
    inner = [one for one in calls(function) if ast.unparse(one.func) in _PREFIXED]
    return _prefixed(code, helper.module, inner[0], _bound(code, module, function, call)) if inner else ""


def _bound(code: Code, module: str, function: ast.stmt, call: ast.Call) -> Env:
    """Return the parameters of a function with the values that a call gives them."""
    arguments = getattr(function, "args", None)
    if not isinstance(arguments, ast.arguments):
        return {}
    names = [one.arg for one in arguments.args]
    values = _flat(code, module, call.args, {})
    env: dict[str, object] = dict(zip(names, values, strict=False))
    if arguments.vararg is not None:
        env[arguments.vararg.arg] = values[len(names) :]
    return env


def _prefixed(code: Code, module: str, call: ast.Call, env: Env) -> str:
    """Return `<prefix><name>` with the values that the name may have, where the code lists them."""
    prefix = code.value(module, call.args[0])
    name = code.value(module, call.args[1], env) if len(call.args) > 1 else "order_id"
    choices = _choices(code, module, call.args[2], env) if len(call.args) > 2 else []
    listed = f": {', '.join(choices)}" if choices else ""
    return f"`{prefix}<{name}>`{listed}"


def _choices(code: Code, module: str, parser: ast.expr, env: Env) -> list[str]:
    if isinstance(parser, ast.Call):
        return _flat(code, module, parser.args, env)
    if isinstance(parser, ast.Lambda):
        named = [part.id for part in ast.walk(parser.body) if isinstance(part, ast.Name) and part.id in env]
        return [str(word) for name in named for word in _listed(env[name])]
    return []


def _flat(code: Code, module: str, nodes: list[ast.expr], env: Env) -> list[str]:
    """Return the texts of some arguments, with sequences expanded."""
    found: list[str] = []
    for node in nodes:
        inner = node.value if isinstance(node, ast.Starred) else node
        found += [str(word) for word in _listed(code.value(module, inner, env)) if word is not None]
    return found


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _ticked(words: list[object] | list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _web(code: Code) -> Iterator[Entry]:
    for ref in list(code.refs(WEB)):
        top = code.node(ref)
        for part in ast.walk(top):
            if isinstance(part, FUNCTIONS):
                for decorator in part.decorator_list:
                    if endpoint := _endpoint(code, ref.module, decorator):
                        yield Entry(endpoint, ref.module, part.name, part, top)
            elif isinstance(part, ast.Call) and (endpoint := _endpoint(code, ref.module, part.func)):
                target = code.resolve(ref.module, part.args[0])
                if target is not None:
                    yield Entry(endpoint, target.module, target.name, *(code.node(target),) * 2)


def _endpoint(code: Code, module: str, node: ast.AST) -> str:
    """Return "`PUT /path`" for `routes.put("/path")`, nothing for anything else."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return ""
    path = node.args[0].body if isinstance(node.args[0], ast.IfExp) else node.args[0]
    text = code.value(module, path)
    if node.func.attr not in _VERBS or not isinstance(text, str) or not text.startswith("/"):
        return ""
    return f"`{node.func.attr.upper()} {text}`"


@dataclass(frozen=True)
class Site:
    """A place in the code where a job is made."""

    contract: str
    ref: Ref
    function: str
    """With its class: `Watch.ask_about_tasks`."""
    kind: str = ""
    """Of a notice, when it is written there."""


def sites(code: Code, contracts: Mapping[Ref, str], *packages: str) -> Iterator[Site]:
    """Yield the places in these packages where contracts are made."""
    for package in packages:
        for ref in list(code.refs(package)):
            yield from _made(code, contracts, ref, code.node(ref), ref.name)


def made(code: Code, contracts: Mapping[Ref, str], entry: Entry) -> Iterator[Site]:
    """Yield the contracts that the code of an entry itself makes."""
    yield from _made(code, contracts, Ref(entry.module, entry.name), entry.node, entry.name)


def _made(code: Code, contracts: Mapping[Ref, str], ref: Ref, node: ast.AST, function: str) -> Iterator[Site]:
    parts = [(function, node)]
    if isinstance(node, ast.ClassDef):
        parts = [(f"{function}.{part.name}", part) for part in node.body if isinstance(part, FUNCTIONS)]
    for name, part in parts:
        for call in calls(part):
            contract = code.resolve(ref.module, call.func)
            if contract is not None and contract in contracts:
                written = [word.value for word in call.keywords if word.arg == "kind"]
                kind = written[0].value if written and isinstance(written[0], ast.Constant) else ""
                yield Site(contracts[contract], ref, name, str(kind))


def follows(entry: Entry) -> Callable[[Ref], bool]:
    """Return the nodes that lead further from an entry: those of its own process."""
    process = BOT if is_within(entry.module, BOT) else WEB
    return lambda ref: is_within(ref.module, process)
