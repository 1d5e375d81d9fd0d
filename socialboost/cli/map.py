"""Writes docs/map.md: each job's origin, actor, SQL, screens and tests, derived from the code.

`python -m socialboost map` writes it, and tests/rules/test_map.py compares it. Facts that cannot be read from
the code are left out, never guessed.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from socialboost.cli import events
from socialboost.cli.code import FUNCTIONS, Code, Ref, calls, is_within
from socialboost.db import queries

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = Path("docs/map.md")
_READ: Final = ("socialboost/**/*.py", "workers/**/*.py", "tests/**/test_*.py", "sql/**/*.sql")
_MACHINERY: Final = (
    *("workers.engine", "workers.telegram.answers", "workers.telegram.rate_limit"),
    *("workers.people.access", "workers.people.current"),
)
"""The modules that every job uses. Their effects do not belong to a single job."""
_TOOLS: Final = ("socialboost.screens.core", "socialboost.screens.texts")
_ASKS: Final = {"one", "many", "value", "run", "end_with", "Claiming"}
_TITLE: Final = """# The map

Written by `python -m socialboost map` from the code; `tests/rules/test_map.py` compares it. Do not edit it.

One row is one job. Search for what you know (a button's data, a command, a job, a query, a test) and read the
row from left to right:

- **from**: the event and the function that makes the job. A button is named by its callback data. In webhook
  mode every event of the bot comes through `POST /webhook/telegram`. "After `x`": the actor `x` leads to it.
- **job**: the contract in `socialboost/jobs/`, its queue, and whether it has a row in the ledger.
- **actor**: the function that does it, and the right that it asks for.
- **SQL**: queries in `sql/queries/` by name. A name with brackets is a function in `sql/functions/`; it
  stands alone when the query that calls it has the same name.
- **screens**: the functions that make what is shown.
- **then**: the jobs it may lead to.
- **tests**: the files that name the job.

What every job does through `workers/engine` (ledger, leases, outbox), `workers/telegram` (sending, rate
limit) and `workers/people` (who tapped, what they may do) is not repeated in each row. Those queries, and
what the loops and the commands ask, are in the table before the last.
"""


@dataclass
class Job:
    """One contract with everything that was found about it."""

    name: str
    queue: str
    has_row: bool
    actor: Ref | None = None
    right: str = ""
    origins: list[str] = field(default_factory=list)
    reached: list[Ref] = field(default_factory=list)
    then: list[str] = field(default_factory=list)

    @property
    def actor_name(self) -> str:
        """The name that travels in the message."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.name).lower()


def read(root: Path) -> dict[str, str]:
    """Return the texts that the map is made from, by path."""
    paths = sorted({path for pattern in _READ for path in root.glob(pattern)})
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def page(files: Mapping[str, str]) -> str:
    """Return the text of docs/map.md."""
    return _Map(files).page()


def write(root: Path = ROOT) -> Path:
    """Write the page again. Returns its path."""
    (root / PAGE).write_text(page(read(root)), encoding="utf-8")
    return PAGE


class _Map:
    def __init__(self, files: Mapping[str, str]) -> None:
        product = {
            path: text for path, text in files.items() if path.startswith(("socialboost/", "workers/"))
        }
        self.files = files
        self._asked: dict[Ref, list[str]] = {}
        self.code = Code(product)
        self.functions = {Path(path).stem: path for path in files if path.startswith("sql/functions/")}
        self.queries = {
            query.name: query
            for path, text in files.items()
            if path.startswith("sql/queries/")
            for query in queries.parse(text, path)
        }
        self.contracts = self._contracts()
        self.names = {ref: job.name for ref, job in self.contracts.items()}
        self.jobs = {job.name: job for job in self.contracts.values()}
        self._find_actors()
        self._find_origins()
        self.tests = self._tests()

    def _tests(self) -> dict[str, list[str]]:
        """Return for each job the tests that name it: jobs.OpenOrder, or "open_order"."""
        by_actor = {job.actor_name: job.name for job in self.jobs.values() if "_" in job.actor_name}
        found: dict[str, list[str]] = {name: [] for name in self.jobs}
        for path, text in self.files.items():
            if path.startswith("tests/") and not path.startswith("tests/rules/"):
                contracts, words = _mentions(text)
                mentions = (contracts & self.jobs.keys()) | {by_actor[one] for one in words & by_actor.keys()}
                for name in mentions:
                    found[name].append(path)
        return found

    def _contracts(self) -> dict[Ref, Job]:
        """Return every class of socialboost/jobs that has a queue."""
        found = {}
        for ref in list(self.code.refs("socialboost.jobs")):
            node = self.code.node(ref)
            if isinstance(node, ast.ClassDef) and (queue := self._queue(ref, node)):
                found[ref] = Job(ref.name, queue, "LedgerJob" in self._bases(ref))
        return found

    def _queue(self, ref: Ref, node: ast.ClassDef) -> str:
        written = [keyword.value for keyword in node.keywords if keyword.arg == "queue"]
        written += [
            part.value
            for part in node.body
            if isinstance(part, ast.AnnAssign) and ast.unparse(part.target) == "queue" and part.value
        ]
        return str(self.code.value(ref.module, written[0])) if written else ""

    def _bases(self, ref: Ref) -> set[str]:
        node = self.code.node(ref)
        bases = node.bases if isinstance(node, ast.ClassDef) else []
        found = [base for one in bases if (base := self.code.resolve(ref.module, one))]
        return {base.name for base in found}.union(*(self._bases(base) for base in found))

    def _find_actors(self) -> None:
        declared: dict[Ref, tuple[Job, ast.Call]] = {}
        for ref in list(self.code.refs("workers")):
            for decorator in getattr(self.code.node(ref), "decorator_list", []):
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "actor":
                    contract = self.code.resolve(ref.module, decorator.args[0])
                    if contract in self.contracts:
                        declared[ref] = (self.contracts[contract], decorator)
        for ref, (job, decorator) in declared.items():
            job.actor = ref
            options = {keyword.arg: keyword.value for keyword in decorator.keywords}
            if "right" in options:
                job.right = ast.unparse(options["right"]).strip("'\"")
            if isinstance(clock := options.get("periodic"), ast.Call):
                job.origins.append(f"clock `{self.code.value(ref.module, clock.args[0])}`")
            reached = self.code.reach([ref], lambda other: _leads_on(other) and other not in declared)
            job.reached = [other for other in reached if other == ref or other not in declared]

    def _find_origins(self) -> None:
        made = list(events.sites(self.code, self.names, "socialboost", "workers"))
        by_ref = defaultdict(list)
        for site in made:
            by_ref[site.ref].append(site.contract)
        heard: set[Ref] = set()
        for entry in events.entries(self.code):
            names: list[str] = []
            for node in dict.fromkeys([entry.node, entry.around]):
                reached = self.code.reach(self.code.names(entry.module, node), events.follows(entry))
                heard.update([Ref(entry.module, entry.name), *reached])
                names = [site.contract for site in events.made(self.code, self.names, entry)]
                names += [name for ref in reached for name in by_ref[ref]]
                if names:
                    break
            for name in dict.fromkeys(names):
                self.jobs[name].origins.append(f"{entry.event} → {self._place(entry.module, entry.name)}")
        for job in self.jobs.values():
            follow = [name for ref in job.reached for name in by_ref[ref] if name != job.name]
            job.then = sorted(set(follow))
        for site in made:
            if site.ref not in heard:
                self.jobs[site.contract].origins.append(self._inside(site))

    def _inside(self, site: events.Site) -> str:
        """Return the description of a place that sends a job, with the jobs that lead to it."""
        after = [
            job.actor_name
            for job in self.jobs.values()
            if site.ref in job.reached and job.name != site.contract
        ]
        place = self._place(site.ref.module, site.function) + (f" ({site.kind})" if site.kind else "")
        if "." in site.function:  # a loop, which begins by itself
            return place
        return f"after {_ticked(sorted(after))} → {place}" if after else place

    def _place(self, module: str, function: str) -> str:
        return f"{self.code.modules[module].path}:{function}"

    def asked(self, ref: Ref) -> list[str]:
        """Return the queries that a node asks, in the order of its text."""
        if ref not in self._asked:
            self._asked[ref] = list(dict.fromkeys(self._ask(ref)))
        return self._asked[ref]

    def _ask(self, ref: Ref) -> list[str]:
        found = []
        for call in calls(self.code.node(ref)):
            if call.args and _asks(call.func):
                first = call.args[0]
                options = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                names = [str(self.code.value(ref.module, option)) for option in options]
                found += [name for name in names if name in self.queries]
        return found

    def called(self, text: str) -> list[str]:
        """Return the SQL functions that a text calls."""
        bare = re.sub(r"--[^\n]*|'[^']*'", "", text)
        names = re.findall(r"\b([a-z][a-z0-9_]*)\s*\(", bare)
        return sorted({name for name in names if name in self.functions})

    def _query(self, name: str) -> str:
        functions = self.called(self.queries[name].text.decode())
        if functions == [name]:
            return f"`{name}()`"
        return f"`{name}`" + (f" → {_ticked([f'{one}()' for one in functions])}" if functions else "")

    def page(self) -> str:
        """Return the whole page."""
        topics: dict[str, list[Job]] = defaultdict(list)
        for job in self.jobs.values():
            if job.actor is not None:
                topics[job.actor.module.split(".")[1]].append(job)
        parts = [_TITLE]
        for topic in sorted(topics):
            rows = [self._row(job) for job in sorted(topics[topic], key=lambda one: one.name)]
            heads = ("from", "job", "actor", "SQL", "screens", "then", "tests")
            parts.append(f"## {topic}\n\n{_table(heads, rows)}")
        parts.append(f"## Queries that no job reaches\n\n{_table(('query', 'asked by'), self._rest())}")
        columns = ("function", "asked by the queries", "calls")
        parts.append(f"## SQL functions\n\n{_table(columns, self._functions())}")
        return "\n".join(parts)

    def _row(self, job: Job) -> tuple[str, ...]:
        assert job.actor is not None  # noqa: S101 (for mypy: the page asks)
        asked = dict.fromkeys(name for ref in job.reached if _leads_on(ref) for name in self.asked(ref))
        kind = "ledger" if job.has_row else "no row"
        right = f"<br>right: {job.right}" if job.right else ""
        return (
            "<br>".join(dict.fromkeys(job.origins)),
            f"`{job.name}`<br>{job.queue}, {kind}",
            self._place(job.actor.module, job.actor.name) + right,
            "<br>".join(map(self._query, asked)),
            "<br>".join(self._screens(job)),
            "<br>".join(f"`{name}`" for name in job.then),
            "<br>".join(self.tests[job.name]),
        )

    def _screens(self, job: Job) -> list[str]:
        found: dict[str, list[str]] = defaultdict(list)
        for ref in job.reached:
            shows = is_within(ref.module, "socialboost.screens") and not any(
                is_within(ref.module, t) for t in _TOOLS
            )
            if shows and isinstance(self.code.node(ref), FUNCTIONS):
                found[self.code.modules[ref.module].path].append(ref.name)
        return [f"{path}: {', '.join(sorted(names))}" for path, names in sorted(found.items())]

    def _rest(self) -> list[tuple[str, ...]]:
        worked = {ref for job in self.jobs.values() for ref in job.reached if _leads_on(ref)}
        reached = {name for ref in worked for name in self.asked(ref)}
        found: dict[str, list[str]] = defaultdict(list)
        for package in ("socialboost", "workers"):
            for ref in list(self.code.refs(package)):
                for name in self.asked(ref):
                    if name not in reached:
                        found[name].append(self._place(ref.module, ref.name))
        return [(self._query(name), "<br>".join(places)) for name, places in sorted(found.items())]

    def _functions(self) -> list[tuple[str, ...]]:
        asking: dict[str, list[str]] = defaultdict(list)
        for name, query in sorted(self.queries.items()):
            for function in self.called(query.text.decode()):
                asking[function].append(name)
        return [
            (
                path,
                _ticked(asking[name]),
                _ticked(f"{other}()" for other in self.called(self.files[path]) if other != name),
            )
            for name, path in sorted(self.functions.items(), key=lambda item: item[1])
        ]


@cache
def _mentions(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the contracts and the quoted names in a text."""
    contracts = re.findall(r"\bjobs\.([A-Z]\w+)", text)
    return frozenset(contracts), frozenset(re.findall(r"[\"']([a-z_]+)[\"']", text))


def _asks(function: ast.expr) -> bool:
    """True if a call's first text may be a query: of a database, or of a helper that hands it to one."""
    if isinstance(function, ast.Attribute):
        return function.attr in _ASKS or ast.unparse(function.value) == "self"
    return isinstance(function, ast.Name) and (function.id.islower() or function.id in _ASKS)


def _leads_on(ref: Ref) -> bool:
    return is_within(ref.module, "workers") and not ref.module.startswith(_MACHINERY)


def _ticked(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
