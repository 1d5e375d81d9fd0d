"""Authenticates API callers: bearer keys, each for one scope, compared by hash in constant time."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from flask import Request, g, request
from pydantic import SecretStr

from socialboost import logs
from socialboost.settings import WebSettings
from socialboost.settings.formats import Network
from socialboost.web.errors import ApiError

log = logs.get(__name__)

Scope = Literal["main_bot", "admin"]

_BEARER: Final = "bearer "


@dataclass(frozen=True)
class Caller:
    """A caller with a valid key."""

    scope: Scope
    fingerprint: str
    """Identifies the key in leases, limits and logs without revealing it."""


class KeyRing:
    """The valid keys, kept as SHA-256 only. Keys are long and random, so a plain hash is enough."""

    def __init__(self, settings: WebSettings) -> None:
        self._known = [
            *self._hashed("main_bot", settings.main_bot_api_keys),
            *self._hashed("admin", (settings.admin_api_key,)),
        ]

    @staticmethod
    def _hashed(scope: Scope, keys: Iterable[SecretStr]) -> list[tuple[bytes, Caller]]:
        digests = [hashlib.sha256(key.get_secret_value().encode()).digest() for key in keys]
        return [(digest, Caller(scope, digest.hex()[:12])) for digest in digests]

    def caller(self, incoming: Request) -> Caller | None:
        """Return the caller, or None without a valid key. Every wrong key takes the same time."""
        header = incoming.headers.get("Authorization", "")
        presented = header[len(_BEARER) :].strip() if header[: len(_BEARER)].lower() == _BEARER else ""
        digest = hashlib.sha256(presented.encode("utf-8", "backslashreplace")).digest()
        found = None
        for known, caller in self._known:
            if hmac.compare_digest(known, digest):
                found = caller
        return found


def same_secret(presented: str, secret: SecretStr) -> bool:
    """Compare in constant time, as bytes, because compare_digest refuses non-ASCII text."""
    return hmac.compare_digest(
        presented.encode("utf-8", "backslashreplace"), secret.get_secret_value().encode()
    )


def guard(settings: WebSettings, keys: KeyRing, scope: Scope) -> Callable[[], None]:
    """Return a before_request that admits only `scope` from allowed addresses, and sets g.caller."""

    def check() -> None:
        if not _is_allowed(request.remote_addr, settings.api_ip_allowlist):
            log.warning("api_refused", reason="address", remote=request.remote_addr)
            raise ApiError(403, "forbidden", "this address is not on the list")
        caller = keys.caller(request)
        if caller is None or caller.scope != scope:
            log.warning("api_refused", reason="key", remote=request.remote_addr)
            raise ApiError(401, "unauthorized", "a valid API key is required: Authorization: Bearer <key>")
        g.caller = caller

    return check


def _is_allowed(remote: str | None, networks: tuple[Network, ...]) -> bool:
    """Return True if the address is in one of the networks, or if there are no networks."""
    if not networks:
        return True
    try:
        address = ipaddress.ip_address(remote or "")
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
