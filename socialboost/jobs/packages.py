"""Packages: what buyers see of them, and what admins change."""

from __future__ import annotations

from dataclasses import dataclass

from socialboost.jobs.base import INTERACTIVE, AdminTap, Decision, Tap


@dataclass(frozen=True, kw_only=True)
class ShowPackages(Tap, queue=INTERACTIVE):
    """Show the packages on sale."""


@dataclass(frozen=True, kw_only=True)
class ShowPackage(Tap, queue=INTERACTIVE):
    """Show one package's details."""

    slug: str


@dataclass(frozen=True, kw_only=True)
class ShowEveryPackage(AdminTap, queue=INTERACTIVE):
    """Show all packages, on sale or not."""


@dataclass(frozen=True, kw_only=True)
class ShowAnyPackage(AdminTap, queue=INTERACTIVE):
    """Show one of them with what can be changed; with `field`, ask for its new value."""

    package_id: str
    field: str = ""
    """name, price or posts; empty shows the card."""


@dataclass(frozen=True, kw_only=True)
class ChangePackage(AdminTap, Decision, queue=INTERACTIVE):
    """Change a package for the orders to come. Answers {outcome: …} as NamePaymentOwner does."""

    package_id: str
    field: str
    """name, price, posts or sale."""
    text: str
    """What the admin sent; for `sale`: on or off."""
    dialogue: str = ""
