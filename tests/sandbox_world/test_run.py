"""Tests of `./run`: it needs only Python, names mistakes, and removes only what it made."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from sandbox.programs import ROOT

RUN = ROOT / "run"


def call(run: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the launcher with this Python."""
    return subprocess.run(
        [sys.executable, str(run), *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A directory with nothing of the project but the launcher and its lock files."""
    path = tmp_path / "a check out"
    path.mkdir()
    shutil.copy(RUN, path / "run")
    (path / "requirements").mkdir()
    for name in ("dev", "sandbox"):
        (path / "requirements" / f"{name}.txt").write_text(f"{name}==1.0\n")
    return path


def launcher(checkout: Path) -> ModuleType:
    """The launcher as a module, to call one function of it."""
    loader = SourceFileLoader("launcher", str(checkout / "run"))
    spec = spec_from_loader("launcher", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_it_imports_the_standard_library_only_and_an_old_python_can_read_it() -> None:
    tree = ast.parse(RUN.read_text(), feature_version=(3, 6))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert imported
    assert imported <= sys.stdlib_module_names


def test_help_names_every_command_and_a_wrong_one_is_refused() -> None:
    shown = call(RUN, "help")
    assert shown.returncode == 0
    for command in ("demo", "demo --once", "test", "lint", "clean"):
        assert f"./run {command}" in shown.stdout
    wrong = call(RUN, "demmo")
    assert wrong.returncode == 2
    assert "'demmo'" in wrong.stderr


def test_clean_removes_what_was_made_and_keeps_the_settings(checkout: Path) -> None:
    for made in (".venv/bin", ".local/demo", "logs", "workers/__pycache__"):
        (checkout / made).mkdir(parents=True)
    (checkout / ".env").write_text("SECRET_KEY=x")
    (checkout / "workers" / "users.py").touch()
    assert call(checkout / "run", "clean").returncode == 0
    left = {path.name for path in checkout.iterdir()}
    assert left == {"run", "requirements", ".env", "workers"}
    assert [path.name for path in (checkout / "workers").iterdir()] == ["users.py"]


@pytest.mark.parametrize(
    ("stamped", "wanted", "installs"),
    [
        ("sandbox", "sandbox", []),
        ("dev", "sandbox", []),
        ("dev", "dev", []),
        ("sandbox", "dev", ["dev"]),
        (None, "sandbox", ["sandbox"]),
    ],
)
def test_packages_are_installed_once_per_lock_file(
    checkout: Path, stamped: str | None, wanted: str, installs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = launcher(checkout)
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)
    installed: list[str] = []
    monkeypatch.setattr(run, "install", installed.append)
    if stamped:
        run.stamp(stamped).write_text(run.fingerprint(stamped))
    run.prepare(wanted)
    assert installed == installs
    run.prepare(wanted)
    assert installed == installs, "the second start must find everything ready"
    (checkout / "requirements" / f"{wanted}.txt").write_text("other==2.0\n")
    if stamped in (None, wanted):
        run.prepare(wanted)
        assert installed == [*installs, wanted], "a changed lock file is installed"


@pytest.fixture
def recorded(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python that only notes how pytest was called, and fails the lanes that a test names in FAILS."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    note = checkout / "calls"
    python.write_text(
        f'#!/bin/sh\n[ "$1" = -c ] && exit 0\necho "$SOCIALBOOST_LIST_SLOW|$*" >> "{note}"\n'
        'case "$*" in *"$FAILS"*) exit 3 ;; esac\n'
    )
    python.chmod(0o755)
    run = launcher(checkout)
    run.stamp("dev").write_text(run.fingerprint("dev"))
    monkeypatch.setenv("FAILS", "nothing fails")
    return note


PARALLEL = r"-n [4-8] --dist loadgroup --no-loadscope-reorder -m not alone"


@pytest.mark.parametrize(("fails", "code"), [("-m not alone", 1), ("-m alone", 1), ("nothing fails", 0)])
def test_all_tests_are_two_runs_and_either_can_fail_them(
    checkout: Path, recorded: Path, monkeypatch: pytest.MonkeyPatch, fails: str, code: int
) -> None:
    monkeypatch.setenv("FAILS", fails)
    assert call(checkout / "run", "test").returncode == code
    parallel, alone = recorded.read_text().splitlines()
    assert re.fullmatch(rf"\|-m pytest {PARALLEL}", parallel)
    assert alone == "|-m pytest -m alone"


def test_the_other_ways_to_run_tests(checkout: Path, recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(checkout / "run", "test", "fast", "-x").returncode == 0
    assert call(checkout / "run", "test", "slow").returncode == 0
    assert call(checkout / "run", "test", "tests/unit", "-k", "links").returncode == 0
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert call(checkout / "run", "test").returncode == 0
    fast, slow, slow_alone, some, named, named_alone = recorded.read_text().splitlines()
    assert re.fullmatch(rf"\|-m pytest -x {PARALLEL} tests/unit( tests/\S+)+", fast)
    assert re.fullmatch(rf"1\|-m pytest {PARALLEL}", slow)
    assert slow_alone == "1|-m pytest -m alone"
    assert some == "|-m pytest tests/unit -k links"
    assert named == "|-m pytest -n 0 -m not alone", "a named server serves one process"
    assert named_alone == "|-m pytest -m alone"
