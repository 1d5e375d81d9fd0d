"""Creates the users of the local Valkey from the product's templates in deploy/redis.

It does the work of deploy/redis/render.sh without a shell, so the local world and all its tests run with the
rights of production.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from sandbox.programs import ROOT

QUEUE_TEMPLATE = ROOT / "deploy" / "redis" / "users.acl"
CACHE_TEMPLATE = ROOT / "deploy" / "redis" / "cache.acl"
OPERATOR = "socialboost_operator"
"""A user who may do everything, only for the sandbox and the tests."""
ENTRY = "socialboost_entry"
WORKER = "socialboost_worker"

_PLACEHOLDER = re.compile(r"user (\w+) on @[A-Z]+@")


def users_of(template: Path) -> list[str]:
    """Names of the users that have a password in a template."""
    return _PLACEHOLDER.findall(template.read_text(encoding="utf-8"))


def render(template: Path, passwords: Mapping[str, str]) -> str:
    """A template as the server wants it: one user a line, hashes for passwords; `passwords` is by user."""
    lines: list[str] = []
    for line in template.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line[0].isspace():
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    text = "\n".join(lines) + "\n"
    for user, password in passwords.items():
        digest = hashlib.sha256(password.encode()).hexdigest()
        text = re.sub(rf"(?<=user {user} on )@[A-Z]+@", f"#{digest}", text)
    return text
