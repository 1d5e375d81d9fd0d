"""Follows every `*.log` of a directory: files that appear later, are rotated or cut short included."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

LINES_REMEMBERED = 4_000
LONGEST_LINE = 64 * 1024


@dataclass
class Followed:
    """An open file and the unfinished line at its end."""

    file: IO[bytes]
    inode: int
    rest: bytes = b""


class LogTail:
    """Reads what was appended since the last look. Lines written to several files come once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[Path, Followed] = {}
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        for path in self._paths():
            self._open(path, at_end=True)

    def read(self) -> list[dict[str, Any]]:
        """New lines as objects, in the order of the files. What is not JSON comes as `{"event": line}`."""
        lines: list[dict[str, Any]] = []
        for path in self._paths():
            lines += self._read_file(path)
        for path in [gone for gone in self._files if not gone.exists()]:
            lines += self._lines(path, self._files[path])
            self._files.pop(path).file.close()
        return lines

    def close(self) -> None:
        """Close all files."""
        for followed in self._files.values():
            followed.file.close()
        self._files.clear()

    def _paths(self) -> list[Path]:
        return sorted(self._directory.glob("*.log")) if self._directory.is_dir() else []

    def _open(self, path: Path, *, at_end: bool) -> Followed | None:
        try:
            file = path.open("rb")
        except OSError:
            return None
        if at_end:
            file.seek(0, 2)
        self._files[path] = Followed(file, path.stat().st_ino)
        return self._files[path]

    def _read_file(self, path: Path) -> list[dict[str, Any]]:
        followed = self._files.get(path) or self._open(path, at_end=False)
        if followed is None:
            return []
        try:
            status = path.stat()
        except FileNotFoundError:
            return []
        if status.st_ino != followed.inode:
            lines = self._lines(path, followed)
            followed.file.close()
            fresh = self._open(path, at_end=False)
            return lines + (self._lines(path, fresh) if fresh else [])
        if status.st_size < followed.file.tell():
            followed.file.seek(0)
        return self._lines(path, followed)

    def _lines(self, path: Path, followed: Followed) -> list[dict[str, Any]]:
        *whole, rest = (followed.rest + followed.file.read()).split(b"\n")
        followed.rest = rest[:LONGEST_LINE]
        return [parse_line(line, path.stem) for line in whole if line.strip() and self._is_new(line)]

    def _is_new(self, line: bytes) -> bool:
        if line in self._seen:
            return False
        self._seen[line] = None
        if len(self._seen) > LINES_REMEMBERED:
            self._seen.popitem(last=False)
        return True


def parse_line(line: bytes, source: str) -> dict[str, Any]:
    """A log line as an object that has `event` and `process`."""
    text = line.decode("utf-8", "replace")
    try:
        entry = json.loads(text)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        entry = {"event": text[:500]}
    return {"process": source, **entry, "event": str(entry.get("event", text[:500]))}
