"""Log files that several processes append to, and rotate by size, without losing or mixing a line."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from typing import Final

_MODE: Final = 0o640


class LogFile:
    """One log file, `count` files in all of at most `max_bytes` each: name, name.1 … name.<count-1>.

    A line is one O_APPEND write, which the kernel does not interleave with another. A process that finds the
    file full renames the chain under a lock on `.rotate.lock`. The other processes notice that the name leads
    to another file and open it again. A line written in between ends in name.1 and is complete.
    """

    def __init__(self, path: Path, *, max_bytes: int, count: int) -> None:
        self._path = path
        self._name = str(path)
        self._max_bytes = max_bytes
        self._count = count
        self._lock = threading.Lock()
        self._descriptor = -1
        self._identity = (0, 0)
        """Device and inode of the open file; neither is another file's while it is open."""

    def write(self, line: bytes) -> None:
        """Append one whole line, newline included; OSError when the disk refuses."""
        with self._lock:
            if self._follow() + len(line) > self._max_bytes:
                self._rotate(len(line))
            os.write(self._descriptor, line)

    def close(self) -> None:
        """Close the descriptor; a later write opens the file again."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def _follow(self) -> int:
        """Open the file that the name leads to now, if it is another. Returns its size."""
        if self._descriptor >= 0:
            try:
                found = os.stat(self._name)  # noqa: PTH116 (a Path would cost more than the call)
                if (found.st_dev, found.st_ino) == self._identity:
                    return found.st_size
            except FileNotFoundError:
                pass  # moved away by another process or an operator: a new one is made below
            os.close(self._descriptor)
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
        opened = os.fstat(self._descriptor)
        self._identity = (opened.st_dev, opened.st_ino)
        return opened.st_size

    def _rotate(self, incoming: int) -> None:
        """Rename the chain unless another process just did."""
        lock = os.open(self._path.with_name(".rotate.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            size = self._follow()
            if size and size + incoming > self._max_bytes:
                for number in range(self._count - 2, -1, -1):
                    source = self._numbered(number)
                    if source.exists():
                        source.replace(self._numbered(number + 1))
                self._follow()
        finally:
            os.close(lock)

    def _numbered(self, number: int) -> Path:
        return self._path if number == 0 else self._path.with_name(f"{self._path.name}.{number}")
