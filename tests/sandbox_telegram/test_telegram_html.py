"""Tests of HTML parse mode: text, entities in UTF-16 units, Telegram's texts for mistakes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.telegram.errors import ApiError
from sandbox.telegram.html_entities import parse_html, utf16_length
from sandbox.telegram.texts import find_entities, render_html, trim

GOOD = [
    ("plain & simple", "plain & simple", []),
    ("&lt;b&gt; &amp;amp; &quot; &#x1F600; &#33 &nbsp;", '<b> &amp; " 😀 ! &nbsp;', []),
    ("<b>x</b>", "x", [("bold", 0, 1)]),
    ("😀<B>ї</B>", "😀ї", [("bold", 2, 1)]),
    ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
    ("<u>a</u><s>b</s>", "ab", [("underline", 0, 1), ("strikethrough", 1, 1)]),
    ("<ins>a</ins><del>b</del>", "ab", [("underline", 0, 1), ("strikethrough", 1, 1)]),
    ('<span class="tg-spoiler">s</span>', "s", [("spoiler", 0, 1)]),
    ("<tg-spoiler>s</tg-spoiler>", "s", [("spoiler", 0, 1)]),
    ("<code>x</code><pre>y</pre>", "xy", [("code", 0, 1), ("pre", 1, 1)]),
    ('<pre><code class="language-py">y</code></pre>', "y", [("pre", 0, 1)]),
    ("<blockquote>q</blockquote>", "q", [("blockquote", 0, 1)]),
    ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
    ("<a href='https://e.org/?a=1&amp;b=2'>x</a>", "x", [("text_link", 0, 1)]),
    ('<a href="tg://user?id=5">x</a>', "x", [("text_mention", 0, 1)]),
    ('<a href="javascript:alert(1)">x</a>', "x", []),
    ('<tg-emoji emoji-id="5">😀</tg-emoji>', "😀", [("custom_emoji", 0, 2)]),
    ("<b></b>x", "x", []),
    ("<b>x</>", "x", [("bold", 0, 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "text", "entities"), GOOD)
def test_markup_becomes_entities(source: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    parsed, found = parse_html(source)
    assert parsed == text
    assert [(one["type"], one["offset"], one["length"]) for one in found] == entities


def test_entities_carry_what_they_point_to() -> None:
    assert parse_html('<pre><code class="language-py">y</code></pre>')[1][0]["language"] == "py"
    assert parse_html("<a href='https://e.org/?a=1&amp;b=2'>x</a>")[1][0]["url"] == "https://e.org/?a=1&b=2"
    assert parse_html('<a href="tg://user?id=5">x</a>')[1][0]["user"]["id"] == 5
    assert parse_html("<a>example.org</a>")[1][0]["url"] == "http://example.org/"


BAD = [
    ("ї<x>y</x>", 'Unsupported start tag "x" at byte offset 2'),
    ("a < b", 'Unsupported start tag "" at byte offset 2'),
    ("<b", "Unclosed start tag at byte offset 0"),
    ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
    ("x</b>", "Unexpected end tag at byte offset 1"),
    ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
    ("<b>x</b", "Unclosed end tag at byte offset 4"),
    ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ("<a href=$>x</a>", "Unexpected end of name token at byte offset 8"),
    ('<a href="x', 'Unclosed start tag "a" at byte offset 0'),
    ('<a ="x">y</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
    ('<tg-emoji emoji-id="x">😀</tg-emoji>', "Invalid custom emoji identifier specified"),
]


@pytest.mark.parametrize(("source", "words"), BAD)
def test_mistakes_are_named_as_telegram_names_them(source: str, words: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_html(source)
    assert refused.value.description == f"Bad Request: can't parse entities: {words}"


def test_trimming_moves_entities() -> None:
    text, entities = trim(*parse_html("  \n<b> x </b> y "))
    assert (text, entities) == ("x  y", [{"type": "bold", "offset": 0, "length": 2}])


def test_links_commands_and_mentions_are_found() -> None:
    text = "😀 https://t.me/demo/42, @somebody /start #тег a@b.org 5/6 <x>"
    found = {
        one["type"]: text.encode("utf-16-le")[one["offset"] * 2 :][: one["length"] * 2]
        for one in find_entities(text, [])
    }
    assert {kind: part.decode("utf-16-le") for kind, part in found.items()} == {
        "url": "https://t.me/demo/42",
        "mention": "@somebody",
        "bot_command": "/start",
        "hashtag": "#тег",
        "email": "a@b.org",
    }  # fmt: skip
    code = [{"type": "code", "offset": 0, "length": utf16_length(text)}]
    assert find_entities(text, code) == []


@given(st.text())
def test_escaped_text_survives_any_round_trip(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse_html(f"<b>{escaped}</b>")[0] == text


@given(st.text(alphabet="ab😀ї&<> ", min_size=1), st.sampled_from(["b", "i", "code", "u"]))
def test_rendering_is_the_reverse_of_parsing(text: str, tag: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    parsed, entities = parse_html(f"x<{tag}>{escaped}</{tag}>")
    rendered = render_html(parsed, entities)
    assert parse_html(rendered) == (parsed, entities)
