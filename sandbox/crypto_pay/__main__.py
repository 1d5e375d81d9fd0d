"""`python -m sandbox.crypto_pay --port 0 --token T --webhook-url URL`."""

from __future__ import annotations

import asyncio
import sys

from sandbox.crypto_pay.app import CryptoPay
from sandbox.crypto_pay.store import Store
from sandbox.crypto_pay.webhooks import Webhooks
from sandbox.wire import WireLog, announce, listen, parser, until_told_to_stop


async def serve() -> None:
    """Run until told to stop."""
    options = parser(__doc__ or "")
    options.add_argument("--token", required=True)
    options.add_argument("--webhook-url", default="", help="where paid invoices are announced")
    options.add_argument("--public-url", default="", help="address people reach the checkout page at")
    options.add_argument("--retry-seconds", type=float, default=1.0, help="first pause between notices")
    given = options.parse_args()
    log = WireLog("crypto_pay", given.wire_log)
    store = Store(public_url=given.public_url.rstrip("/"))
    webhooks = Webhooks(
        given.token, given.webhook_url, log, given.retry_seconds, enabled=bool(given.webhook_url)
    )
    runner, url = await listen(CryptoPay(given.token, store, webhooks, log).app(), given.host, given.port)
    store.public_url = store.public_url or url
    announce(url=url)
    await until_told_to_stop()
    await runner.cleanup()


if __name__ == "__main__":
    sys.exit(asyncio.run(serve()))
