"""Screens for adding a post: the platform, the link, its errors, and the post's result."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from socialboost.chat import callbacks
from socialboost.kinds import LinkCode
from socialboost.screens.buyer.menu import add_post_row, back, packages_row
from socialboost.screens.core import Button, Row, Screen
from socialboost.screens.texts import Html, Texts, clean, instant, link, texts

_RESULTS: Final = ("views", "reactions", "comments", "reposts")
_PER_ROW: Final = 2
_LARGEST_RESULT: Final = 10**12


def platforms(package: Mapping[str, Any], language: str) -> Screen:
    """Ask for the platform; `package` is get_user_stats' current_package."""
    text = texts(language)
    buttons = [
        Button(text.label(f"button-platform-{name}"), callbacks.PLATFORM_PREFIX + name)
        for name in callbacks.PLATFORMS
    ]
    rows = tuple(tuple(buttons[start : start + _PER_ROW]) for start in range(0, len(buttons), _PER_ROW))
    body = text.html(
        "platforms",
        package=package["name"],
        count=max(0, int(package["posts_remaining"])),
        limit=int(package["posts_per_day"]),
    )
    return Screen(body, (*rows, _cancel_row(text), back(text)))


def ask_link(platform: str, language: str) -> Screen:
    """Ask for the link of a post on `platform` (one of callbacks.PLATFORMS, KeyError otherwise)."""
    text = texts(language)
    body = text.html("ask-link", platform=_platform(text, platform), example=_example(text, platform))
    return Screen(body, (_cancel_row(text), back(text)))


def no_active_package(language: str) -> Screen:
    """Say that posts need a running package."""
    text = texts(language)
    return Screen(text.html("no-active-package"), (packages_row(text), back(text)))


def post_accepted(answer: Mapping[str, Any], url: str, platform: str, language: str) -> Screen:
    """Confirm a post. `answer` is add_user_post_v2's answer, `url` the canonical link."""
    text = texts(language)
    body = text.html(
        "post-accepted",
        url=link(url),
        platform=_platform(text, platform),
        count=max(0, int(answer["remaining"])),
        limit=int(answer["limit"]),
    )
    more = (Button(text.label("button-one-more-post"), callbacks.ADD_POST),)
    return Screen(body, (more, _stats_row(text), back(text)), lasting=True)


def daily_limit(limit: int, language: str, zone: tzinfo, url: str | None = None) -> Screen:
    """Say that today's quota is used up. `url` is the canonical link that was refused, if there was one."""
    text = texts(language)
    clock = datetime.now(UTC).astimezone(zone).tzname() or ""
    parts = [text.html("daily-limit", count=limit, zone=clock)]
    if url is not None:
        parts.append(text.html("post-link", url=link(url)))
    return Screen("\n\n".join(parts), (_stats_row(text), back(text)))


def rate_limit(next_at: datetime | str, url: str, language: str, zone: tzinfo) -> Screen:
    """Say that many posts came at once, and when this one can be added (add_user_post_v2's `next_at`)."""
    text = texts(language)
    body = text.html("rate-limit", at=possible_at(next_at, language, zone), url=link(url))
    return Screen(body, (_stats_row(text), back(text)))


def possible_at(next_at: datetime | str, language: str, zone: tzinfo) -> Html:
    """Return the first whole minute not before `next_at`."""
    moment = instant(next_at)
    rounded = moment if moment == moment.replace(second=0, microsecond=0) else moment + timedelta(minutes=1)
    return texts(language).moment(rounded, zone)


def duplicate_post(url: str, language: str, known: str | None = None) -> Screen:
    """Say that this post was already added today. `known` is the earlier link, if it is another."""
    text = texts(language)
    parts = [text.html("duplicate-post", url=link(known or url))]
    if known is not None and known != url:
        parts.append(text.html("duplicate-post-sent", url=link(url)))
    return Screen("\n\n".join(parts), (add_post_row(text), _stats_row(text), back(text)))


def post_rejected(code: LinkCode, platform: str, found_platform: str | None, language: str) -> Screen:
    """Say in one sentence what is expected instead. The arguments are those of links.LinkError.

    The dialogue stays open: the next message is read as a link again.
    """
    text = texts(language)
    names = {"platform": _platform(text, platform)}
    if found_platform is not None:
        names["found"] = _platform(text, found_platform)
    sentence = text.html(f"link-{code}", **names)
    body = text.html("link-rejected", sentence=sentence, example=_example(text, platform))
    other = (Button(text.label("button-other-platform"), callbacks.ADD_POST),)
    return Screen(body, (other, _cancel_row(text), back(text)))


def post_completed(post: Mapping[str, Any], language: str) -> Screen:
    """Tell the owner that a post is finished.

    `post` is get_post_result's row: url, platform, response_data (Main Bot's; only whole numbers are shown).
    """
    text = texts(language)
    body = text.html("post-completed", **_post(text, post))
    results = _results(text, post.get("response_data"))
    parts = [body, "\n".join(results)] if results else [body]
    return Screen("\n\n".join(parts), (add_post_row(text), _stats_row(text), back(text)), lasting=True)


def post_failed(post: Mapping[str, Any], language: str) -> Screen:
    """Tell the owner why a post failed or was cancelled, and that its quota was returned.

    `post` is get_post_result's row: url, platform, status, fail_reason (Main Bot's text, shown as given).
    """
    text = texts(language)
    parts = (
        text.html("post-cancelled" if post["status"] == "cancelled" else "post-failed", **_post(text, post)),
        f"{_reason(text, post.get('fail_reason'))}\n{text.html('post-quota-back')}",
    )
    return Screen("\n\n".join(parts), (add_post_row(text), _stats_row(text), back(text)), lasting=True)


def _post(text: Texts, post: Mapping[str, Any]) -> dict[str, Html]:
    return {"url": link(post["url"]), "platform": _platform(text, post["platform"])}


def _reason(text: Texts, reason: str | None) -> Html:
    words = clean(reason or "")
    return text.html("post-reason", reason=words) if words else text.html("post-reason-none")


def _results(text: Texts, response: Any) -> list[Html]:
    if not isinstance(response, Mapping):
        return []
    numbers = ((name, response.get(f"{name}_added")) for name in _RESULTS)
    return [
        text.html(f"result-{name}", number=number)
        for name, number in numbers
        if isinstance(number, int) and not isinstance(number, bool) and 0 < number <= _LARGEST_RESULT
    ]


def _platform(text: Texts, platform: str) -> Html:
    return text.html(f"platform-{platform}")


def _example(text: Texts, platform: str) -> Html:
    return text.html(f"example-{platform}")


def _cancel_row(text: Texts) -> Row:
    return (Button(text.label("button-cancel"), callbacks.CANCEL_ACTION),)


def _stats_row(text: Texts) -> Row:
    return (Button(text.label("button-stats"), callbacks.MY_STATS),)
