"""Structured logs: one JSON object a line, on standard output and in the specification's four files.

    {"timestamp": "2026-11-23T09:14:30.955Z", "level": "INFO", "logger": "socialboost.jobs",
     "event": "job_queued", "process": "bot", "pid": 41, ...fields}

Events are stable snake_case names with fields, never sentences: other programs read them. Standard logging
(libraries, gunicorn) comes out in the same shape. Every line passes socialboost/logs/redaction.py.
Until `configure` is called only warnings come out, on standard error.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import sys
import time
import traceback
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, cast

import structlog
from structlog.typing import FilteringBoundLogger

from socialboost.errors import SettingsError
from socialboost.logs import redaction
from socialboost.logs.files import LogFile

Process = Literal["web", "bot", "worker", "scheduler", "cli"]

_MEGABYTE: Final = 1024 * 1024
_FILES: Final = {  # the specification's 13.1.1: name, megabytes, files kept
    "main": ("bot.log", 10, 5),
    "errors": ("errors.log", 10, 5),
    "payments": ("payments.log", 50, 10),
    "admin": ("admin.log", 10, 5),
}
_PASSING: Final = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EINTR)
"""Temporary errors of a correctly configured directory."""
_NAME: Final = "_logger"
"""Under which a bound logger carries its name; structlog keeps `logger` for itself."""
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, default=str, separators=(",", ":"))
_MONEY: Final = re.compile(r"payment|crypto_?(pay|bot)|invoice|receipt|refund|activate_order")
_ADMIN: Final = re.compile(r"admin|\.decisions|\.dialogue\b|parked_jobs|operations\.screens|people\.access")
_ON_THEIR_OWN: Final = ("gunicorn.error", "gunicorn.access")
"""Libraries with handlers of their own, which would write past the redaction."""
_QUIET: Final = ("aiogram.event", "urllib3", "asyncio")
"""Libraries that log each event once more at INFO."""


class _Output:
    """The outputs of this process's log lines."""

    def __init__(self, process: str, directory: Path | None, descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._files: dict[str, LogFile] = {}
        if directory is not None:
            for topic, (name, megabytes, count) in _FILES.items():
                self._files[topic] = LogFile(directory / name, max_bytes=megabytes * _MEGABYTE, count=count)

    def write(self, fields: Mapping[str, Any], level: int) -> None:
        """Write one line everywhere it belongs. A full disk or a closed pipe never stops the work."""
        line = _render(fields)
        self._write_standard(line)
        for topic in ("main", *_topics(fields, level)):
            if topic in self._files:
                try:
                    self._files[topic].write(line)
                except OSError as error:
                    self._write_standard(f"log file {topic}: {error.strerror}\n".encode())

    def _write_standard(self, line: bytes) -> None:
        with suppress(OSError):  # nobody reads our output any more; the files still get the line
            os.write(self._descriptor, line)

    def close(self) -> None:
        for file in self._files.values():
            file.close()


_output: _Output | None = None


def check_directory(directory: Path | None) -> None:
    """Create the log's directory. Raises SettingsError if the settings make writing there impossible.

    A full or failing disk is not a wrong setting: the process starts and logs the error to standard output.
    """
    if directory is None:
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not os.access(directory, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        with suppress(FileNotFoundError):  # the first run
            os.close(os.open(directory / _FILES["main"][0], os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC))
    except OSError as error:
        if error.errno not in _PASSING:
            raise SettingsError(
                f"LOG_DIR is wrong ({error.strerror}); expected: a directory this process may write to, or -"
            ) from None


def _topics(fields: Mapping[str, Any], level: int) -> tuple[str, ...]:
    """Return which of the filtered files also get the line."""
    get = fields.get
    origin = f"{get('logger')} {get('event')} {get('job', '')} {get('queue', '')} {get('source', '')}"
    topics = _topics_of(origin)
    return ("errors", *topics) if level >= logging.ERROR else topics


@lru_cache(maxsize=512)
def _topics_of(origin: str) -> tuple[str, ...]:
    wanted = {"payments": _MONEY, "admin": _ADMIN}
    return tuple(topic for topic, pattern in wanted.items() if pattern.search(origin))


def _render(fields: Mapping[str, Any]) -> bytes:
    """Return the line: JSON, redacted, UTF-8, with its newline."""
    line = _ENCODER.encode(redaction.clean_fields(fields))
    return redaction.clean(line).encode("utf-8", "backslashreplace") + b"\n"


def _deliver(_logger: object, level: str, fields: MutableMapping[str, Any]) -> NoReturn:
    """Write a structlog event; the last processor of the chain, so nothing is left for a logger to do."""
    number = logging.getLevelName(level.upper())
    if _output is not None:
        _output.write(_shape(fields, level.upper(), _output.process), number)
    elif number >= logging.WARNING:
        sys.stderr.write(_render(_shape(fields, level.upper(), "unconfigured")).decode())
    raise structlog.DropEvent


def _shape(fields: Mapping[str, Any], level: str, process: str) -> dict[str, Any]:
    """Return the fields in their fixed order: time, level, logger, event, process, then the rest."""
    rest = dict(fields)
    now = time.time()
    shaped = {
        "timestamp": f"{_second(int(now))}.{int(now % 1 * 1000):03d}Z",
        "level": level,
        "logger": rest.pop(_NAME, ""),
        "event": rest.pop("event", ""),
        "process": process,
        "pid": os.getpid(),
    }
    error = rest.pop("exc_info", None)
    if error:
        found = sys.exc_info() if error is True else error
        exception = found[1] if isinstance(found, tuple) else found
        if isinstance(exception, BaseException):
            shaped["exception"] = "".join(traceback.format_exception(exception))
    return shaped | rest


@lru_cache(maxsize=4)
def _second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


class _StandardHandler(logging.Handler):
    """Writes what libraries log through the standard module, in our shape."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            fields: dict[str, Any] = structlog.contextvars.get_contextvars() | {
                _NAME: record.name,
                "event": record.getMessage(),
            }
        except (TypeError, ValueError):  # a library's wrong number of arguments must not stop its caller
            fields = {_NAME: record.name, "event": str(record.msg)}
        if record.exc_info:
            fields["exc_info"] = record.exc_info
        if _output is not None:
            _output.write(_shape(fields, record.levelname, _output.process), record.levelno)


def configure(process: Process, level: str = "INFO", log_dir: Path | None = None) -> None:
    """Send this process's log to standard output (the command line's: standard error) and to `log_dir`.

    May be called again, for example after a fork: the last call stands. SettingsError when `log_dir` cannot
    be written to.
    """
    check_directory(log_dir)
    global _output  # noqa: PLW0603 (a process has one log)
    if _output is not None:
        _output.close()
    _output = _Output(process, log_dir, 2 if process == "cli" else 1)
    _set_level(logging.getLevelName(level))
    root = logging.getLogger()
    root.handlers = [_StandardHandler()]
    root.setLevel(level)
    for name in _ON_THEIR_OWN:
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _set_level(level: int) -> None:
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, _deliver],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.ReturnLoggerFactory(),
    )


def get(name: str) -> FilteringBoundLogger:
    """Return the logger of a module: `log = logs.get(__name__)`."""
    return cast("FilteringBoundLogger", structlog.get_logger(**{_NAME: name}))


def context(**fields: Any) -> AbstractContextManager[None]:
    """Add `fields` to every line logged inside the block, in this thread or task."""
    return structlog.contextvars.bound_contextvars(**fields)


_set_level(logging.INFO)
