"""Shows packages: those on sale to buyers, all of them to admins."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from socialboost import jobs
from socialboost.chat import callbacks
from socialboost.screens.admin import packages as admin_packages
from socialboost.screens.buyer import packages
from workers.engine import cache, resources
from workers.engine.actors import actor
from workers.people import access, current
from workers.telegram import answers


@actor(jobs.ShowPackages)
def show_packages(job: jobs.ShowPackages) -> None:
    """Show the packages on sale."""
    if person := current.known(job):
        answers.reply(job, packages.packages(on_sale(), person.language))


@actor(jobs.ShowPackage)
def show_package(job: jobs.ShowPackage) -> None:
    """Show one package's terms, and how buying it would affect the running one."""
    person = current.known(job)
    if person is None:
        return
    package = next((one for one in on_sale() if one["slug"] == job.slug), None)
    if package is None:
        answers.reply(job, packages.package_gone(person.language))
        return
    answers.reply(job, packages.package(package, person.language, person.figures["current_package"]))


def on_sale() -> list[dict[str, Any]]:
    """Return get_available_packages' array, at most PACKAGES_SECONDS old and never older than an edit."""

    def load() -> str:
        return str(resources.db().value("get_available_packages"))

    text = cache.read_through(cache.PACKAGES, load, lambda _: cache.PACKAGES_SECONDS)
    available: list[dict[str, Any]] = json.loads(text or "[]", parse_float=Decimal)
    return available


@actor(jobs.ShowEveryPackage, right="look")
def show_every_package(job: jobs.ShowEveryPackage) -> None:
    """Show all admin_packages."""
    language = access.language(job)
    answers.reply(job, admin_packages.every_package(resources.db().many("get_every_package"), language))


def _right(job: jobs.ShowAnyPackage) -> str:
    """Return the right that the screen needs. Asking for a new value is the first step of a change."""
    return "packages" if job.field else "look"


@actor(jobs.ShowAnyPackage, right=_right)
def show_any_package(job: jobs.ShowAnyPackage) -> None:
    """Show one package, or ask for one of its values."""
    language = access.language(job)
    row = resources.db().one("get_any_package", package_id=job.package_id)
    if row is None:
        answers.end_dialogue(job, f"tg:{job.update_id}")
        answers.reply(job, admin_packages.package_unknown(language))
    elif job.field in callbacks.PACKAGE_FIELDS:
        answers.reply(job, admin_packages.ask_value(row, job.field, language))
    else:
        answers.reply(job, admin_packages.any_package(row, language))
