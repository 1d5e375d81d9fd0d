"""Admins edit packages; an order keeps the terms it was opened with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from socialboost import callbacks, jobs, logs
from socialboost.errors import ParkError
from socialboost.screens import pricing
from socialboost.screens.texts import clean
from workers import admins, cache, replies, runtime
from workers.base import Attempt, actor

LONGEST_NAME: Final = 100
MOST_POSTS: Final = 1000
_PRICE: Final = re.compile(r"[0-9]{1,5}([.,][0-9]{1,2})?")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,3}")

log = logs.get(__name__)


@actor(jobs.ShowEveryPackage)
def show_every_package(job: jobs.ShowEveryPackage) -> None:
    """Show all packages."""
    language = admins.language(job)
    if language is not None:
        replies.reply(job, pricing.every_package(runtime.db().many("get_every_package"), language))


@actor(jobs.ShowAnyPackage)
def show_any_package(job: jobs.ShowAnyPackage) -> None:
    """Show one package, or ask for one of its values."""
    language = admins.language(job)
    if language is None:
        return
    row = runtime.db().one("get_any_package", package_id=job.package_id)
    if row is None:
        replies.end_dialogue(job, f"tg:{job.update_id}")
        replies.reply(job, pricing.package_unknown(language))
    elif job.field in callbacks.PACKAGE_FIELDS:
        replies.reply(job, pricing.ask_value(row, job.field, language))
    else:
        replies.reply(job, pricing.any_package(row, language))


@actor(jobs.ChangePackage)
def change_package(job: jobs.ChangePackage, attempt: Attempt) -> None:  # noqa: ARG001 (sets, never adds)
    """Write the new value down with who gave it; one that is no use leaves the dialogue open."""
    language = admins.language(job)
    if language is None:
        return
    change = _change(job)
    if change is not None:
        with runtime.db().transaction() as tx:
            tx.one("change_package", package_id=job.package_id, admin=job.telegram_id, **change)
            cache.forget_packages(tx)
        log.info("package_changed", package_id=job.package_id, field=job.field)
    row = runtime.db().one("get_any_package", package_id=job.package_id)
    if row is not None and change is None:
        replies.reply(job, pricing.ask_value(row, job.field, language, refused=True))
        return
    if job.dialogue:
        replies.end_dialogue(job, job.dialogue)
    replies.reply(
        job, pricing.package_unknown(language) if row is None else pricing.any_package(row, language)
    )


def _change(job: jobs.ChangePackage) -> Mapping[str, Any] | None:
    """Return change_package's values, all but one of them None; None when the text is no use."""
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
