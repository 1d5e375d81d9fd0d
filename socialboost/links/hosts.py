"""Knows the hosts of the seven networks, and of link shorteners, by exact name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from socialboost.links.addresses import RefusedError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HOSTS: Final[Mapping[str, frozenset[str]]] = {
    "telegram": _words("t.me www.t.me telegram.me www.telegram.me telegram.dog www.telegram.dog"),
    "instagram": _words(
        "instagram.com www.instagram.com m.instagram.com l.instagram.com instagr.am www.instagr.am"
    ),
    "tiktok": _words(
        "tiktok.com www.tiktok.com m.tiktok.com vm.tiktok.com vt.tiktok.com lite.tiktok.com "
        "tiktokv.com www.tiktokv.com m.tiktokv.com"
    ),
    "youtube": _words(
        "youtube.com www.youtube.com m.youtube.com music.youtube.com gaming.youtube.com studio.youtube.com "
        "youtu.be www.youtu.be youtube-nocookie.com www.youtube-nocookie.com "
        "youtubekids.com www.youtubekids.com youtube.googleapis.com"
    ),
    "x": _words(
        "x.com www.x.com m.x.com mobile.x.com "
        "twitter.com www.twitter.com m.twitter.com mobile.twitter.com t.co"
    ),
    "facebook": _words(
        "facebook.com www.facebook.com m.facebook.com mobile.facebook.com mbasic.facebook.com "
        "touch.facebook.com web.facebook.com beta.facebook.com business.facebook.com d.facebook.com "
        "l.facebook.com lm.facebook.com fb.com www.fb.com m.fb.com fb.watch fb.me fb.gg"
    ),
    "threads": _words("threads.com www.threads.com threads.net www.threads.net l.threads.com l.threads.net"),
}
_OWNERS: Final = {host: platform for platform, hosts in _HOSTS.items() for host in hosts}
_OPAQUE: Final = _words(
    "vm.tiktok.com vt.tiktok.com t.co fb.watch fb.me fb.gg l.facebook.com lm.facebook.com l.instagram.com "
    "l.threads.com l.threads.net"
)
"""Hosts of our platforms whose links do not identify a post without a request, which is never made."""
_SHORTENERS: Final = _words("bit.ly tinyurl.com goo.gl is.gd cutt.ly ow.ly rebrand.ly t.ly buff.ly lnkd.in")
_USER_OF_T_ME = re.compile(r"([a-z][a-z0-9_]{3,31})\.t\.me")
_FACEBOOK_IN_A_LANGUAGE = re.compile(r"[a-z]{2}-[a-z]{2}\.facebook\.com")


def owner(host: str) -> str:
    """Return the platform a host belongs to; RefusedError if it is none of ours."""
    if host in _OWNERS:
        return _OWNERS[host]
    if _USER_OF_T_ME.fullmatch(host):
        return "telegram"
    if _FACEBOOK_IN_A_LANGUAGE.fullmatch(host):
        return "facebook"
    raise RefusedError("short_link" if host in _SHORTENERS else "wrong_host")


def is_opaque(host: str) -> bool:
    """Return True if a link of this host does not identify a post without a request."""
    return host in _OPAQUE


def user_of(host: str) -> str | None:
    """Return the channel that <channel>.t.me names, or None for any other host."""
    match = _USER_OF_T_ME.fullmatch(host)
    return match[1] if match else None
