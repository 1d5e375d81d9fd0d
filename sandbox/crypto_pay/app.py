"""The stand-in's HTTP server: the API, the checkout page, and /sim for tests and the demo."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from html import escape
from typing import Any

from aiohttp import web

from sandbox.crypto_pay.errors import ApiError
from sandbox.crypto_pay.fields import Fields, plain
from sandbox.crypto_pay.methods import METHODS
from sandbox.crypto_pay.store import Invoice, Store
from sandbox.crypto_pay.webhooks import Plan, Webhooks
from sandbox.pages import button, page
from sandbox.wire import Fault, Faults, WireLog, add_wire_route, with_fault

FAULT_NAMES = {429: "TOO_MANY_REQUESTS", 423: "APP_SUSPENDED"}


class CryptoPay:
    """One app of the service: its token, its invoices, its webhook."""

    def __init__(self, token: str, store: Store, webhooks: Webhooks, log: WireLog) -> None:
        self.token = token
        self.store = store
        self.webhooks = webhooks
        self.log = log
        self.faults = Faults()

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=256 * 1024)
        app.router.add_route("*", "/api/{method}", self.call)
        app.router.add_get("/", self.list_page)
        app.router.add_get("/invoices/{hash}", self.checkout_page)
        app.router.add_post("/invoices/{hash}/pay", self.checkout_pay)
        app.router.add_post("/invoices/{hash}/abandon", self.checkout_abandon)
        app.router.add_get("/sim/invoices", self.sim_list)
        app.router.add_post("/sim/invoices/{id}/pay", self.sim_pay)
        app.router.add_post("/sim/webhook", self.sim_webhook)
        app.router.add_get("/sim/webhook", self.sim_webhook_state)
        app.router.add_post("/sim/settings", self.sim_settings)
        self.faults.add_routes(app)
        add_wire_route(app, self.log)
        app.on_cleanup.append(self._close)
        return app

    async def _close(self, _: web.Application) -> None:
        await self.webhooks.close()

    # --- the API ---

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Answer one method call and log it, with the faults that apply to it."""
        method, started = request.match_info["method"], time.time()
        values = await _values(request)

        async def answer() -> web.StreamResponse:
            return self._answer(request, method, values)

        fault = self.faults.next(method)
        response = await with_fault(request, fault, answer, _fault_answer)
        self.log.record(
            "api",
            method=method,
            status=response.status,
            received_at=started,
            ms=round((time.time() - started) * 1000, 2),
            request={key: str(value)[:200] for key, value in values.items()},
            fault=fault.kind if fault else None,
        )
        return response

    def _answer(self, request: web.Request, method: str, values: Mapping[str, Any]) -> web.Response:
        try:
            if request.headers.get("Crypto-Pay-API-Token") != self.token:
                raise ApiError("UNAUTHORIZED", 401)
            if method not in METHODS:
                raise ApiError("METHOD_NOT_FOUND", 405)
            if method in self.store.disabled_methods:
                raise ApiError("METHOD_DISABLED", 403)
            return web.json_response({"ok": True, "result": METHODS[method](self.store, Fields(values))})
        except ApiError as error:
            return error.response()

    # --- the person's side ---

    async def list_page(self, _: web.Request) -> web.Response:
        """All invoices, newest first."""
        rows = "".join(_row(one) for one in sorted(self.store.invoices.values(), key=lambda i: -i.invoice_id))
        body = f"<h1>Crypto Pay · invoices</h1>{rows or '<p class=soft>No invoice yet.</p>'}"
        return page("Crypto Pay · invoices", body, refresh_seconds=3)

    async def checkout_page(self, request: web.Request) -> web.Response:
        """Return the checkout page behind the link."""
        invoice = self.store.by_hash(request.match_info["hash"])
        if invoice is None:
            response = page("Invoice not found", "<h1>Invoice not found</h1>", narrow=True)
            response.set_status(404)
            return response
        return page("Checkout", _checkout(invoice), narrow=True)

    async def checkout_pay(self, request: web.Request) -> web.StreamResponse:
        """Pay the offered amount, as the Pay button does."""
        invoice = self.store.by_hash(request.match_info["hash"])
        if invoice is None:
            raise web.HTTPNotFound
        self._paid(invoice, asset=None, amount=None, force=False)
        raise web.HTTPSeeOther(f"/invoices/{invoice.hash}")

    async def checkout_abandon(self, request: web.Request) -> web.StreamResponse:
        """Close the checkout page. The service does not know that: the invoice stays payable."""
        invoice = self.store.by_hash(request.match_info["hash"])
        if invoice is None:
            raise web.HTTPNotFound
        invoice.abandoned = True
        self.log.record("abandoned", invoice_id=invoice.invoice_id)
        raise web.HTTPSeeOther(f"/invoices/{invoice.hash}")

    def _paid(
        self, invoice: Invoice, *, asset: str | None, amount: Decimal | None, force: bool, quiet: bool = False
    ) -> bool:
        if not self.store.pay(invoice, asset=asset, amount=amount, force=force):
            return False
        self.log.record("paid", invoice_id=invoice.invoice_id, paid_at=invoice.paid_at)
        if not quiet:
            self.webhooks.notify(invoice.wire(self.store.public_url))
        return True

    # --- /sim ---

    async def sim_list(self, request: web.Request) -> web.Response:
        """All invoices as the API shows them, oldest first; ?payload= filters, ?hash= names one."""
        wanted, code = request.query.get("payload"), request.query.get("hash")
        named = self.store.by_hash(code) if code else None
        chosen = list(self.store.invoices.values()) if code is None else [named] if named else []
        items = [one.wire(self.store.public_url) for one in chosen]
        return web.json_response({"items": [i for i in items if wanted in (None, i.get("payload"))]})

    async def sim_pay(self, request: web.Request) -> web.Response:
        """Pay an invoice by id or hash. Body, all optional: asset, amount (overrides), force (late), quiet.

        `quiet` sends no webhook. `rewrite` also changes the invoice's own asset and amount, as if another
        invoice had been paid.
        """
        key, body = request.match_info["id"], await _json(request)
        try:
            invoice = self.store.by_hash(key) or self.store.by_id(int(key))
            amount = Decimal(str(body["amount"])) if "amount" in body else None
        except (ApiError, ValueError, InvalidOperation) as error:
            return web.json_response({"error": str(error)}, status=404)
        if body.get("rewrite"):
            invoice.amount, invoice.currency = amount or invoice.amount, body.get("asset", invoice.currency)
        force = bool(body.get("force", False))
        quiet = bool(body.get("quiet", False))
        done = self._paid(invoice, asset=body.get("asset"), amount=amount, force=force, quiet=quiet)
        return web.json_response(invoice.wire(self.store.public_url), status=200 if done else 409)

    async def sim_webhook(self, request: web.Request) -> web.Response:
        """Body: url, enabled, plans ([{kind, times, seconds}]), resend (invoice id), first_retry_seconds,
        shares ({kind: share of all other notices}) and the seed that deals them out."""
        body = await _json(request)
        self.webhooks.url = body.get("url", self.webhooks.url)
        self.webhooks.enabled = bool(body.get("enabled", self.webhooks.enabled))
        self.webhooks.first_retry_seconds = float(
            body.get("first_retry_seconds", self.webhooks.first_retry_seconds)
        )
        try:
            if "plans" in body:
                self.webhooks.plans.clear()
                self.webhooks.plans.extend(Plan(**plan) for plan in body["plans"])
            if "shares" in body:
                self.webhooks.shares = {Plan(kind).kind: float(part) for kind, part in body["shares"].items()}
                self.webhooks.seed = int(body.get("seed", 0))
            if "resend" in body:
                self.webhooks.notify(self.store.by_id(int(body["resend"])).wire(self.store.public_url))
        except (TypeError, ValueError, ApiError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return await self.sim_webhook_state(request)

    async def sim_webhook_state(self, _: web.Request) -> web.Response:
        """Return the webhook's address, whether it is on, and the plans for the next notices."""
        hooks = self.webhooks
        plans = [asdict(plan) for plan in hooks.plans]
        return web.json_response({"url": hooks.url, "enabled": hooks.enabled, "plans": plans})

    async def sim_settings(self, request: web.Request) -> web.Response:
        """Body: strangers (user ids that cannot be paid), disabled_methods, balance {asset: amount},
        expire (invoice ids that expire now), ignores_spend_id, odd {invoice id: what lists say of it}."""
        body = await _json(request)
        self.store.strangers = set(body.get("strangers", self.store.strangers))
        self.store.disabled_methods = set(body.get("disabled_methods", self.store.disabled_methods))
        self.store.ignores_spend_id = bool(body.get("ignores_spend_id", self.store.ignores_spend_id))
        self.store.balance |= {key: Decimal(str(value)) for key, value in body.get("balance", {}).items()}
        for number in body.get("expire", []):
            self.store.invoices[int(number)].expires_at = time.time()
        self.store.odd |= {int(number): changes for number, changes in body.get("odd", {}).items()}
        return web.json_response({"ok": True, "odd_shown": self.store.odd_shown})


async def _values(request: web.Request) -> dict[str, Any]:
    """Return a call's parameters, from the place that its content type gives."""
    if request.method == "GET":
        return dict(request.query)
    if request.content_type == "application/json":
        return await _json(request)
    return {key: value for key, value in (await request.post()).items() if isinstance(value, str)}


async def _json(request: web.Request) -> dict[str, Any]:
    """Return a JSON object. Anything else gives an empty one, as in the service."""
    if not request.can_read_body:
        return {}
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _fault_answer(fault: Fault) -> web.StreamResponse:
    name = fault.reason or FAULT_NAMES.get(fault.status, "INTERNAL_ERROR")
    return ApiError(name, fault.status).response()


def _row(invoice: Invoice) -> str:
    description = escape(str(invoice.options.get("description", "")))
    return (
        f'<a class="card" href="/invoices/{invoice.hash}"><span class="wrap">{description}</span>'
        f'<span class="row"><strong>{plain(invoice.amount)} {escape(invoice.currency)}</strong>'
        f'<span class="soft">{invoice.invoice_id}</span><span class="tag">{invoice.status}</span></span></a>'
    )


def _checkout(invoice: Invoice) -> str:
    head = (
        f'<p class="soft">Invoice {invoice.invoice_id}</p><div class="card">'
        f'<div class="wrap">{escape(str(invoice.options.get("description", "")))}</div>'
        f'<div class="sum">{plain(invoice.amount)} {escape(invoice.currency)}</div>'
    )
    base = f"/invoices/{invoice.hash}"
    if invoice.status == "paid":
        return head + "<p>✓ Paid. You can go back to the chat.</p></div>"
    if invoice.status == "expired":
        return head + "<p>This invoice has expired. Ask the shop for a new one.</p></div>"
    left = (
        ""
        if invoice.expires_at is None
        else f"{max(0, int(invoice.expires_at - time.time()) // 60)} min left"
    )
    note = "You left this page before. The invoice can still be paid." if invoice.abandoned else left
    buttons = button(f"{base}/pay", "Pay", "go wide") + button(f"{base}/abandon", "Abandon", "stop wide")
    return f'{head}<p class="soft">{note}</p>{buttons}</div>'
