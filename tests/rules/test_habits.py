"""Tests of the house rules; each rule has the smallest text that breaks it as a negative control."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

import pytest

from tests.rules.source import OURS, PRODUCT, ROOT, Source, functions, python_files, strings

MONEY = re.compile(r"(^|_)(amount|price|balance|revenue|spent|bonus|fee|cost|usdt)(_|$)")
SECRET = re.compile(r"signature|digest|secret|token|api_key|password", re.IGNORECASE)
SQL = re.compile(
    r"\b(SELECT\s|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|FUNCTION))"
)
LOGGING = {"debug", "info", "warning", "error", "exception", "critical"}
EVENT = re.compile(r"[a-z][a-z0-9_]*")

SETTLES = {("workers/engine/actors.py", "_work")}
"""Catches everything and writes it to the ledger, which retries or parks the job and tells the admins."""

Rule = Callable[[Source], list[str]]


def at(source: Source, node: ast.AST, what: str) -> str:
    """Return where it is and what it is."""
    return f"{source.name}:{getattr(node, 'lineno', 0)} {what}"


def swallows(source: Source) -> list[str]:
    """`except Exception` must re-raise or log with the traceback; `suppress(Exception)` never does."""
    settles = [f for f in functions(source.tree) if (source.name, f.name) in SETTLES]
    exempt = {id(node) for function in settles for node in ast.walk(function)}
    found = []
    for node in source.nodes:
        if id(node) in exempt:
            continue
        if isinstance(node, ast.ExceptHandler) and is_broad(node.type) and not is_loud(node):
            found.append(at(source, node, "swallows every error"))
        if isinstance(node, ast.Call) and "suppress" in ast.unparse(node.func):
            found += [at(source, node, "suppresses every error") for a in node.args if is_broad(a)]
    return found


def is_broad(kind: ast.expr | None) -> bool:
    """Return True if an except clause names everything."""
    names = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(n is None or ast.unparse(n) in {"Exception", "BaseException"} for n in names)


def is_loud(handler: ast.ExceptHandler) -> bool:
    """Return True if an except clause re-raises, or logs the traceback."""
    for node in ast.walk(handler):
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.Call) and (
            ast.unparse(node.func).endswith(".exception") or any(k.arg == "exc_info" for k in node.keywords)
        ):
            return True
    return False


def writes_sql(source: Source) -> list[str]:
    """SQL lives in sql/. A regular expression that reads it is none."""
    patterns = {
        id(inner)
        for node in source.nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"
        for inner in ast.walk(node)
    }
    texts = [n for n in strings(source.tree) if id(n) not in patterns]
    return [at(source, n, "SQL in a string") for n in texts if SQL.search(str(n.value))]


def names_localhost(source: Source) -> list[str]:
    """`localhost` may be ::1, where nobody listens. Code that judges a URL must know the bare word."""
    return [
        at(source, n, "localhost")
        for n in strings(source.tree)
        if re.search(r"localhost.|.localhost", str(n.value))
    ]


def runs_what_it_reads(source: Source) -> list[str]:
    """No pickle, marshal, shelve, eval, exec, yaml.load, shell=True."""
    found = []
    for node in source.nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            if module in {"pickle", "marshal", "shelve", "dill"}:
                found.append(at(source, node, f"imports {module}"))
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in {"eval", "exec", "yaml.load", "os.system"}:
                found.append(at(source, node, f"calls {called}"))
            if any(k.arg == "shell" and ast.unparse(k.value) != "False" for k in node.keywords):
                found.append(at(source, node, "uses a shell"))
    return found


def counts_money_in_floats(source: Source) -> list[str]:
    """Money is Decimal, end to end."""
    found = []
    for node in source.nodes:
        if isinstance(node, ast.arg) and node.annotation and MONEY.search(node.arg):
            found += float_annotation(source, node, node.annotation)
        if isinstance(node, ast.AnnAssign) and MONEY.search(ast.unparse(node.target)):
            found += float_annotation(source, node, node.annotation)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "float":
            words = re.findall(r"\w+", " ".join(ast.unparse(a) for a in node.args))
            found += [at(source, node, f"float({w})") for w in words if MONEY.search(w)]
    return found


def float_annotation(source: Source, node: ast.AST, annotation: ast.expr) -> list[str]:
    """Return the breach if the annotation mentions float."""
    return [at(source, node, "money as float")] if "float" in ast.unparse(annotation) else []


def compares_secrets(source: Source) -> list[str]:
    """A secret is compared by hmac.compare_digest, in constant time; with a constant it is no secret."""
    found = []
    for node in source.nodes:
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(s, ast.Constant) for s in sides):
            continue
        if any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops) and SECRET.search(ast.unparse(node)):
            found.append(at(source, node, ast.unparse(node)))
    return found


def logs_sentences(source: Source) -> list[str]:
    """An event is a constant snake_case name; what varies is a field."""
    found = []
    for node in source.nodes:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        owner = ast.unparse(node.func.value)
        if node.func.attr not in LOGGING or not (owner == "log" or owner.endswith("_log")):
            continue
        event = node.args[0]
        if isinstance(event, ast.Constant) and EVENT.fullmatch(str(event.value)):
            continue
        if not isinstance(event, ast.Name | ast.Attribute):
            found.append(at(source, node, f"event {ast.unparse(event)}"))
    return found


def has_long_handlers(source: Source) -> list[str]:
    """A bot handler or an endpoint translates one event into one job: 15 lines are plenty."""
    if not source.name.startswith(("socialboost/bot/", "socialboost/web/")):
        return []
    routes = re.compile(r"\.(message|callback_query|my_chat_member|route|get|post|put|patch|delete)\(")
    handlers = [
        f for f in functions(source.tree) if any(routes.search(ast.unparse(d)) for d in f.decorator_list)
    ]
    return [at(source, f, f"{f.name}: {body_lines(f)} lines") for f in handlers if body_lines(f) > 15]


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines the body has, its docstring aside."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def is_too_long(source: Source) -> list[str]:
    """Files of at most 400 lines, functions of at most 40."""
    lines = len(source.text.splitlines())
    found = [f"{source.name}: {lines} lines"] if lines > 400 else []
    for function in functions(source.tree):
        length = (function.end_lineno or 0) - function.lineno + 1
        if length > 40:
            found.append(at(source, function, f"{function.name}: {length} lines"))
    return found


def leaves_work_undone(source: Source) -> list[str]:
    """No notes to ourselves in the product."""
    lines = enumerate(source.text.splitlines(), 1)
    return [f"{source.name}:{n}" for n, line in lines if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line)]


RULES: list[tuple[Rule, tuple[str, ...], str]] = [
    (swallows, OURS, "try:\n    f()\nexcept Exception:\n    pass"),
    (swallows, OURS, "try:\n    f()\nexcept:\n    log.info('x')"),
    (swallows, OURS, "try:\n    f()\nexcept (ValueError, BaseException) as e:\n    log.error('x')"),
    (swallows, OURS, "with contextlib.suppress(Exception):\n    f()"),
    (writes_sql, PRODUCT, "tx.run('SELECT 1')"),
    (writes_sql, PRODUCT, "QUERY = f'''update\\n'''\nX = 'UPDATE users SET a = 1'"),
    (names_localhost, OURS, "URL = 'redis://localhost:6379'"),
    (runs_what_it_reads, OURS, "import pickle"),
    (runs_what_it_reads, OURS, "eval(text)"),
    (runs_what_it_reads, OURS, "yaml.load(text)"),
    (runs_what_it_reads, OURS, "subprocess.run(text, shell=True)"),
    (counts_money_in_floats, PRODUCT, "def pay(amount: float) -> None: ..."),
    (counts_money_in_floats, PRODUCT, "class A:\n    total_price: float | None = None"),
    (counts_money_in_floats, PRODUCT, "x = float(invoice['amount'])"),
    (compares_secrets, PRODUCT, "ok = signature == expected"),
    (compares_secrets, PRODUCT, "if request.headers['X'] != settings.api_key: ..."),
    (logs_sentences, OURS, "log.info(f'order {order_id} paid')"),
    (logs_sentences, OURS, "log.error('Order was paid')"),
    (has_long_handlers, PRODUCT, "@router.message(F.text)\ndef f():\n" + "    x = 1\n" * 16),
    (is_too_long, OURS, "x = 1\n" * 401),
    (is_too_long, OURS, "def f():\n" + "    x = 1\n" * 40),
    (leaves_work_undone, OURS, "x = 1  # TODO: later"),
]


@pytest.fixture(scope="module")
def together() -> None:
    """Keeps the tests of all files together: one process parses them."""


@pytest.mark.parametrize(
    ("rule", "where"),
    {rule: where for rule, where, _ in RULES}.items(),
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_the_code_keeps_our_rules(rule: Rule, where: tuple[str, ...], together: None) -> None:
    assert [breach for source in python_files(*where) for breach in rule(source)] == []


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, _, text in RULES])
def test_a_broken_rule_is_found(rule: Rule, text: str) -> None:
    """Negative control."""
    assert rule(Source("socialboost/bot/example.py", text))


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (swallows, "try:\n    f()\nexcept Exception:\n    log.exception('failed')"),
        (swallows, "try:\n    f()\nexcept Exception as e:\n    raise X from e"),
        (writes_sql, 'def f():\n    """SELECT the best."""'),
        (compares_secrets, "ok = signature == ''"),
        (logs_sentences, "log.info('order_paid', order_id=order_id)"),
        (counts_money_in_floats, "x = float(config['seconds'])"),
    ],
)
def test_correct_code_is_not_reported(rule: Rule, text: str) -> None:
    assert rule(Source("socialboost/bot/example.py", text)) == []


WIRING = ("supervisord.conf", "docker-compose.yml", ".env.example", "Dockerfile", "deploy/*", ".ci/*", "run")


def test_our_wiring_never_says_localhost() -> None:
    files = [path for pattern in WIRING for path in ROOT.glob(pattern) if path.is_file()]
    assert [str(path) for path in files if "localhost" in path.read_text(encoding="utf-8")] == []
    assert files


def test_people_read_about_promotion_only() -> None:
    """The customer's rules require this word."""
    forbidden = re.compile("накру" + "тк|розкру" + "тк", re.IGNORECASE)
    files = [
        path
        for directory in ("socialboost", "workers", "sandbox", "docs", "sql")
        for path in (ROOT / directory).rglob("*")
        if path.suffix in {".py", ".ftl", ".md", ".html", ".js", ".sql"}
    ]
    assert [str(p) for p in files if forbidden.search(p.read_text(encoding="utf-8"))] == []
    assert forbidden.search("накру" + "тка")


def test_the_servers_are_pinned() -> None:
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for name in ("gunicorn", "dramatiq", "redis", "psycopg", "aiogram", "flask", "periodiq"):
        assert re.search(rf"^{name}==\d", pinned, re.MULTILINE), name
    assert pinned.count("--hash=sha256:") >= pinned.count("==")
