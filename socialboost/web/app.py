"""The Flask application: its routes, errors, request ids and headers."""

from __future__ import annotations

import time
from typing import Final
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from socialboost import logs
from socialboost.queue import broker
from socialboost.settings import WebSettings
from socialboost.web import errors, health, limits
from socialboost.web.api import tasks
from socialboost.web.auth import KeyRing
from socialboost.web.bodies import MAX_BODY_BYTES
from socialboost.web.webhooks import crypto_pay

log = logs.get(__name__)

_SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(settings: WebSettings | None = None) -> Flask:
    """Return the application. Raises SettingsError for wrong settings. Opens no connection yet."""
    settings = settings or WebSettings.load()
    logs.configure("web", settings.log_level, settings.log_dir)
    for name, reason in settings.without_effect().items():
        log.warning("setting_has_no_effect", setting=name, reason=reason)
    broker.install(settings.redis_url.get_secret_value())
    app = Flask("socialboost.web", static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        PROPAGATE_EXCEPTIONS=False,
    )
    hops = settings.trusted_proxy_hops
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    errors.register(app)
    _register_hooks(app)
    _register_routes(app, settings)
    return app


def _register_routes(app: Flask, settings: WebSettings) -> None:
    """Add every route; those of webhook mode only if it is on."""
    keys = KeyRing(settings)
    api = tasks.blueprint(settings, keys)
    limits.register(app, settings, keys, limited=(api,))
    for blueprint in (api, crypto_pay.blueprint(settings), health.blueprint(settings)):
        app.register_blueprint(blueprint)
    if settings.telegram_webhook_url and settings.telegram_webhook_secret:
        from socialboost.web.webhooks import telegram  # noqa: PLC0415 (brings the bot's dispatcher, and aiogram)

        app.register_blueprint(telegram.blueprint(settings, settings.telegram_webhook_secret))


def _register_hooks(app: Flask) -> None:
    """Give each request an id, log it in one line, and set the headers of every answer."""

    @app.before_request
    def begin() -> None:
        g.request_id = uuid4().hex
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers.update(_SECURITY_HEADERS)
        response.headers["X-Request-Id"] = g.request_id
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        # The route's rule, not the path: paths may hold secrets, or what a scanner tries.
        log.info(
            "request_finished",
            method=request.method,
            route=request.url_rule.rule if request.url_rule else "none",
            status=response.status_code,
            ms=round((time.perf_counter() - g.started) * 1000, 1),
        )
        return response
