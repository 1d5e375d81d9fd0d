"""Tests of links from people: which are accepted, in which form, and that no hostile link is."""

from __future__ import annotations

import re
import socket
import string
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialboost.chat.callbacks import PLATFORMS
from socialboost.kinds import LINK_CODES
from socialboost.links import MAX_LINKS, LinkError, PostLink, find_all, parse, words
from tests.examples import examples
from tests.unit.link_samples import ACCEPTED, CANONICAL, CODE, ONE_POST, REFUSED, TWEET, VIDEO

ONE_LINK = [case for case in ACCEPTED if not case[1].lower().startswith("tg:")]
SAME = [(name, ref, texts) for name, groups in ONE_POST.items() for ref, texts in groups]


def outcome(text: str, platform: str) -> PostLink | LinkError:
    try:
        return parse(text, platform)
    except LinkError as refused:
        return refused


@pytest.mark.parametrize(("platform", "text", "url"), ACCEPTED)
def test_a_post_gets_its_canonical_link(platform: str, text: str, url: str) -> None:
    link = parse(text, platform)
    assert (link.platform, link.url) == (platform, url)
    assert parse(text) == link
    assert parse(url, platform) == link
    assert find_all(text) == [link]
    assert re.fullmatch(CANONICAL[platform], url)


@pytest.mark.parametrize(("platform", "ref", "texts"), SAME)
def test_all_links_of_a_post_have_one_identity(platform: str, ref: str, texts: list[str]) -> None:
    assert {parse(text).identity for text in texts} == {(platform, ref)}


def test_different_posts_have_different_identities() -> None:
    """Another id, another channel with the same id, the same code on another network."""
    texts = [
        *(texts[0] for _, _, texts in SAME),
        *("t.me/durov/910", "t.me/telegram/909", f"x.com/a/status/{TWEET[:-1]}2", "facebook.com/reel/1234"),
        *(f"instagram.com/p/{CODE[:-1]}S", f"youtu.be/{VIDEO[:-1]}q", "tiktok.com/@a/video/7420"),
    ]
    assert len({parse(text).identity for text in texts}) == len(texts)


def test_all_links_of_a_message_are_found_in_order() -> None:
    text = (
        f"Мої пости: t.me/channel/2 (другий), https://x.com/a/status/{TWEET}.\n"
        f"[відео](https://youtu.be/{VIDEO}), https://vm.tiktok.com/ZM1/ та https://example.com/post\n"
        f"2) t.me/channel/2, 24/7, https://t.me/channel/1,https://t.me/channel/3 https://user@t.me/channel/4"
    )
    found = [
        link.url if isinstance(link, PostLink) else (link.code, link.platform) for link in find_all(text)
    ]
    assert found == [
        "https://t.me/channel/2",
        f"https://x.com/a/status/{TWEET}",
        f"https://www.youtube.com/watch?v={VIDEO}",
        ("short_link", "tiktok"),
        ("wrong_host", ""),
        "https://t.me/channel/1",
        "https://t.me/channel/3",
        ("userinfo", ""),
    ]


def test_two_links_of_one_post_are_returned_as_two_links() -> None:
    links = find_all(f"x.com/a/status/{TWEET} twitter.com/b/status/{TWEET} x.com/A/status/{TWEET}?s=20")
    assert [link.url for link in links if isinstance(link, PostLink)] == [
        f"https://x.com/a/status/{TWEET}", f"https://x.com/b/status/{TWEET}",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", " ", "привіт", "I need help with my order", "t.me", "24/7", "/start"])
def test_a_text_without_a_link_has_none(text: str) -> None:
    assert find_all(text) == []


def test_a_text_that_is_too_long_is_not_cut_within_a_link() -> None:
    """A post's number cut in two would be another post's number."""
    text = "t.me/channel/1 ".ljust(words.MAX_TEXT - 14) + "t.me/channel/23"
    assert len(text) == words.MAX_TEXT + 1
    assert [link.url for link in find_all(text) if isinstance(link, PostLink)] == ["https://t.me/channel/1"]
    assert len(find_all(text.replace("  ", " ", 1))) == 2


def test_the_number_of_posts_in_a_message_is_limited() -> None:
    many = " ".join(f"https://t.me/channel/{number}" for number in range(1, MAX_LINKS + 6))
    assert len(find_all(many)) == MAX_LINKS
    assert len(find_all(many, MAX_LINKS + 1)) == MAX_LINKS + 1


@pytest.mark.parametrize(("platform", "text", "code"), REFUSED)
def test_a_link_that_is_not_a_public_post_is_refused_with_its_code(
    platform: str, text: str, code: str
) -> None:
    with pytest.raises(LinkError) as caught:
        parse(text, platform)
    assert (caught.value.code, caught.value.platform) == (code, platform)
    assert caught.value.found_platform is None
    assert all(isinstance(link, LinkError) for link in find_all(text)) or code == "several_links"


def test_the_list_of_hostile_links_is_long_enough() -> None:
    assert len({text for _, text, _ in REFUSED}) >= 250
    assert len({text for _, text, _ in ACCEPTED}) >= 200


def test_every_refusal_code_is_tested() -> None:
    assert {code for _, _, code in REFUSED} | {"other_platform"} == set(LINK_CODES)


@pytest.mark.parametrize(("platform", "text", "url"), ONE_LINK)
def test_a_link_of_another_platform_names_it(platform: str, text: str, url: str) -> None:
    for other in PLATFORMS:
        if other == platform:
            continue
        with pytest.raises(LinkError) as caught:
            parse(text, other)
        assert (caught.value.code, caught.value.platform) == ("other_platform", other)
        assert caught.value.found_platform == platform


def test_an_unknown_platform_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="not a platform"):
        parse("https://t.me/channel/1", "myspace")


def test_reading_links_opens_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a link was looked up")

    for name in ("socket", "create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)
    with pytest.raises(AssertionError):
        socket.getaddrinfo("t.me", 443)
    for platform, text, _ in ACCEPTED:
        parse(text, platform)
    for platform, text, _ in REFUSED:
        with pytest.raises(LinkError):
            parse(text, platform)


_PIECES = st.sampled_from(
    [
        *(text for _, text, _ in ACCEPTED),
        *(text for _, text, _ in REFUSED if len(text) < 200),
        *("https://", "http://", "tg://", "//", "@", ":443", ":80", "\\", "%2e", "..", "?", "#", "&v=", "/"),
        *("t.me", "evil.com", "x.com", "instagram.com", "youtu.be", "xn--", "127.0.0.1", "[::1]", "s", "c"),
        *("channel", "posts", "status", "p", "watch?v=", CODE, VIDEO, TWEET, "123", "\u202e", "\u200b", " "),
    ]
)
_TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(_PIECES, max_size=6).map("".join),
    st.tuples(_PIECES, st.text(alphabet=string.printable, max_size=3), _PIECES).map("".join),
)


@settings(max_examples=examples(500, long=3000), deadline=None)
@given(text=_TEXTS, platform=st.sampled_from(PLATFORMS))
def test_whatever_is_sent_only_canonical_links_come_out(text: str, platform: str) -> None:
    result = outcome(text, platform)
    if isinstance(result, LinkError):
        assert result.code in LINK_CODES
        assert (result.found_platform is not None) == (result.code == "other_platform")
    else:
        assert re.fullmatch(CANONICAL[platform], result.url)
        assert parse(result.url, platform) == result
        assert find_all(text) == [result]
    for link in find_all(text):
        assert isinstance(link, LinkError) or re.fullmatch(CANONICAL[link.platform], link.url)


@settings(max_examples=examples(200, long=500), deadline=None)
@given(
    case=st.sampled_from(ACCEPTED),
    position=st.integers(min_value=0, max_value=80),
    inserted=st.sampled_from(["\u202e", "\u200b", "\x00", "\\", "\u0430", "@"]),
)
def test_one_foreign_character_never_changes_where_a_link_leads(
    case: tuple[str, str, str], position: int, inserted: str
) -> None:
    platform, text, url = case
    changed = text[:position] + inserted + text[position:]
    result = outcome(changed, platform)
    # It may have fallen into the words around the link, the query or the fragment, which are dropped.
    assert isinstance(result, LinkError) or result.url == url


def test_refusing_a_hostile_text_is_fast() -> None:
    """Ten thousand worst cases: quadratic work would take minutes here."""
    worst = ("a." * 1024, "https://" + "t.me/" * 400, "?" * 2048, "x=&" * 682, "-" * 2048, "%25" * 682)
    for text in (
        *worst,
        "я" + "-" * 2047,
        "a" * 2048,
        "," * 2048,
        "я" * 2048,
        "https://t.me/" + "&amp;" * 400,
    ):
        for _, platform in product(range(30), PLATFORMS):
            with pytest.raises(LinkError):
                parse(text, platform)
    for text in ("a.b/ " * 800, "https://" * 500, "(" * 4096, "t.me/channel/1 " * 270, "](" * 2048):
        for _ in range(60):
            find_all(text)
