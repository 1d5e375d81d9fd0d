"""The table of roles and rights.

An owner may do everything. A manager may do everything except changing the team and the settings. Support may
look at everything and answer people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OWNER: Final = "owner"
MANAGER: Final = "manager"
SUPPORT: Final = "support"

ROLES: Final[Mapping[str, frozenset[str]]] = {
    # lists, and single payments, jobs, messages, packages and broadcasts as they stand; the machinery
    "look": frozenset({OWNER, MANAGER, SUPPORT}),
    "statistics": frozenset({OWNER, MANAGER, SUPPORT}),
    # undelivered notices: seeing them counts as receiving, and these roles receive notices about money
    "notices": frozenset({OWNER, MANAGER}),
    "payments": frozenset({OWNER, MANAGER}),
    "parked_jobs": frozenset({OWNER, MANAGER}),
    "withheld": frozenset({OWNER, MANAGER}),
    "packages": frozenset({OWNER, MANAGER}),
    "broadcasts": frozenset({OWNER, MANAGER}),
    "settings": frozenset({OWNER}),
}
"""The roles with each right. `look` gives no right to decide: a confirmation needs the decision's right."""
