"""What is on sale."""

from __future__ import annotations

from socialboost import jobs
from socialboost.screens import packages
from workers import people, replies, runtime
from workers.base import actor


@actor(jobs.ShowPackages)
def show_packages(job: jobs.ShowPackages) -> None:
    """Show the packages on sale."""
    if person := people.known(job):
        available = runtime.db().value("get_available_packages")
        replies.reply(job, packages.packages(available, person.language))


@actor(jobs.ShowPackage)
def show_package(job: jobs.ShowPackage) -> None:
    """Show one package's terms, and what buying it would do to the running one."""
    person = people.known(job)
    if person is None:
        return
    package = runtime.db().one("get_package", slug=job.slug)
    if package is None:
        replies.reply(job, packages.package_gone(person.language))
        return
    current = people.figures(person)["current_package"]
    replies.reply(job, packages.package(package, person.language, current))
