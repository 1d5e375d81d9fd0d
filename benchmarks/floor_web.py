"""An application that only reads the body and answers: the floor of a webhook, served like web."""

from __future__ import annotations

from flask import Flask, request

app = Flask(__name__)


@app.post("/")
def receive() -> dict[str, bool]:
    """Answer."""
    request.get_data()
    return {"ok": True}
