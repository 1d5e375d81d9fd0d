"""Packages: the screens of buyers, and the changes by admins."""

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
    """Show one package with its fields. With `field`, ask for its new value."""

    package_id: str
    field: str = ""
    """name, price or posts; empty shows the card."""


@dataclass(frozen=True, kw_only=True)
class ChangePackage(AdminTap, Decision, queue=INTERACTIVE):
    """Change a package for new orders. Answers {outcome: …} as NamePaymentOwner does."""

    package_id: str
    field: str
    """name, price, posts or sale."""
    text: str
    """What the admin sent; for `sale`: on or off."""
    dialogue: str = ""
