"""Freezes the old texts of functions for old migrations, so that a function's file is its current text.

A migration includes the files of functions. Before such a file changes, `freeze` copies its present text to
sql/migrations/frozen/, and every migration that included the file then includes the copy. So their texts and
checksums stay the same. `record` then stores the checksum of each new migration (sql/README.md has the
recipe).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from socialboost.db import migrations, queries
from socialboost.errors import MigrationError

FROZEN: Final = "frozen"
_HEADER: Final = """\
# SHA-256 of each migration with its includes written out. Written by `python -m socialboost freeze`.
# A migration that has not landed yet may still change: take its line out and run the command again.
"""


def freeze(name: str, sql: Path = queries.SQL_DIRECTORY) -> list[Path]:
    """Copy the current text of NAME for the migrations that include it. Returns the files written.

    NAME is a function, `schema` or `rights`. Raises MigrationError if there is no such file, if no migration
    includes it (then it may be changed freely), or if it was changed already.
    """
    directory = (sql / "migrations").resolve()
    target = _find(name, sql.resolve())
    migrations.load(directory)  # refuses a text that was changed already
    copies = _Copies(target, directory / FROZEN)
    users = [path for path in sorted(directory.glob("*.sql")) if copies.reaches(path)]
    if not users:
        raise MigrationError(f"no migration includes {name}: it may be changed as it is")
    copies.suffix = max(path.name[:4] for path in users)
    before = [migrations.read(path) for path in users]
    for path in users:
        copies.redirect(path)
    copies.write()
    if [migrations.read(path) for path in users] != before:
        raise MigrationError(
            f"freezing {name} has changed a migration; restore sql/migrations and report this"
        )
    return sorted(copies.texts)


def record(sql: Path = queries.SQL_DIRECTORY) -> list[str]:
    """Record the checksums of migrations without one. Returns their names."""
    directory = sql / "migrations"
    found = migrations.load(directory)
    known = migrations.recorded_checksums(directory)
    lines = "".join(f"{migration.sha256}  {migration.name}\n" for migration in found)
    (directory / migrations.CHECKSUMS).write_text(_HEADER + lines, encoding="utf-8")
    return [migration.name for migration in found if migration.name not in known]


def _find(name: str, sql: Path) -> Path:
    found = sorted([*sql.glob(f"functions/*/{name}.sql"), *sql.glob(f"{name}.sql")])
    if not found:
        raise MigrationError(f"sql/functions has no {name}")
    return found[0]


class _Copies:
    """The files that one freeze writes: copies of the target and of the files between it and a migration."""

    def __init__(self, target: Path, frozen: Path) -> None:
        self.texts: dict[Path, str] = {}
        self.suffix = ""
        self._target = target
        self._frozen = frozen

    def reaches(self, path: Path) -> bool:
        """Return True if this file includes the target, directly or through others."""
        return any(child == self._target or self.reaches(child) for child in self._included(path))

    def redirect(self, path: Path) -> None:
        """Change this file's includes to copies where they reach the target."""

        def line(match: re.Match[str]) -> str:
            child = _resolve(path, match[1])
            if child != self._target and not self.reaches(child):
                return match[0]
            if child.parent == self._frozen:  # already a copy, which may have to include a new one
                self.redirect(child)
                return match[0]
            return f"\\ir {os.path.relpath(self._copy(child), path.parent)}"

        self.texts[path] = migrations.INCLUDE.sub(line, self._text(path))

    def write(self) -> None:
        """Write everything. If it fails halfway, git restores the files."""
        self._frozen.mkdir(exist_ok=True)
        for path, text in self.texts.items():
            path.write_text(text, encoding="utf-8")

    def _copy(self, path: Path) -> Path:
        copy = self._frozen / f"{path.stem}_{self.suffix}.sql"
        if copy not in self.texts:
            self.texts[copy] = migrations.INCLUDE.sub(
                lambda match: f"\\ir {os.path.relpath(_resolve(path, match[1]), copy.parent)}",
                self._text(path),
            )
            self.redirect(copy)
        return copy

    def _included(self, path: Path) -> list[Path]:
        return [_resolve(path, match[1]) for match in migrations.INCLUDE.finditer(self._text(path))]

    def _text(self, path: Path) -> str:
        return self.texts[path] if path in self.texts else path.read_text(encoding="utf-8")


def _resolve(path: Path, name: str) -> Path:
    return Path(os.path.normpath(path.parent / name))
