"""Finds posts in a person's text, without any request, and rebuilds each link in one canonical form.

    parse(text, platform)   the one post the text links to, or LinkError with the reason
    find_all(text)          every link in the text in its order, each a PostLink or the LinkError it would be

Nothing is ever fetched. A link hidden behind words (Telegram's text_link) is found if its address is put into
the text behind those words.

The canonical link is built from the parts that identify the post. Query, fragment and everything else that a
person pasted are dropped, so it is safe to show. Names are lower-cased if the network ignores their case. Ids
stay text, exactly as given.

    Telegram   https://t.me/<user>/<id>                    t.me telegram.me telegram.dog, <user>.t.me, tg:
    Instagram  https://www.instagram.com/p/<code>/         p, reel, reels, tv
    TikTok     https://www.tiktok.com/@<user>/video/<id>   also /photo/; the user is empty where none is named
    YouTube    https://www.youtube.com/watch?v=<id>        watch, shorts, live, embed, v, youtu.be
    X          https://x.com/<user>/status/<id>            x.com, twitter.com
    Facebook   https://www.facebook.com/…                  posts, videos, reel, watch, photo, groups
    Threads    https://www.threads.com/@<user>/post/<code> also /t/<code>

A post's **identity** is (platform, ref). It does not depend on the spelling of the link or on the author's
name in it, which no network checks. `ref` is the network's own identifier:

    Telegram   <user>/<id>: ids count within a channel. A channel's former names are not known.
    Instagram  the code: p, reel and tv of one code are one post. Threads: the code, of /post/ and /t/ alike.
    TikTok     the id, of a video and of photos alike. YouTube: the video's id. X: the id.
    Facebook   the number, which is unique in all of Facebook: a reel, /watch and /<page>/videos/ of one
               number are one video. Of a pfbid…, which only Facebook can read, the pfbid itself: one post may
               have several, and those cannot be told from different posts.

sql/functions/posts/post_ref.sql reads the same from a canonical link; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from socialboost.chat.callbacks import PLATFORMS
from socialboost.errors import SocialBoostError
from socialboost.kinds import LinkCode
from socialboost.links import addresses, hosts, networks, words
from socialboost.links.addresses import RefusedError

MAX_LINKS: Final = 20
"""The largest number of posts in one message."""


class LinkError(SocialBoostError):
    """The text is not the link of a post (on `platform`, if one was asked for).

    `code` has a sentence in socialboost/locales. `platform` is the requested one, else the link's own, else
    empty. `found_platform` is set if the link belongs to another platform than the requested one. `text` is
    the link as it was read, for showing.
    """

    def __init__(
        self, code: LinkCode, platform: str, found_platform: str | None = None, text: str = ""
    ) -> None:
        super().__init__(code)
        self.code = code
        self.platform = platform
        self.found_platform = found_platform
        self.text = text


@dataclass(frozen=True, slots=True)
class PostLink:
    """A post's canonical link and its ref there: parse(link.url, link.platform) == link."""

    platform: str
    url: str
    ref: str

    @property
    def identity(self) -> tuple[str, str]:
        """Return the identity that all links of this post share."""
        return self.platform, self.ref


def parse(text: str, platform: str | None = None) -> PostLink:
    """Return the one post that `text` links to, on `platform` if given (ValueError for an unknown one).

    Words and punctuation around the link, a missing https:// and capitals in the host are accepted. Raises
    LinkError.
    """
    if platform is not None and platform not in PLATFORMS:
        raise ValueError(f"not a platform: {platform}")
    try:
        word = words.only(text)
    except RefusedError as refusal:
        raise LinkError(refusal.code, platform or "") from None
    return _read(word, platform)


def find_all(text: str, limit: int = MAX_LINKS) -> list[PostLink | LinkError]:
    """Return the links in the text in their order, good and bad ones, `limit` at most; empty if it has none.

    The same link written twice is one; the same post under two names is two links of one identity.
    """
    found: dict[str, PostLink | LinkError] = {}
    for word in words.addresses(text):
        if len(found) >= limit:
            break
        try:
            link = _read(word, None)
            found.setdefault(link.url, link)
        except LinkError as error:
            found.setdefault(word, error)
    return list(found.values())


def _read(word: str, platform: str | None) -> PostLink:
    found = ""
    try:
        address = addresses.read(word)
        found = "telegram" if address.scheme == "tg" else hosts.owner(address.host)
        if platform is not None and found != platform:
            raise LinkError("other_platform", platform, found, word)
        if hosts.is_opaque(address.host):
            raise RefusedError("short_link")
        return PostLink(found, *networks.READERS[found](address))
    except RefusedError as refusal:
        raise LinkError(refusal.code, platform or found, text=word) from None
