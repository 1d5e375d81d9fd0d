"""The rate limit of the API (RATE_LIMIT_API): per key, counted in Redis for all processes together.

Webhooks and /health are not limited. While Redis is down nothing is counted; the request cannot be queued
then.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from flask import Blueprint, Flask, request
from flask_limiter import Limiter

from socialboost.settings import WebSettings
from socialboost.web.auth import KeyRing

_REDIS_SECONDS: Final = 1


def register(app: Flask, settings: WebSettings, keys: KeyRing, limited: Iterable[Blueprint]) -> None:
    """Limit these blueprints. A caller without a valid key is counted by address."""

    def caller() -> str:
        found = keys.caller(request)
        return f"key:{found.fingerprint}" if found else f"address:{request.remote_addr}"

    url = settings.redis_url.get_secret_value()
    limiter = Limiter(
        caller,
        storage_uri=f"redis+{url}" if url.startswith("unix:") else url,
        storage_options={"socket_timeout": _REDIS_SECONDS, "socket_connect_timeout": _REDIS_SECONDS},
        strategy="moving-window",
        key_prefix="api",
        headers_enabled=True,
        swallow_errors=True,
    )
    for blueprint in limited:
        limiter.limit(str(settings.rate_limit_api))(blueprint)
    limiter.init_app(app)
