"""Getting updates: polling and webhook."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from sandbox.telegram.errors import bad_request, conflict
from sandbox.telegram.methods.registry import Call, method
from sandbox.telegram.polling import WEBHOOK_SET
from sandbox.telegram.updates import read_allowed
from sandbox.telegram.webhook import Subscription

PORTS = {80, 88, 443, 8443}
SECRET = re.compile(r"^[A-Za-z0-9_-]{1,256}$")


@method("getUpdates")
async def get_updates(call: Call) -> list[dict[str, Any]]:
    """Pending updates, waiting up to `timeout` seconds for the first."""
    if call.service.webhook.current.url:
        raise conflict(
            "can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first"
        )
    return await call.service.poller.poll(call.params)


def check_url(url: str) -> None:
    """Telegram's rules for a webhook address; loopback addresses may be plain HTTP on any port."""
    parts = urlsplit(url)
    try:
        loopback = ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        loopback = parts.hostname == "localhost"
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise bad_request("bad webhook: invalid webhook URL specified")
    if loopback:
        return
    if parts.scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


@method("setWebhook")
async def set_webhook(call: Call) -> bool:
    """Send updates to a URL from now on; an empty URL goes back to polling."""
    service, params = call.service, call.params
    url = params.text("url").strip()
    secret = params.text("secret_token")
    if url:
        check_url(url)
    if secret and not SECRET.match(secret):
        raise bad_request("secret token contains unallowed characters")
    allowed = read_allowed(params.json("allowed_updates"))
    if allowed is not None:
        service.updates.allowed = allowed
    if params.boolean("drop_pending_updates"):
        service.updates.drop_all()
    had = service.webhook.current.url
    connections = min(max(params.integer("max_connections", 40), 1), 100)
    if url:
        service.poller.abort(WEBHOOK_SET)
    await service.webhook.set(Subscription(url=url, secret=secret, max_connections=connections))
    call.description = "Webhook was set" if url else f"Webhook {'was' if had else 'is already'} deleted"
    return True


@method("deleteWebhook")
async def delete_webhook(call: Call) -> bool:
    """Back to polling."""
    for name in ("url", "secret_token", "allowed_updates"):
        call.params.values.pop(name, None)
    return bool(await set_webhook(call))


@method("getWebhookInfo")
async def get_webhook_info(call: Call) -> dict[str, Any]:
    """Return the webhook's URL and state."""
    return call.service.webhook.info()
