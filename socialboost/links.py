"""Check a post's link by its text alone and rebuild it in one canonical form. Nothing is ever fetched.

The canonical link is built from the parts that name the post; query, fragment and everything else a person
pasted are dropped, so it is safe to show and to compare: the same post gives the same text as far as that can
be known without asking the network (on X and TikTok the author's name is not checked against the post).
Names that a network treats without regard to case are lower-cased; ids stay text, exactly as given.

    Telegram   https://t.me/<user>/<id>                    t.me telegram.me telegram.dog, <user>.t.me, tg://
    Instagram  https://www.instagram.com/p/<code>/         p, reel, reels, tv: one code is one post
    TikTok     https://www.tiktok.com/@<user>/video/<id>   also /photo/
    YouTube    https://www.youtube.com/watch?v=<id>        watch, shorts, live, embed, v, youtu.be
    X          https://x.com/<user>/status/<id>            x.com, twitter.com
    Facebook   https://www.facebook.com/…                  posts, videos, reel, watch, photo, groups
    Threads    https://www.threads.com/@<user>/post/<code> also /t/<code>
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from socialboost.addresses import Address, RefusedError, read
from socialboost.callbacks import PLATFORMS
from socialboost.errors import SocialBoostError


class LinkError(SocialBoostError):
    """The text is not the link of a post on `platform`.

    `code` is one of CODES and has a sentence in socialboost/locales; `found_platform` is set when the link
    belongs to another of our platforms.
    """

    def __init__(self, code: str, platform: str, found_platform: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.platform = platform
        self.found_platform = found_platform


@dataclass(frozen=True, slots=True)
class PostLink:
    """A post's canonical link: parse(link.url, link.platform) == link."""

    platform: str
    url: str


CODES: Final = (
    "empty",
    "too_long",
    "not_a_link",
    "extra_text",
    "several_links",
    "bad_characters",
    "bad_scheme",
    "userinfo",
    "port",
    "ip_host",
    "look_alike",
    "wrong_host",
    "other_platform",
    "story",
    "private",
    "invite",
    "short_link",
    "not_a_post",
)


def parse(text: str, platform: str) -> PostLink:
    """Return the post that `text` links to on `platform` (one of PLATFORMS, ValueError otherwise).

    The text is one link and nothing else; blanks around it, a missing https:// and capitals in the host are
    forgiven. Raises LinkError.
    """
    if platform not in PLATFORMS:
        raise ValueError(f"not a platform: {platform}")
    try:
        address = read(text)
        found = "telegram" if address.scheme == "tg" else _owner(address.host)
        if found != platform:
            raise LinkError("other_platform", platform, found)
        if address.host in _OPAQUE:
            raise RefusedError("short_link")
        return PostLink(platform, _CANONICAL[platform](address))
    except RefusedError as refusal:
        raise LinkError(str(refusal), platform) from None


# --- whose host it is ---------------------------------------------------------------------------------


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HOSTS: Final[Mapping[str, frozenset[str]]] = {
    "telegram": _words("t.me www.t.me telegram.me www.telegram.me telegram.dog www.telegram.dog"),
    "instagram": _words("instagram.com www.instagram.com m.instagram.com l.instagram.com"),
    "tiktok": _words("tiktok.com www.tiktok.com m.tiktok.com vm.tiktok.com vt.tiktok.com"),
    "youtube": _words(
        "youtube.com www.youtube.com m.youtube.com music.youtube.com youtu.be www.youtu.be "
        "youtube-nocookie.com www.youtube-nocookie.com"
    ),
    "x": _words(
        "x.com www.x.com m.x.com mobile.x.com "
        "twitter.com www.twitter.com m.twitter.com mobile.twitter.com t.co"
    ),
    "facebook": _words(
        "facebook.com www.facebook.com m.facebook.com mobile.facebook.com mbasic.facebook.com "
        "touch.facebook.com web.facebook.com l.facebook.com lm.facebook.com fb.com www.fb.com fb.watch fb.me"
    ),
    "threads": _words("threads.com www.threads.com threads.net www.threads.net l.threads.com l.threads.net"),
}
_OWNERS: Final = {host: platform for platform, hosts in _HOSTS.items() for host in hosts}
_OPAQUE: Final = _words(
    "vm.tiktok.com vt.tiktok.com t.co fb.watch fb.me l.facebook.com lm.facebook.com l.instagram.com "
    "l.threads.com l.threads.net"
)
"""Hosts of our platforms whose links say nothing until they are looked up, which is never done."""
_SHORTENERS: Final = _words("bit.ly tinyurl.com goo.gl is.gd cutt.ly ow.ly rebrand.ly t.ly buff.ly lnkd.in")
_USER_OF_T_ME = re.compile(r"([a-z][a-z0-9_]{3,31})\.t\.me")


def _owner(host: str) -> str:
    """Return the platform a host belongs to, by exact name."""
    if host in _OWNERS:
        return _OWNERS[host]
    if _USER_OF_T_ME.fullmatch(host):
        return "telegram"
    raise RefusedError("short_link" if host in _SHORTENERS else "wrong_host")


# --- what the path says, one network at a time --------------------------------------------------------

_NUMBER = re.compile(r"[1-9][0-9]{0,18}")


def _given(pattern: re.Pattern[str], text: str) -> str:
    """Return `text` if all of it matches, else refuse the link."""
    if not pattern.fullmatch(text):
        raise RefusedError("not_a_post")
    return text


_TELEGRAM_USER = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
_TELEGRAM_LARGEST_ID: Final = 2**31 - 1
_TELEGRAM_RESERVED: Final = _words(
    "addemoji addlist addstickers addstyle addtheme boost confirmphone contact giftcode invoice joinchat "
    "login newapp newbot proxy setlanguage share socks stars_topup"
)


def _telegram(address: Address) -> str:
    if address.scheme == "tg":
        return _telegram_app(address)
    path = address.path
    if owner := _USER_OF_T_ME.fullmatch(address.host):
        path = (owner[1], *path)
    elif path[:1] == ("s",):  # the web preview of a channel
        path = path[1:]
    match path:
        case ("c", _, *_):
            raise RefusedError("private")
        case (first, *_) if first.startswith("+") or first == "joinchat":
            raise RefusedError("invite")
        case (_, "s", *_):
            raise RefusedError("story")
        case (user, post):
            return _telegram_post(user, post)
        case (user, thread, post):
            _given(_NUMBER, thread)
            return _telegram_post(user, post)
    raise RefusedError("not_a_post")


def _telegram_app(address: Address) -> str:
    """Read tg://resolve?domain=<user>&post=<id>."""
    if address.host == "privatepost":
        raise RefusedError("private")
    if address.host == "join":
        raise RefusedError("invite")
    if address.host != "resolve":
        raise RefusedError("not_a_post")
    if address.parameter("story"):
        raise RefusedError("story")
    return _telegram_post(address.parameter("domain"), address.parameter("post"))


def _telegram_post(user: str, post: str) -> str:
    name = _given(_TELEGRAM_USER, user).lower()
    if name in _TELEGRAM_RESERVED or int(_given(_NUMBER, post)) > _TELEGRAM_LARGEST_ID:
        raise RefusedError("not_a_post")
    return f"https://t.me/{name}/{post}"


_SHORTCODE = re.compile(r"[A-Za-z0-9_-]{5,39}")
_PUBLIC_SHORTCODE: Final = 11
_PRIVATE_SHORTCODE: Final = 28
"""Instagram adds this many characters to the code of a post that only followers see."""


def _shortcode(code: str) -> str:
    """Return the code of a public post on Instagram or Threads."""
    if len(_given(_SHORTCODE, code)) > _PUBLIC_SHORTCODE:
        raise RefusedError("private" if len(code) > _PRIVATE_SHORTCODE else "not_a_post")
    return code


_INSTAGRAM_USER = re.compile(r"[A-Za-z0-9_.]{1,30}")


def _instagram(address: Address) -> str:
    match address.path:
        case ("stories" | "s", *_):
            raise RefusedError("story")
        case ("share", *_):
            raise RefusedError("short_link")
        case ("p" | "reel" | "reels" | "tv", code) if code != "audio":
            return f"https://www.instagram.com/p/{_shortcode(code)}/"
        case (user, "p" | "reel" | "reels" | "tv", code):
            _given(_INSTAGRAM_USER, user)
            return f"https://www.instagram.com/p/{_shortcode(code)}/"
    raise RefusedError("not_a_post")


_TIKTOK_USER = re.compile(r"@[A-Za-z0-9_.-]{1,40}")


def _tiktok(address: Address) -> str:
    match address.path:
        case ("t" | "v", _):
            raise RefusedError("short_link")
        case (user, ("video" | "photo") as kind, post):
            author = _given(_TIKTOK_USER, user).lower()
            return f"https://www.tiktok.com/{author}/{kind}/{_given(_NUMBER, post)}"
    raise RefusedError("not_a_post")


_YOUTUBE_ID = re.compile(r"(?!videoseries$|live_stream$)[0-9A-Za-z_-]{11}")
"""The two words are players of a list or a channel, which have the length of a video's id by chance."""


def _youtube(address: Address) -> str:
    is_short_host = address.host.endswith("youtu.be")
    match address.path:
        case (video,) if is_short_host:
            pass
        case ("watch",) if not is_short_host:
            video = address.parameter("v")
        case ("shorts" | "live" | "embed" | "v", video) if not is_short_host:
            pass
        case _:
            raise RefusedError("not_a_post")
    return f"https://www.youtube.com/watch?v={_given(_YOUTUBE_ID, video)}"


_X_USER = re.compile(r"[A-Za-z0-9_]{1,15}")


def _x(address: Address) -> str:
    match address.path:
        case ("i", "web", "status", post):
            user = "i"
        case (user, "status" | "statuses", post):
            pass
        case (user, "status" | "statuses", post, "photo" | "video", position):
            _given(_NUMBER, position)
        case _:
            raise RefusedError("not_a_post")
    return f"https://x.com/{_given(_X_USER, user).lower()}/status/{_given(_NUMBER, post)}"


_FACEBOOK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,79}")
_FACEBOOK_POST = re.compile(r"[1-9][0-9]{0,18}|pfbid[A-Za-z0-9]{1,120}")
_FACEBOOK_RESERVED: Final = _words(
    "events gaming groups hashtag login marketplace media pages people photo reel share sharer stories watch"
)


def _facebook(address: Address) -> str:
    match address.path:
        case ("stories", *_):
            raise RefusedError("story")
        case ("share" | "l.php", *_):
            raise RefusedError("short_link")
        case ("watch",) | ("watch", "live"):
            rest = f"watch/?v={_given(_NUMBER, address.parameter('v'))}"
        case ("photo.php" | "photo",):
            rest = f"photo.php?fbid={_given(_NUMBER, address.parameter('fbid'))}"
        case ("permalink.php" | "story.php",):
            post = _given(_FACEBOOK_POST, address.parameter("story_fbid"))
            rest = f"permalink.php?story_fbid={post}&id={_given(_NUMBER, address.parameter('id'))}"
        case ("reel", video):
            rest = f"reel/{_given(_NUMBER, video)}"
        case ("groups", group, "posts" | "permalink", post):
            rest = f"groups/{_facebook_name(group)}/posts/{_given(_FACEBOOK_POST, post)}"
        case (page, "posts", post) | (page, "posts", _, post):
            rest = f"{_facebook_name(page)}/posts/{_given(_FACEBOOK_POST, post)}"
        case (page, "videos", video) | (page, "videos", _, video):
            rest = f"{_facebook_name(page)}/videos/{_given(_NUMBER, video)}"
        case _:
            raise RefusedError("not_a_post")
    return f"https://www.facebook.com/{rest}"


def _facebook_name(name: str) -> str:
    if _given(_FACEBOOK_NAME, name).lower() in _FACEBOOK_RESERVED:
        raise RefusedError("not_a_post")
    return name.lower()


_THREADS_USER = re.compile(r"@[A-Za-z0-9_.]{1,30}")


def _threads(address: Address) -> str:
    match address.path:
        case ("share", *_):
            raise RefusedError("short_link")
        case ("t", code):
            return f"https://www.threads.com/t/{_shortcode(code)}"
        case (user, "post", code):
            author = _given(_THREADS_USER, user).lower()
            return f"https://www.threads.com/{author}/post/{_shortcode(code)}"
    raise RefusedError("not_a_post")


_CANONICAL: Final[Mapping[str, Callable[[Address], str]]] = {
    "telegram": _telegram,
    "instagram": _instagram,
    "tiktok": _tiktok,
    "youtube": _youtube,
    "x": _x,
    "facebook": _facebook,
    "threads": _threads,
}
