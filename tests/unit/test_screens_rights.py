"""Tests of buttons for admins: each admin gets the buttons that their role may use, and no others."""

from __future__ import annotations

import re
from typing import Final

import pytest

from socialboost.chat import callbacks
from socialboost.kinds import ADMIN_RIGHTS
from socialboost.screens.core import Button, Screen
from tests.unit.screen_samples import World, every_screen

SUPPORT: Final = frozenset({"look", "statistics"})
REFUSED: Final = re.compile(
    r"admin_(settings|notices|broadcast)$|payment_(activate|credit|refund|dismiss|owner)_|job_(replay|discard)_"
    r"|withheld_(send|discard)_|package_(on|off|name|price|posts)_|broadcast_(to|send|pause|resume|cancel)_"
)
"""Buttons of which support is told that they are unknown."""
ASKED: Final = re.compile(r"sure|broadcast[ _](segments|confirmation|compose)|untold")
"""Screens that only somebody with the right to decide gets: what asks, and the notices nobody heard of."""


def data(screen: Screen) -> list[str]:
    return [button.callback for row in screen.keyboard for button in row if button.callback]


def test_support_gets_no_button_that_is_refused() -> None:
    offered: set[str] = set()
    for name, draw in every_screen(World()):
        screen = draw("uk")
        if ASKED.search(name):
            continue
        offered |= {REFUSED.match(one)[0] for one in data(screen) if REFUSED.match(one)}  # type: ignore[index]
        assert [one for one in data(screen.within(SUPPORT)) if REFUSED.match(one)] == [], name
    assert len(offered) >= 15, "the samples have them, for those who may use them"


def test_whoever_has_every_right_gets_every_button() -> None:
    for name, draw in every_screen(World()):
        screen = draw("uk")
        assert screen.within(ADMIN_RIGHTS) == screen, name


def test_a_button_may_lead_elsewhere_without_the_right() -> None:
    panel = next(draw("uk") for name, draw in every_screen(World()) if name == "admin panel")
    assert f"{callbacks.BROADCAST_LIST_PREFIX}0" in data(panel.within(SUPPORT))
    assert callbacks.ADMIN_BROADCAST in data(panel.within(SUPPORT | {"broadcasts"}))


@pytest.mark.parametrize("right", [None, "payments"])
def test_an_empty_row_of_buttons_is_removed(right: str | None) -> None:
    screen = Screen("x", ((Button("a", "a", right=right),), (Button("b", "b"),)))  # type: ignore[arg-type]
    assert data(screen.within(())) == (["b"] if right else ["a", "b"])
