"""Fixtures of the chaos tests: a directory for each run, which servers of another user may enter."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def run_directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="socialboost-chaos-"))
    directory.chmod(0o711)  # PostgreSQL runs as another user when the tests run as root
    yield directory
    shutil.rmtree(directory, ignore_errors=True)
