"""Parses a post's address for each network: READERS[platform](address) is its canonical link and ref.

Every part of either has completely matched a strict ASCII pattern. The path behind the id (/photo/1,
/analytics, /comments/) selects a view of the post, not the post, and is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from socialboost.links import hosts
from socialboost.links.addresses import Address, RefusedError

Found = tuple[str, str]
"""The canonical link and the ref (socialboost/links)."""

_NUMBER = re.compile(r"[1-9][0-9]{0,18}")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


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


def _telegram(address: Address) -> Found:
    if address.scheme == "tg":
        return _telegram_app(address)
    path = address.path
    if channel := hosts.user_of(address.host):
        path = (channel, *path)
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


def _telegram_app(address: Address) -> Found:
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


def _telegram_post(user: str, post: str) -> Found:
    name = _given(_TELEGRAM_USER, user.removeprefix("@")).lower()
    if name in _TELEGRAM_RESERVED or int(_given(_NUMBER, post)) > _TELEGRAM_LARGEST_ID:
        raise RefusedError("not_a_post")
    return f"https://t.me/{name}/{post}", f"{name}/{post}"


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


def _instagram(address: Address) -> Found:
    match address.path:
        case ("stories" | "s", *_):
            raise RefusedError("story")
        case ("share", *_):
            raise RefusedError("short_link")
        case ("p" | "reel" | "reels" | "tv", code, *_) if code != "audio":
            pass
        case (user, "p" | "reel" | "reels" | "tv", code, *_):
            _given(_INSTAGRAM_USER, user)
        case _:
            raise RefusedError("not_a_post")
    return f"https://www.instagram.com/p/{_shortcode(code)}/", code


_TIKTOK_USER = re.compile(r"@[A-Za-z0-9_.-]{0,40}")
"""Without a name TikTok finds the author itself."""
_TIKTOK_PAGE = re.compile(r"([1-9][0-9]{0,18})(?:\.html)?")


def _tiktok(address: Address) -> Found:
    user, kind = "@", "video"
    match address.path:
        case ("v", page, *_) if found := _TIKTOK_PAGE.fullmatch(page):
            post = found[1]
        case ("t" | "v", _, *_):
            raise RefusedError("short_link")
        case ("embed", "v2" | "v3", post, *_) | ("embed", post, *_) | ("player", "v1", post, *_):
            pass
        case ("share", ("video" | "photo") as kind, post, *_):
            pass
        case (user, ("video" | "photo") as kind, post, *_):
            user = _given(_TIKTOK_USER, user).lower()
        case _:
            raise RefusedError("not_a_post")
    return f"https://www.tiktok.com/{user}/{kind}/{_given(_NUMBER, post)}", post


_YOUTUBE_ID = re.compile(r"(?!videoseries$|live_stream$)[0-9A-Za-z_-]{11}")
"""These two words are players of a list or a channel. They only happen to be as long as a video's id."""


def _youtube(address: Address) -> Found:
    match address.path:
        case ("watch" | "attribution_link" | "watch_popup",):
            video = address.parameter("v")
        case ("watch" | "shorts" | "live" | "embed" | "v" | "e", video, *_):
            pass
        case ("video", video, *_) if address.host == "studio.youtube.com":
            pass
        case (video, *_) if address.host.endswith("youtu.be"):
            pass
        case _:
            raise RefusedError("not_a_post")
    return f"https://www.youtube.com/watch?v={_given(_YOUTUBE_ID, video)}", video


_X_USER = re.compile(r"[A-Za-z0-9_]{1,15}")


def _x(address: Address) -> Found:
    match address.path:
        case ("i", "web", "status", post, *_):
            user = "i"
        case (user, "status" | "statuses", post, *_):
            pass
        case ("statuses", post):
            user = "i"
        case _:
            raise RefusedError("not_a_post")
    return f"https://x.com/{_given(_X_USER, user).lower()}/status/{_given(_NUMBER, post)}", post


_FACEBOOK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,79}")
_FACEBOOK_POST = re.compile(r"[1-9][0-9]{0,18}|pfbid[A-Za-z0-9]{1,120}")
_FACEBOOK_RESERVED: Final = _words(
    "events gaming groups hashtag login marketplace media pages people photo photos reel reels share sharer "
    "stories videos watch"
)


def _facebook(address: Address) -> Found:
    match address.path:
        case ("stories", *_):
            raise RefusedError("story")
        case ("share" | "l.php", *_):
            raise RefusedError("short_link")
        case ("watch",) | ("watch", "live") | ("video.php",):
            post = _given(_NUMBER, address.parameter("v"))
            path = f"watch/?v={post}"
        case ("photo.php" | "photo",):
            post = _given(_NUMBER, address.parameter("fbid"))
            path = f"photo.php?fbid={post}"
        case ("permalink.php" | "story.php",):
            post = _given(_FACEBOOK_POST, address.parameter("story_fbid"))
            path = f"permalink.php?story_fbid={post}&id={_given(_NUMBER, address.parameter('id'))}"
        case ("reel" | "reels", post, *_) | (_, "reel" | "reels", post):
            path = f"reel/{_given(_NUMBER, post)}"
        case ("groups", group, *rest):
            post = _facebook_group_post(address, rest)
            path = f"groups/{_facebook_name(group)}/posts/{post}"
        case ("photos", *rest) | (_, "photos", *rest):
            post = _facebook_id(_NUMBER, rest)
            path = f"photo.php?fbid={post}"
        case (page, ("posts" | "videos") as kind, *rest):
            post = _facebook_id(_FACEBOOK_POST if kind == "posts" else _NUMBER, rest)
            path = f"{_facebook_name(page)}/{kind}/{post}"
        case _:
            raise RefusedError("not_a_post")
    return f"https://www.facebook.com/{path}", post


def _facebook_group_post(address: Address, rest: list[str]) -> str:
    """Return the post of a group: in the path, or in the query of the group's own address."""
    match rest:
        case ("posts" | "permalink", post, *_):
            pass
        case [] if address.parameter("view") == "permalink":
            post = address.parameter("id")
        case []:
            post = address.parameter("multi_permalinks")
        case _:
            raise RefusedError("not_a_post")
    return _given(_FACEBOOK_POST, post)


def _facebook_id(pattern: re.Pattern[str], rest: list[str]) -> str:
    """Return the id: a title or an album may come before it, the way it is shown after it."""
    found = [segment for segment in rest[:3] if pattern.fullmatch(segment)]
    if not found:
        raise RefusedError("not_a_post")
    return found[-1]


def _facebook_name(name: str) -> str:
    if _given(_FACEBOOK_NAME, name).lower() in _FACEBOOK_RESERVED:
        raise RefusedError("not_a_post")
    return name.lower()


_THREADS_USER = re.compile(r"@[A-Za-z0-9_.]{1,30}")


def _threads(address: Address) -> Found:
    match address.path:
        case ("share", *_):
            raise RefusedError("short_link")
        case ("t", code, *_):
            return f"https://www.threads.com/t/{_shortcode(code)}", code
        case (user, "post", code, *_):
            author = _given(_THREADS_USER, user).lower()
            return f"https://www.threads.com/{author}/post/{_shortcode(code)}", code
    raise RefusedError("not_a_post")


READERS: Final[Mapping[str, Callable[[Address], Found]]] = {
    "telegram": _telegram,
    "instagram": _instagram,
    "tiktok": _tiktok,
    "youtube": _youtube,
    "x": _x,
    "facebook": _facebook,
    "threads": _threads,
}
