"""The floor of a webhook: read the body, answer. No signature, no queue. Served as web is (webhooks.py)."""

from __future__ import annotations

from flask import Flask, request

app = Flask(__name__)


@app.post("/")
def receive() -> dict[str, bool]:
    """Answer."""
    request.get_data()
    return {"ok": True}
