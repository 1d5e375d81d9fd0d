"""Changes of a package by an admin. An order keeps the terms with which it was opened."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from socialboost import jobs, logs
from socialboost.chat import callbacks
from socialboost.db import Transaction
from socialboost.errors import ParkError
from socialboost.screens.admin import packages
from socialboost.screens.texts import clean
from workers.engine import cache, deciding, resources
from workers.engine.actors import Attempt, actor
from workers.people import access
from workers.telegram import answers

LONGEST_NAME: Final = 100
MOST_POSTS: Final = 1000
_PRICE: Final = re.compile(r"[0-9]{1,5}([.,][0-9]{1,2})?")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,3}")

log = logs.get(__name__)


@actor(jobs.ChangePackage, right="packages", on_duplicate=deciding.value)
def change_package(job: jobs.ChangePackage, attempt: Attempt) -> deciding.Value:  # noqa: ARG001 (sets only)
    """Store the new value and the admin who gave it. An invalid value leaves the dialogue open."""
    language = access.language(job)
    change = _change(job)
    value = deciding.decide(job, lambda tx: _write(tx, job, change))
    log.info("package_changed", package_id=job.package_id, field=job.field, **value)
    row = resources.db().one("get_any_package", package_id=job.package_id)
    if row is not None and change is None:
        answers.reply(job, packages.ask_value(row, job.field, language, refused=True))
        return value
    if job.dialogue:
        answers.end_dialogue(job, job.dialogue)
    changed = value["outcome"] == "changed_meanwhile"
    shown = (
        packages.package_unknown(language)
        if row is None
        else packages.any_package(row, language, changed=changed)
    )
    answers.reply(job, shown)
    return value


def _write(tx: Transaction, job: jobs.ChangePackage, change: Mapping[str, Any] | None) -> deciding.Value:
    if change is None:
        return {"outcome": "refused", "error": "no_such_value"}
    result = tx.value(
        "change_package",
        package_id=job.package_id,
        admin=deciding.actor_id(job),
        seen=job.seen or None,
        origin=job.origin,
        **change,
    )
    cache.forget_packages(tx)
    return deciding.outcome(result)


def _change(job: jobs.ChangePackage) -> Mapping[str, Any] | None:
    """Return change_package's arguments, all except one None, or None if the text is invalid."""
    unchanged: dict[str, Any] = dict.fromkeys(("name", "price", "posts", "active"))
    text = job.text.strip()
    if job.field == "sale" and text in callbacks.SALES:
        return unchanged | {"active": text == "on"}
    if job.field == "name":
        usable = bool(text) and len(text) <= LONGEST_NAME and clean(text) == text
        return unchanged | {"name": text} if usable else None
    if job.field == "price":
        price = Decimal(text.replace(",", ".")) if _PRICE.fullmatch(text) else Decimal(0)
        return unchanged | {"price": price} if price > 0 else None
    if job.field == "posts":
        count = int(text) if _COUNT.fullmatch(text) else 0
        return unchanged | {"posts": count} if 0 < count <= MOST_POSTS else None
    raise ParkError("no such value of a package")
