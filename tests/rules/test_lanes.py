"""Tests of the suite's distribution: groups, the fast lane, and reasons for slow tests."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import lanes
from tests.rules.source import ROOT, Source, imports, python_files

STARTS_WORKERS = {
    "sandbox.world.World",
    "tests.chaos.rig.Rig",
    "tests.flows.broadcast.hall.Hall",
    "tests.flows.engine.system.CoreSystem",
    "tests.flows.shop.world.Shop",
}


def fast_lane() -> tuple[str, ...]:
    """The directories of `./run test fast`."""
    tree = ast.parse((ROOT / "run").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FAST":
            found: tuple[str, ...] = ast.literal_eval(node.value)
            return found
    raise AssertionError("./run has no list of what is fast")


def starts_a_worker(source: Source) -> list[str]:
    """Return what a test file has that starts workers: their command, or a class that starts them."""
    lists = [node for node in source.nodes if isinstance(node, ast.List)]
    commands = [node for node in lists if any(ast.unparse(part) == "'dramatiq'" for part in node.elts)]
    found = [f"{source.name}:{node.lineno} runs dramatiq" for node in commands]
    used = [imported.module for imported in imports(source)]
    return found + [f"{source.name} imports {name}" for name in used if name in STARTS_WORKERS]


def test_no_fast_test_starts_a_worker() -> None:
    lane = fast_lane()
    assert all((ROOT / name).is_dir() for name in lane)
    files = [s for s in python_files(*lane) if not s.name.startswith("tests/rules/")]
    assert len(files) > 50
    assert [found for source in files for found in starts_a_worker(source)] == []


@pytest.mark.parametrize(
    "text",
    [
        "run(['dramatiq', 'workers'])",
        "from tests.flows.engine.system import CoreSystem",
    ],
)
def test_a_fast_test_that_starts_a_worker_is_found(text: str) -> None:
    """Negative control."""
    assert starts_a_worker(Source("tests/unit/test_x.py", text))


def item(nodeid: str, **scopes: str) -> Any:
    """A test with fixtures of these scopes."""
    definitions = {name: [SimpleNamespace(scope=scope)] for name, scope in scopes.items()}
    return SimpleNamespace(nodeid=nodeid, _fixtureinfo=SimpleNamespace(name2fixturedefs=definitions))


def test_tests_that_share_a_fixture_stay_together() -> None:
    module = "tests/flows/shop/test_orders.py"
    name = f"{module}::test_x[1/2::3]"
    assert lanes.shared_by(item(name, redis_url="function", postgres_server="session")) == ""
    assert lanes.shared_by(item(name, shop="module", redis_url="function")) == module
    assert lanes.shared_by(item(name, guarded="package", x="module")) == "tests/flows/shop"


SHARED = """
import os
import pathlib
import pytest

@pytest.fixture(scope="{scope}")
def shared():
    with pathlib.Path({made!r}).open("a") as made:
        made.write(os.environ["PYTEST_XDIST_WORKER"] + chr(10))

@pytest.mark.parametrize("number", range(12))
def test_a(shared, number):
    pass
"""
PLUGIN = """
from tests.lanes import Lanes

def pytest_configure(config):
    config.pluginmanager.register(Lanes())
"""


@pytest.mark.parametrize(("scope", "processes"), [("module", 1), ("session", 2)])
def test_only_one_process_makes_a_module_s_fixture(tmp_path: Path, scope: str, processes: int) -> None:
    """It uses the installed pytest and xdist. Each process makes its own session fixtures."""
    made = tmp_path / "made"
    (tmp_path / "conftest.py").write_text(PLUGIN)
    (tmp_path / "test_shared.py").write_text(SHARED.format(scope=scope, made=str(made)))
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-p", "xdist", "-n", "2", "--dist", "loadgroup", str(tmp_path)],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # the others only cost time
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "12 passed" in done.stdout, done.stdout + done.stderr
    assert len(made.read_text().split()) == processes


def test_shared_fixtures_are_found(request: pytest.FixtureRequest) -> None:
    """pytest keeps them in a private place. This test fails if that place changes."""
    assert lanes.shared_by(request.node) == ""
    assert "request" in request.node._fixtureinfo.name2fixturedefs or request.node._fixtureinfo.initialnames


def test_the_names_of_fixtures_that_start_workers_are_known() -> None:
    for name in STARTS_WORKERS:
        module, _, kind = name.rpartition(".")
        text = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        assert f"class {kind}" in text


def test_long_tests_come_first() -> None:
    names = ["tests/unit/test_a.py::a", "tests/db/test_orders.py::b", "tests/e2e/test_walk.py::c"]
    assert sorted(names, key=lambda name: lanes.place(item(name))) == names[::-1]


def test_a_slow_test_is_listed_unless_it_says_why() -> None:
    plugin = lanes.Lanes()
    for nodeid, seconds, marks in (("a", 31.0, {}), ("b", 40.0, {"slow": 1}), ("c", 29.0, {})):
        for part in (seconds / 2, seconds / 2):
            report = SimpleNamespace(nodeid=nodeid, duration=part, keywords=marks)
            plugin.pytest_runtest_logreport(report)  # type: ignore[arg-type]
    assert plugin.unexplained() == [("a", 31.0)]


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_named_server_serves_one_process(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in lanes.SERVERS:
        monkeypatch.delenv(other, raising=False)
    parallel = SimpleNamespace(option=SimpleNamespace(numprocesses=4))
    alone = SimpleNamespace(option=SimpleNamespace(numprocesses=0))
    lanes.refuse_shared_servers(parallel)  # type: ignore[arg-type]
    monkeypatch.setenv(name, "set")
    lanes.refuse_shared_servers(alone)  # type: ignore[arg-type]
    with pytest.raises(pytest.UsageError, match=name):
        lanes.refuse_shared_servers(parallel)  # type: ignore[arg-type]
