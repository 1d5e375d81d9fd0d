"""How many examples a test with generated values tries: few by default, many where that is asked for.

HYPOTHESIS_PROFILE=long, as in .ci/run, tries the many; `night` does, too, and in tests/db/test_machine.py
other histories every time.
"""

from __future__ import annotations

import os
from typing import Literal, get_args

Profile = Literal["push", "long", "night"]
PROFILES: tuple[Profile, ...] = get_args(Profile)


def profile() -> Profile:
    """The profile that the environment names, `push` without one."""
    name = os.environ.get("HYPOTHESIS_PROFILE", "push")
    for known in PROFILES:
        if name == known:
            return known
    raise ValueError(f"HYPOTHESIS_PROFILE is {name!r}; expected: {', '.join(PROFILES)}")


def examples(push: int, *, long: int) -> int:
    """Return how many to try under the profile that the environment names."""
    return push if profile() == "push" else long
