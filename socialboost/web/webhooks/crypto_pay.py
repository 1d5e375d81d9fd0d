"""POST /webhook/cryptobot: receives Crypto Pay's event that an invoice was paid.

The signature is checked over the bytes as received, before they are parsed. The queued event is not trusted:
the worker compares it with our invoice, and the reconciler asks Crypto Pay itself. Personal data in the
event (who paid, their comment) is encrypted before it goes into the queue.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, abort, request

from socialboost import jobs, logs
from socialboost.cleaning import clean_text
from socialboost.security.sealing import Courier
from socialboost.settings import WebSettings
from socialboost.web.auth import same_secret
from socialboost.web.bodies import json_object, read_body
from socialboost.web.errors import ApiError, bad_field

log = logs.get(__name__)

PATH: Final = "/webhook/cryptobot"
_SIGNATURE_HEADER: Final = "crypto-pay-api-signature"
_INVOICE_ID: Final = re.compile(r"[0-9]{1,20}")
_AMOUNT: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?")


def blueprint(settings: WebSettings) -> Blueprint:
    """Return the route. With CRYPTOBOT_WEBHOOK_SECRET it ends in the secret and the bare path is a 404."""
    routes = Blueprint("crypto_pay", __name__)
    key = signing_key(settings.cryptobot_token.get_secret_value())
    courier = Courier(settings.cryptobot_token)
    secret = settings.cryptobot_webhook_secret

    @routes.post(PATH if secret is None else f"{PATH}/<path_secret>")
    def receive(path_secret: str = "") -> dict[str, bool]:
        if secret is not None and not same_secret(path_secret, secret):
            abort(404)
        body = read_body()
        if not is_authentic(key, body, request.headers.get(_SIGNATURE_HEADER, "")):
            log.warning("webhook_received", source="cryptobot", outcome="bad_signature")
            raise ApiError(401, "bad_signature", "the signature does not belong to these bytes")
        job = paid_invoice(body)
        if job is not None:
            jobs.send(replace(job, raw_event=courier.seal(body)))
        outcome = "ignored" if job is None else "queued"
        log.info("webhook_received", source="cryptobot", outcome=outcome, key=job and job.key)
        return {"ok": True}

    return routes


def signing_key(token: str) -> bytes:
    """Return the HMAC key: the 32 raw bytes of SHA256(token)."""
    return hashlib.sha256(token.encode()).digest()


def is_authentic(key: bytes, body: bytes, signature: str) -> bool:
    """Return True if `signature` is the lower-case hex HMAC-SHA256 of `body`. Constant time, for any text."""
    expected = hmac.new(key, body, hashlib.sha256).hexdigest().encode()
    return hmac.compare_digest(expected, signature.encode("utf-8", "backslashreplace"))


def paid_invoice(body: bytes) -> jobs.ActivateOrder | None:
    """Return the job for a signed event, or None if it is not a paid invoice.

    Raises ApiError 400, which names the field, for an event that cannot be parsed. Every number stays text
    exactly as Crypto Pay wrote it. A missing asset or payload becomes empty text: the worker then lists an
    exception, so that no payment is lost.
    """
    event = json_object(body, numbers_as_text=True)
    if event.get("update_type") != "invoice_paid":
        return None
    invoice = event.get("payload")
    if not isinstance(invoice, dict):
        raise bad_field("payload", "the invoice, an object")
    if invoice.get("status", "paid") != "paid":
        return None
    invoice_id = _matching(invoice, _INVOICE_ID, "invoice_id", expected="a number")
    amount_name = "paid_amount" if invoice.get("paid_amount") is not None else "amount"
    return jobs.ActivateOrder(
        key=f"cp:{invoice_id}",
        invoice_id=invoice_id,
        asset=_text(invoice.get("paid_asset") or invoice.get("asset")),
        amount=_matching(invoice, _AMOUNT, amount_name, expected="a decimal amount"),
        order_id=_text(invoice.get("payload")),
        paid_at=_moment(invoice.get("paid_at")),
    )


def _matching(invoice: Mapping[str, Any], pattern: re.Pattern[str], name: str, *, expected: str) -> str:
    """Return the field as text, or raise an ApiError that names it."""
    value = invoice.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise bad_field(f"payload.{name}", expected)
    return value


def _text(value: object) -> str:
    """Return text that PostgreSQL can store; empty for any other type."""
    return clean_text(value) if isinstance(value, str) else ""


def _moment(value: object) -> str | None:
    """Return an ISO 8601 time with a zone as written, or None (the time of arrival is used then)."""
    try:
        return value if isinstance(value, str) and datetime.fromisoformat(value).tzinfo else None
    except ValueError:
        return None
