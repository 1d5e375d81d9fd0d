"""Links people send: what is accepted, in which form, and that nothing hostile ever is."""

from __future__ import annotations

import re
import socket
import string
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialboost.callbacks import PLATFORMS
from socialboost.links import CODES, LinkError, PostLink, parse
from tests.unit.link_samples import ACCEPTED, CANONICAL, CODE, REFUSED, TWEET, VIDEO


def outcome(text: str, platform: str) -> PostLink | LinkError:
    try:
        return parse(text, platform)
    except LinkError as refused:
        return refused


@pytest.mark.parametrize(("platform", "text", "url"), ACCEPTED)
def test_a_post_gets_its_canonical_link(platform: str, text: str, url: str) -> None:
    assert parse(text, platform) == PostLink(platform, url)
    assert parse(url, platform).url == url
    assert re.fullmatch(CANONICAL[platform], url)


@pytest.mark.parametrize(("platform", "text", "code"), REFUSED)
def test_what_is_not_a_public_post_is_refused_with_its_code(platform: str, text: str, code: str) -> None:
    with pytest.raises(LinkError) as caught:
        parse(text, platform)
    assert (caught.value.code, caught.value.platform) == (code, platform)
    assert caught.value.found_platform is None


def test_the_list_of_hostile_links_is_long_enough() -> None:
    assert len({text for _, text, _ in REFUSED}) >= 200


def test_every_code_is_met_here() -> None:
    assert {code for _, _, code in REFUSED} | {"other_platform"} == set(CODES)


@pytest.mark.parametrize(
    ("platform", "text", "url"), [case for case in ACCEPTED if not case[1].startswith("tg:")]
)
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


@settings(max_examples=3000, deadline=None)
@given(text=_TEXTS, platform=st.sampled_from(PLATFORMS))
def test_whatever_is_sent_only_canonical_links_come_out(text: str, platform: str) -> None:
    result = outcome(text, platform)
    if isinstance(result, LinkError):
        assert result.code in CODES
        assert (result.found_platform is not None) == (result.code == "other_platform")
    else:
        assert re.fullmatch(CANONICAL[platform], result.url)
        assert parse(result.url, platform) == result


@settings(max_examples=500, deadline=None)
@given(
    case=st.sampled_from(ACCEPTED),
    position=st.integers(min_value=0, max_value=80),
    inserted=st.sampled_from(["\u202e", "\u200b", "\x00", "\\", "\u0430", " ", "\n", "@"]),
)
def test_one_foreign_character_never_changes_where_a_link_leads(
    case: tuple[str, str, str], position: int, inserted: str
) -> None:
    platform, text, url = case
    changed = text[:position] + inserted + text[position:]
    result = outcome(changed, platform)
    # It may have fallen into the query, the fragment or the margin, which are dropped.
    assert result == PostLink(platform, url) or isinstance(result, LinkError)


def test_refusing_costs_little() -> None:
    """Ten thousand worst texts: quadratic work would take minutes here."""
    for text in ("a." * 1024, "https://" + "t.me/" * 400, "?" * 2048, "x=&" * 682, "-" * 2048):
        for _, platform in product(range(300), PLATFORMS):
            with pytest.raises(LinkError):
                parse(text, platform)
