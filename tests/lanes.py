"""Distributes the test suite over several processes, and lists tests that are slow without a reason.

Tests that share more than a session's servers stay together in one process: those of a module whose
fixtures last for the module, those of a package whose fixtures last for the package. Every other test goes
wherever there is room. The long ones come first, so that short ones fill the gaps at the end.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import Any

import pytest

LONGEST_FIRST = (
    "tests/db/test_machine.py",
    "tests/e2e/test_kills.py",
    "tests/chaos",
    "tests/flows/engine/test_deploys.py",
    "tests/flows/web/test_crypto_pay.py",
    "tests/flows/shop/test_lost_webhooks.py",
    "tests/flows/broadcast",
    "tests/e2e",
    "tests/security",
    "tests/flows/telegram",
    "tests/sandbox_world",
    "tests/flows/engine",
    "tests/flows/shop",
    "tests/flows",
    "tests/benchmarks",
    "tests/rules",
    "tests/db",
)
SLOW_SECONDS = 30.0
"""A test that takes longer says why: `@pytest.mark.slow("...")`."""
LIST_SLOW = "SOCIALBOOST_LIST_SLOW"
"""Set by `./run test slow`."""
SERVERS = ("DATABASE_URL", "REDIS_URL")


class Lanes:
    """A pytest plugin; tests/conftest.py registers it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.explained: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put together what must stay together, the long ones first."""
        if "PYTEST_XDIST_WORKER" not in os.environ:
            return
        for item in items:
            if group := shared_by(item):
                put_into_group(item, group)
        items.sort(key=place)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up a test's setup, call and teardown."""
        self.seconds[report.nodeid] += report.duration
        if "slow" in report.keywords:
            self.explained.add(report.nodeid)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the tests that are slow and do not say why, if asked to."""
        if not os.environ.get(LIST_SLOW):
            return
        found = self.unexplained()
        terminalreporter.section(f"slower than {SLOW_SECONDS:.0f} s without a reason: {len(found)}")
        for nodeid, seconds in found:
            terminalreporter.line(f"{seconds:7.1f} s  {nodeid}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a session that was to find none of them."""
        if os.environ.get(LIST_SLOW) and self.unexplained() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def unexplained(self) -> list[tuple[str, float]]:
        """The slow tests that give no reason, the slowest first."""
        slow = {name: time for name, time in self.seconds.items() if time > SLOW_SECONDS}
        return sorted(((n, t) for n, t in slow.items() if n not in self.explained), key=lambda pair: -pair[1])


def shared_by(item: pytest.Item) -> str:
    """The module or package whose fixtures this test shares with others; nothing if it shares none."""
    definitions = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009 - pytest has no public way
    scopes = {found[-1].scope for found in definitions.values() if found}
    module = item.nodeid.partition("::")[0]
    if "package" in scopes:
        return module.rpartition("/")[0]
    return module if scopes & {"module", "class"} else ""


def put_into_group(item: pytest.Item, group: str) -> None:
    """Have `--dist loadgroup` send this test where the others of the group go.

    It reads the group from the end of a test's id. xdist 3.8 itself writes the mark `xdist_group` there by
    an attribute that pytest 9.2 no longer reads, so every process made every module's fixtures.
    """
    identifier: Any = item.id  # type: ignore[attr-defined] # pytest calls it private
    setattr(item, "_id", type(identifier).parse(f"{item.nodeid}@{group}"))  # noqa: B010


def place(item: pytest.Item) -> int:
    """Return where in the order a test comes."""
    for number, prefix in enumerate(LONGEST_FIRST):
        if item.nodeid.startswith(prefix):
            return number
    return len(LONGEST_FIRST)


def refuse_shared_servers(config: pytest.Config) -> None:
    """Stop a parallel session whose processes would empty and stop one and the same server."""
    named = [name for name in SERVERS if os.environ.get(name)]
    if named and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError(f"{' and '.join(named)} is set: one server serves one process; use -n 0")
