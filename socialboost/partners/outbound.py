"""Proxy and certificates of outgoing calls: one rule for every HTTP library.

The environment decides, as for curl: HTTPS_PROXY or HTTP_PROXY by the address's scheme, then ALL_PROXY.
NO_PROXY lists the exceptions (hosts with their subdomains, networks, `*`). Of two spellings the lower-case
one counts, even if it is empty. Addresses on this machine are always reached directly.
REQUESTS_CA_BUNDLE names a file of certificates to trust instead of certifi's.

Libraries read these names in different ways or not at all, so the product reads them and configures each.
"""

from __future__ import annotations

import ipaddress
import os
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

import certifi

from socialboost.errors import SettingsError
from socialboost.logs import redaction

_FORMAT: Final = "http://[user:password@]host[:port], user and password percent-encoded"
LOGIN: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*")
"""User and password of an address, percent-encoded."""


def proxy_for(url: str) -> str | None:
    """Return the proxy for `url`, None for a direct connection.

    Raises SettingsError, which names the variable, if not all of our libraries can use its value. A password
    in it becomes known to the log's redaction.
    """
    target = urlsplit(url)
    if is_loopback(target.hostname or "") or _is_excepted(target):
        return None
    for name in (f"{target.scheme}_proxy", "all_proxy"):
        value = _environment(name)
        if value is not None:
            return _checked(name.upper(), value) if value else None
    return None


def ca_bundle() -> str:
    """Return the file of certificates to trust."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where()


def is_loopback(host: str) -> bool:
    """Return True if traffic to `host` stays on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _environment(name: str) -> str | None:
    value = os.environ.get(name, os.environ.get(name.upper()))
    return None if value is None else value.strip()


def _checked(name: str, value: str) -> str:
    proxy = value if "://" in value else f"http://{value}"
    redaction.hide([proxy])
    try:
        parts = urlsplit(proxy)
        login = parts.netloc.rpartition("@")[0]
        sound = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or 1)
        rest = parts.path.strip("/") + parts.query + parts.fragment
    except ValueError:
        sound, login, rest = False, "", ""
    if not sound or rest or not LOGIN.fullmatch(login) or not proxy.isprintable():
        raise SettingsError(f"{name} is wrong; expected: {_FORMAT}")
    return proxy


def _is_excepted(target: SplitResult) -> bool:
    host = (target.hostname or "").rstrip(".")
    port = target.port or {"http": 80, "https": 443}.get(target.scheme, 0)
    entries = re.split(r"[,\s]+", _environment("no_proxy") or "")
    return any(_covers(entry.lower(), host, port) for entry in entries if entry)


def _covers(entry: str, host: str, port: int) -> bool:
    """Return True if NO_PROXY's entry is the host (with the port, if it has one), or contains it."""
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        pass  # one of them is a name
    name, _, wanted = entry.partition(":")
    if wanted and wanted != str(port):
        return False
    name = name.removeprefix("*").lstrip(".")
    return host == name or host.endswith(f".{name}")
