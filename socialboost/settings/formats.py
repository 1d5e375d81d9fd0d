"""The format of every kind of setting: each function parses a text, or raises ValueError.

The functions never put the value into their message, since it may be a secret.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from socialboost.partners.outbound import LOGIN, is_loopback

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PLACEHOLDER: Final = re.compile(r"your-|change-?me", re.IGNORECASE)
_BOT_TOKEN: Final = re.compile(r"\d{3,}:[A-Za-z0-9_-]{8,}")
_API_KEY: Final = re.compile(r"[!#-+\--\[\]-~]{16,256}")
_URL_SAFE: Final = re.compile(r"[A-Za-z0-9_-]{16,256}")
_PERIODS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_WEBHOOK_PORTS: Final = (443, 80, 88, 8443)
_AUTHORITY: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)(.*)", re.DOTALL)
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")

RAW_SIGNS: Final = "raw_signs"
"""The type of the error for an address whose login has to be percent-encoded first."""


@dataclass(frozen=True)
class Rate:
    """`count` events in any `seconds`."""

    count: int
    seconds: int

    def __str__(self) -> str:
        """Return it in the form of the settings and of flask-limiter: 100/minute."""
        period = next(name for name, seconds in _PERIODS.items() if seconds == self.seconds)
        return f"{self.count}/{period}"


def _split(text: str, schemes: tuple[str, ...]) -> SplitResult:
    """Split a URL; ValueError unless it is printable ASCII of one of `schemes` with a readable port."""
    parts = urlsplit(text)
    if parts.scheme not in schemes or not text.startswith(f"{parts.scheme}://"):  # as libraries want it
        raise ValueError("scheme")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("character")
    _ = parts.port  # raises ValueError when it is not a number up to 65535
    return parts


def _with_login(text: str, schemes: tuple[str, ...]) -> SplitResult:
    """Split an address that may have a login. An ambiguous one is refused.

    Libraries split such an address at different places and then show a part of the password as the host.
    """
    match = _AUTHORITY.fullmatch(text)
    if match is not None and text.partition("://")[0].lower() in schemes:
        login, _, host = match[1].rpartition("@")
        elsewhere = host + match[2]
        if not LOGIN.fullmatch(login) or re.search(r"[@#\s]", elsewhere) or _BAD_ESCAPE.search(elsewhere):
            raise PydanticCustomError(RAW_SIGNS, "percent-encode")
    return _split(text, schemes)


def web_url(text: str) -> str:
    """An https:// address (http:// on loopback only), returned without its trailing slash."""
    parts = _split(text, ("https", "http"))
    plain = not parts.username and not parts.password and not parts.query and not parts.fragment
    if not parts.hostname or not plain or (parts.scheme == "http" and not is_loopback(parts.hostname)):
        raise ValueError("address")
    return text.rstrip("/")


def secret_web_url(secret: SecretStr) -> SecretStr:
    """An address as web_url's, whose path or query is a secret (a chat service's incoming hook)."""
    parts = _split(secret.get_secret_value(), ("https", "http"))
    if not parts.hostname or (parts.scheme == "http" and not is_loopback(parts.hostname)):
        raise ValueError("address")
    return secret


def webhook_url(text: str) -> str:
    """An address Telegram will deliver to: as web_url, on one of the ports it accepts."""
    url = web_url(text)
    parts = urlsplit(url)
    if parts.scheme == "https" and (parts.port or 443) not in _WEBHOOK_PORTS:
        raise ValueError("port")
    return url


def database_url(secret: SecretStr) -> SecretStr:
    """A PostgreSQL address that names its database."""
    parts = _with_login(secret.get_secret_value(), ("postgresql", "postgres"))
    if len(parts.path) < 2 or not (parts.hostname or "host=" in parts.query):
        raise ValueError("database")
    return secret


def redis_url(secret: SecretStr) -> SecretStr:
    """A Redis or Valkey address."""
    parts = _with_login(secret.get_secret_value(), ("redis", "rediss", "unix"))
    if parts.scheme == "unix":
        if not parts.path.startswith("/"):
            raise ValueError("path")
    elif not parts.hostname or not re.fullmatch(r"/?\d*", parts.path):
        raise ValueError("host")
    return secret


def smtp_url(secret: SecretStr) -> SecretStr:
    """A mail server's address; without TLS on loopback only."""
    parts = _with_login(secret.get_secret_value(), ("smtp", "smtps"))
    if not parts.hostname or (parts.scheme == "smtp" and parts.password and not is_loopback(parts.hostname)):
        raise ValueError("host")
    return secret


def _matching(pattern: re.Pattern[str]) -> Callable[[SecretStr], SecretStr]:
    """Return a check that the whole secret matches `pattern` and is not a documentation example."""

    def check(secret: SecretStr) -> SecretStr:
        value = secret.get_secret_value()
        if not pattern.fullmatch(value) or _PLACEHOLDER.match(value):
            raise ValueError("format")
        return secret

    return check


token = _matching(_BOT_TOKEN)
"""A token in the form that Telegram and Crypto Pay give out."""
api_key = _matching(_API_KEY)
"""One inbound or outbound API key."""
webhook_secret = _matching(_URL_SAFE)
"""A secret in a path or a header."""
secret_key = _matching(re.compile(r".{32,}", re.DOTALL))
"""A key that nobody has to type."""


def _items(value: object) -> list[str]:
    """Split a comma-separated setting; an empty item is an error, an empty setting is not."""
    items = [item.strip() for item in str(value).split(",")]
    if "" in items:
        raise ValueError("empty item")
    return items


def api_keys(value: object) -> tuple[SecretStr, ...]:
    """One or more API keys, all different."""
    items = _items(value)
    if len(set(items)) != len(items):
        raise ValueError("repeated")
    return tuple(api_key(SecretStr(item)) for item in items)


def data_keys(value: object) -> tuple[SecretStr, ...]:
    """One or more 32-byte keys in URL-safe base64: the first encrypts, all decrypt."""
    items = _items(value)
    for item in items:
        try:
            key = base64.b64decode(item.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise ValueError("base64") from None
        if len(key) != 32:
            raise ValueError("length")
    return tuple(SecretStr(item) for item in items)


def telegram_ids(value: object) -> tuple[int, ...]:
    """Numeric Telegram user ids."""
    ids = tuple(int(item) for item in _items(value) if re.fullmatch(r"[1-9]\d{0,15}", item))
    if len(ids) != len(_items(value)):
        raise ValueError("id")
    return ids


def networks(value: object) -> tuple[Network, ...]:
    """IP addresses and networks."""
    return tuple(ipaddress.ip_network(item) for item in _items(value))


def rate(value: object) -> Rate:
    """Parse a rate such as 10/hour."""
    if isinstance(value, Rate):
        return value
    match = re.fullmatch(r"([1-9]\d{0,8})/(second|minute|hour|day)", str(value).strip())
    if match is None:
        raise ValueError("rate")
    return Rate(int(match[1]), _PERIODS[match[2]])


def timezone(value: object) -> ZoneInfo:
    """A zone of the IANA database."""
    try:
        return ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError("zone") from None


def log_directory(value: object) -> Path | None:
    """Parse the directory of the log files; `-` keeps the log on standard output only."""
    if "\x00" in str(value):
        raise ValueError("path")
    return None if str(value) == "-" else Path(str(value))


def api_path(text: str) -> str:
    """A path on another service."""
    if not re.fullmatch(r"/[A-Za-z0-9._~/-]*", text):
        raise ValueError("path")
    return text
