"""Proxy and certificates of outgoing calls: one rule for every HTTP library.

The environment decides, as it does for curl: HTTPS_PROXY or HTTP_PROXY by the address's scheme, then
ALL_PROXY; NO_PROXY lists what is reached directly (hosts with all below them, networks, `*`). Of two
spellings the small one counts, also when it is empty. Addresses on this machine are always reached directly.
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
    """Return the proxy by which `url` is to be reached, None when straight.

    SettingsError names the variable when it holds what not all of our libraries can use. A password in it is
    made known to the log, which never writes it.
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
    """Tell whether traffic to `host` stays on this machine."""
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
    """True if NO_PROXY's entry is the host, its port when it has one, or something that the host is in."""
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
