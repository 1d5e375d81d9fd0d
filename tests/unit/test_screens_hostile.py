"""Tests of hostile values in every screen: no broken or injected markup, nothing too long or invisible."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from socialboost.chat import languages
from socialboost.screens import notices, texts
from socialboost.screens.buyer import packages, stats
from socialboost.screens.core import visible_units
from tests.examples import examples
from tests.unit.screen_samples import KYIV, World, every_screen, tags

LANGUAGES = languages.SHOP.codes
WORLD = World()


def test_the_strict_reader_refuses_markup_that_telegram_refuses() -> None:
    for wrong in (
        "a < b",
        "<b>x",
        "</b>",
        "<b><code></b></code>",
        "a & b",
        "&nbsp;",
        '<a href="x">',
        "<script>",
    ):
        with pytest.raises((AssertionError, IndexError)):
            tags(wrong)


PIECES = (
    *("<b>", "</b>", "</code>", "<a href='https://evil.com'>x</a>", "&lt;", "&#60;", "&", "<", ">"),
    *("https://evil.com", "@admin", "/start", "tg://user?id=1", "\u202e", "\u200b", "\x00", "\n\n"),
    *("{ $url }", "{x}", "✅ Оплата успішна!", "\ud800", "😀", "e\u0301" * 40, "W" * 400),
)
WORST = "".join(PIECES)
HOSTILE = st.one_of(
    st.text(st.characters(), max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
)


LONG_URL = "https://www.facebook.com/permalink.php?story_fbid=pfbid" + "a" * 120 + "&id=" + "9" * 19
WORLDS = st.builds(
    World,
    name=HOSTILE,
    words=HOSTILE,
    category=HOSTILE,
    url=st.just(LONG_URL),
    amount=st.decimals(min_value=0, max_value=Decimal("1e12"), places=8),
    count=st.integers(min_value=1, max_value=10**9),
)


def tame(value: str) -> str:
    """Return a harmless text that is empty, or looks empty, where `value` is."""
    return "x" if texts.clean(value) else value


@pytest.mark.slow("its long form draws every screen 120 times")
@settings(
    max_examples=examples(10, long=60),
    deadline=None,
    phases=set(Phase) - {Phase.shrink},  # an example takes long enough
)
@given(world=WORLDS, language=st.sampled_from(LANGUAGES))
@example(world=World(WORST, WORST, WORST, LONG_URL, Decimal("1e12"), 10**9), language=LANGUAGES[0])
def test_hostile_values_change_no_markup(world: World, language: str) -> None:
    twin = replace(world, name=tame(world.name), words=tame(world.words), category="x", url="https://t.me/x")
    for (title, draw), (_, draw_twin) in zip(every_screen(world), every_screen(twin), strict=True):
        screen = draw(language)
        expected = tags(draw_twin(language).text)
        if title.startswith("notice"):  # lines that do not fit are left out there
            expected = expected[: len(tags(screen.text))]
        assert tags(screen.text) == expected, title
        assert screen.text.encode()
        assert visible_units(screen.text) <= 4096
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00]", screen.text), title
        for button in (button for row in screen.keyboard for button in row):
            assert 1 <= len(button.text) <= 64
            assert len((button.callback or "").encode()) <= 64


@settings(max_examples=examples(500, long=10_000), deadline=None)
@given(HOSTILE)
def test_a_hostile_value_is_text_in_the_message(value: str) -> None:
    shown = texts.texts("uk").html("notice-line", label=value, value=value)
    assert tags(shown) == ["<code>", "</code>"]


@settings(max_examples=examples(300, long=2000), deadline=None)
@given(HOSTILE)
def test_other_peoples_text_becomes_one_harmless_line(value: str) -> None:
    line = texts.clean(value)
    assert len(line) <= 200
    assert line == " ".join(line.split())
    line.encode()
    assert texts.clean(line) == line


def test_other_people_s_text_cannot_become_a_link_for_admins() -> None:
    data = {"username": "https://evil.com @admin /stats", "surprise<b>": "x"}
    text = notices.admin_notice("order_paid", data, "uk").text
    assert "Username: <code>https://evil.com @admin /stats</code>" in text
    assert "surprise&lt;b&gt;: <code>x</code>" in text


def test_history_fits_with_the_longest_links() -> None:
    entries = [WORLD.history[1] | {"url": LONG_URL}] * (stats.ENTRIES + 1)
    assert stats.history(entries, 9, "uk", KYIV).text.count("pfbid") == stats.ENTRIES


def test_a_description_keeps_its_lines_and_loses_its_markup() -> None:
    shown = texts.paragraph("<b>Раз</b>\n\n\n\nдва\u202e & три")
    assert shown == "&lt;b&gt;Раз&lt;/b&gt;\n\nдва &amp; три"
    assert len(texts.paragraph("рядок\n" * 1000)) <= 500
    assert packages.package(replace(WORLD, words="&" * 5000).package, "uk")
