"""Helpers to start a local server: a free port, a user, a log, a deadline."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.tether import Tether

NAME = "socialboost"
PUBLIC_TEMPORARY = Path("/var/tmp")  # noqa: S108 - outlives /tmp clean-ups; names below are owner-checked
START_SECONDS = 60.0
STOP_SECONDS = 30.0
LONGEST_LINE = 1200
PORTS = range(12000, 32000)
MOST_CLAIMS = 200
"""Older ports have their server by then, or are no longer used."""

_claims: deque[socket.socket] = deque()
_tether = Tether()
atexit.register(_tether.close)


class ServersUnavailableError(RuntimeError):
    """A server cannot be had on this machine; the text says what to type."""


@dataclass(frozen=True)
class Identity:
    """Whom a server runs as.

    `prefix` is put before the command; `uid`/`gid` are dropped to. Neither means: as ourselves.
    """

    rung: str
    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()

    def options(self) -> dict[str, object]:
        """Keyword arguments for subprocess: the user, its group, and no group of ours besides."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_use(self, directory: Path) -> bool:
        """True if this user may enter and write the directory, through every folder above it."""
        return self.succeeds(["/bin/sh", "-c", 'cd "$0" && test -w .', str(directory)])

    def succeeds(self, command: Sequence[str]) -> bool:
        """Run a short command as this user; False also when the user cannot be taken on at all."""
        try:
            run_as(self, command)
        except (OSError, subprocess.SubprocessError):
            return False
        return True


OURSELVES = Identity("as the current user")


def unprivileged_identities() -> list[Identity]:
    """Ways to run a server that refuses root, best first. Never creates a user."""
    if os.geteuid() != 0:
        return [OURSELVES]
    ways = []
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            ways.append(Identity(f"as user {name}", entry.pw_uid, entry.pw_gid))
    if shutil.which("unshare"):
        mapped = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
        ways.append(Identity("in a user namespace", prefix=mapped))
    return ways


def plain_environment() -> dict[str, str]:
    """No secret of ours travels into a server; C locale because the server brings its own."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}


def run_as(identity: Identity, command: Sequence[str]) -> str:
    """Run a command to its end as `identity`; its output. Raises CalledProcessError with the output."""
    done = subprocess.run(  # type: ignore[call-overload]
        [*identity.prefix, *command],
        check=True,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        stdin=subprocess.DEVNULL,
        cwd="/",
        env=plain_environment(),
        **identity.options(),
    )
    return str(done.stdout)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on, and that is given to no other process meanwhile.

    It lies below the ports that the kernel gives to outgoing connections, so that none of those takes it
    before the server listens or while the server is restarted. A UDP socket on the same number, held for
    as long as this process lives, tells other processes that the port is given away.
    """
    while True:
        port = secrets.choice(PORTS)
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.create_server(("127.0.0.1", port)):
                pass
        except OSError:  # somebody has it
            claim.close()
            continue
        _claims.append(claim)
        if len(_claims) > MOST_CLAIMS:
            _claims.popleft().close()
        return port


@atexit.register
def _close_claims() -> None:
    """Close what else would be reported as unclosed at the end of the process, once a port."""
    while _claims:
        _claims.pop().close()


def public_copy(source: Path) -> Path:
    """A copy of `source` every user can read, made once per source; for checkouts below /root."""
    digest = hashlib.sha256(f"{source}:{source.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    target = PUBLIC_TEMPORARY / f"{NAME}-bin-{digest}"
    if target.exists() and target.stat().st_uid == os.geteuid():
        return target
    draft = PUBLIC_TEMPORARY / f"{NAME}-bin-{digest}.{os.getpid()}"
    shutil.copytree(source, draft, symlinks=True)
    draft.chmod(0o755)
    try:
        draft.rename(target)
    except OSError:  # another start finished the same copy first, or the name is somebody else's
        if target.exists() and target.stat().st_uid == os.geteuid():
            shutil.rmtree(draft)
            return target
        return draft
    return target


def public_directory(wanted: Path) -> Path:
    """The stand-in for `wanted` where any user can reach it: the same one for the same `wanted`."""
    digest = hashlib.sha256(str(wanted).encode()).hexdigest()[:16]
    target = PUBLIC_TEMPORARY / f"{NAME}-data-{digest}"
    target.mkdir(mode=0o711, exist_ok=True)
    if target.stat().st_uid != os.geteuid():
        raise ServersUnavailableError(f"{target} belongs to somebody else; remove it and start again")
    target.chmod(0o711)
    return target


class ServerProcess:
    """One server in the foreground: started, watched, and stopped by its number only."""

    def __init__(
        self, command: Sequence[str], *, identity: Identity, log: Path, stop_signal: signal.Signals
    ) -> None:
        self.command = [*identity.prefix, *command]
        self.identity = identity
        self.log = log
        self.stop_signal = stop_signal
        self.popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The server's process number; an error when it is not running."""
        if self.popen is None:
            raise ServersUnavailableError(f"{self.command[0]} is not running")
        return self.popen.pid

    def start(self, stdin: bytes = b"") -> None:
        """Launch it; `stdin` is where secrets go, since other users can read a command line."""
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(  # type: ignore[call-overload]
                self.command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
                env=plain_environment(),
                **self.identity.options(),
            )
        _tether.add(self.pid, self.stop_signal)
        pipe = self.popen.stdin
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError), pipe:  # it died at once; wait_until tells why
                pipe.write(stdin)

    def wait_until(self, ready: Callable[[], bool], timeout_seconds: float = START_SECONDS) -> None:
        """Poll `ready`; raise with the end of the server's log if it dies first or takes too long."""
        deadline = time.monotonic() + timeout_seconds
        while not ready():
            if self.popen is None or self.popen.poll() is not None or time.monotonic() > deadline:
                raise ServersUnavailableError(f"{self.command[0]} did not start:\n{tail(self.log)}")
            time.sleep(0.02)

    def end(self, number: signal.Signals | None = None, timeout_seconds: float = STOP_SECONDS) -> None:
        """Signal it and wait; SIGKILL when the deadline passes. Harmless when it is not running."""
        popen, self.popen = self.popen, None
        if popen is None:
            return
        if popen.poll() is None:
            popen.send_signal(number or self.stop_signal)
        try:
            popen.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait(timeout_seconds)
        _tether.drop(popen.pid)


def spawn(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str], cwd: Path, stop_signal: int
) -> subprocess.Popen[bytes]:
    """Start one of our own programs in its own session, tied to our life; its output goes to `log`."""
    with log.open("ab") as output:
        popen = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=cwd,
            env=dict(environment),
        )
    _tether.add(popen.pid, stop_signal)
    return popen


def release(popen: subprocess.Popen[bytes]) -> None:
    """The program has ended: nothing is left to tidy up."""
    _tether.drop(popen.pid)


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, for an error message."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return "(no log)"
    return "\n".join(line[:LONGEST_LINE] for line in text.splitlines()[-lines:])
