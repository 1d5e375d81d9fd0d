"""Draws every screen of the product from one set of values, which a test may make hostile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from socialboost import kinds, links
from socialboost.chat import callbacks
from socialboost.screens import notices
from socialboost.screens.admin import broadcasts, panel, parked_jobs, payments, withheld
from socialboost.screens.admin import packages as pricing
from socialboost.screens.buyer import menu, orders, packages, posts, several_links, stats, support
from socialboost.screens.core import Screen

KYIV = ZoneInfo("Europe/Kyiv")
ORDER_ID = "4b3a1b74-1f0c-4c7e-9a30-5d9f3f0e8a11"
NOON = datetime(2026, 12, 22, 12, 30, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """What people, admins and other services wrote."""

    name: str = "Starter Mini"
    words: str = "Ідеально для початківців"
    category: str = "starter"
    url: str = "https://t.me/channel/123"
    amount: Decimal = Decimal("99.99")
    count: int = 2

    @property
    def current(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "slug": "starter-mini",
            "price": self.amount + 200,
            "currency": "USD",
            "expires_at": "2026-12-22T12:30:00.123456+00:00",
            "waiting": [{"name": self.name, "slug": "mini", "expires_at": "2027-01-21T12:30:00+00:00"}] * 7,
            "posts_per_day": self.count,
            "posts_used_today": 1,
            "posts_remaining": self.count,
        }

    @property
    def figures(self) -> dict[str, Any]:
        return {
            "username": self.name,
            "balance": Decimal("0.00"),
            "total_spent": self.amount,
            "spent_by_asset": {"TON": self.amount},
            "orders_count": self.count,
            "posts_count": self.count,
            "active_posts": self.count,
            "completed_posts": self.count,
            "failed_posts": self.count,
            "cancelled_posts": self.count,
            "current_package": self.current,
        }

    @property
    def package(self) -> dict[str, Any]:
        ranges = {f"{name}_range": self.words for name in ("views", "reactions", "comments", "reposts")}
        return {
            "slug": "pro-advanced",
            "name": self.name,
            "description": self.words,
            "price": self.amount,
            "currency": "USD",
            "posts_per_day": self.count,
            "features": {"randomization": self.words},
            "category": self.category,
            **ranges,
        }

    @property
    def order(self) -> dict[str, Any]:
        return {
            "order_id": ORDER_ID,
            "status": "pending",
            "amount": self.amount,
            "currency": "USD",
            "asset": "USDT",
            "package_name": self.name,
            "package_slug": "starter-mini",
            "posts_per_day": self.count,
            "deadline_at": NOON,
            "expires_at": NOON,
            "invoice_expires_at": NOON,
            "pay_url": "https://t.me/CryptoBot?start=IVabc",
            "is_late": True,
            "after_cancel": False,
        }

    @property
    def post(self) -> dict[str, Any]:
        added = {f"{name}_added": self.count for name in ("views", "reactions", "comments", "reposts")}
        return {
            "url": self.url,
            "platform": "telegram",
            "status": "failed",
            "fail_reason": self.words,
            "response_data": {**added, "error": self.words},
        }

    @property
    def history(self) -> list[dict[str, Any]]:
        bought = {"kind": "order", "status": "paid", "created_at": NOON, "package_name": self.name}
        sent = {"kind": "post", "status": "completed", "created_at": NOON, "url": self.url, "platform": "x"}
        return [bought | {"amount": self.amount, "currency": "USD"}, *[sent] * (stats.ENTRIES + 1)]

    @property
    def admin_figures(self) -> dict[str, Any]:
        recent = {
            "user_username": self.name,
            "amount": self.amount,
            "package_name": self.name,
            "status": "paid",
            "created_at": "2026-12-22T12:30:00+00:00",
        }
        counts = ("users", "orders", "revenue", "posts")
        return {
            **{f"total_{name}": self.count for name in counts},
            **dict.fromkeys(("active_users", "paid_orders", "active_posts"), self.count),
            **dict.fromkeys(("completed_posts", "failed_posts"), self.count),
            "packages_count": self.count,
            "revenue_by_asset": {"TON": self.amount},
            "recent_orders": [recent, recent | {"user_username": None, "status": "new"}] * 6,
        }

    @property
    def payment(self) -> dict[str, Any]:
        return {
            "payment_id": ORDER_ID,
            "seen": "0123456789",
            "invoice_id": self.words,
            "reason": "wrong_amount",
            "state": "exception",
            "resolution": None,
            "amount": self.amount + 1,
            "asset": "USDT",
            "refunded_amount": Decimal(0),
            "paid_at": NOON,
            "order_id": ORDER_ID,
            "package_name": self.name,
            "order_amount": self.amount,
            "order_status": "processing",
            "deadline_at": NOON,
            "telegram_id": 7,
            "username": self.name,
            "balance": self.amount,
            "refund_state": None,
            "refund_refusal": None,
            "transfer_id": None,
            "decided_by": 900,
            "decided_by_name": self.name,
        }

    @property
    def parked(self) -> dict[str, Any]:
        return {
            "ref": "0" * 32,
            "seen": "01234567",
            "key": self.words,
            "actor": self.name,
            "queue": "payments",
            "args": {"text": self.words},
            "attempts": 3,
            "error": self.words,
            "created_at": NOON,
            "updated_at": NOON,
        }

    @property
    def broadcast(self) -> dict[str, Any]:
        counts = ("audience", "recipients", "sent", "blocked", "failed", "unknown", "skipped")
        return {
            "broadcast_id": ORDER_ID,
            "status": "running",
            "segment": "all",
            "reason": self.words,
            "listed": False,
            "per_minute": 1500,
            **dict.fromkeys(counts, self.count),
            **dict.fromkeys(("created_at", "started_at", "scheduled_at"), NOON),
        }

    @property
    def answer(self) -> dict[str, Any]:
        return {"success": True, "limit": self.count, "used": 1, "remaining": self.count}


Draw = Callable[[str], Screen]


def every_screen(world: World) -> Iterator[tuple[str, Draw]]:
    """Yield (name, screen of a language) for each screen and each of its kinds."""
    yield from _walk(world)
    yield from _orders(world)
    yield from _posts(world)
    yield from _several(world)
    yield from _notices(world)
    yield from _admin(world)
    yield from _decisions(world)
    yield from _pricing(world)
    yield from _broadcasts(world)


def _walk(world: World) -> Iterator[tuple[str, Draw]]:
    categories = ("starter", "professional", "enterprise", world.category, "")
    sale = [world.package | {"category": category} for category in categories]
    same = world.current | {"slug": "pro-advanced"}
    idle = world.figures | {"current_package": None}
    yield "welcome", lambda lang: menu.welcome(world.figures, lang, KYIV)
    yield "welcome new", lambda lang: menu.welcome(None, lang, KYIV)
    yield "menu", lambda lang: menu.menu(world.figures, lang, KYIV)
    rich = world.figures | {"balance": world.amount}
    yield "menu rich", lambda lang: menu.menu(rich, lang, KYIV)
    yield "stats rich", lambda lang: stats.stats(rich, lang, KYIV)
    yield "menu idle", lambda lang: menu.menu(idle, lang, KYIV)
    yield "unknown", menu.unknown
    yield "start_first", menu.start_first
    yield "packages", lambda lang: packages.packages(sale, lang)
    yield "packages none", lambda lang: packages.packages([], lang)
    yield "package", lambda lang: packages.package(world.package, lang)
    yield "package extends", lambda lang: packages.package(world.package, lang, same)
    yield "package switches", lambda lang: packages.package(world.package, lang, world.current)
    yield "package_gone", packages.package_gone
    yield "stats", lambda lang: stats.stats(world.figures, lang, KYIV)
    yield "stats idle", lambda lang: stats.stats(idle, lang, KYIV)
    yield "history", lambda lang: stats.history(world.history, 1, lang, KYIV)
    live = world.history[0] | {"expires_at": NOON, "is_live": True}
    for waits in (False, True):
        entry = live | {"waits": waits}
        yield f"history live {waits}", lambda lang, entry=entry: stats.history([entry], 0, lang, KYIV)
    yield "history none", lambda lang: stats.history([], 0, lang, KYIV)
    for kind, statuses in (("order", kinds.ORDER_STATUSES), ("post", kinds.POST_STATUSES)):
        for status in (*statuses, "new"):
            entry = {**world.history[0 if kind == "order" else 1], "status": status}
            yield f"history {kind} {status}", lambda lang, entry=entry: stats.history([entry], 0, lang, KYIV)
    for name in (*support.PAGES, "other"):
        yield f"page {name}", lambda lang, name=name: support.page(name, lang)
        yield f"page {name} with contact", lambda lang, name=name: support.page(name, lang, world.words)


def _orders(world: World) -> Iterator[tuple[str, Draw]]:
    order = world.order
    yield "order_card", lambda lang: orders.order_card(order, lang, KYIV)
    bigger = world.current | {"slug": "bigger", "posts_per_day": 10**6}
    yield "order_card smaller", lambda lang: orders.order_card(order, lang, KYIV, bigger)
    yield "pay_link", lambda lang: orders.pay_link(order, lang, KYIV)
    yield "invoice_busy", orders.invoice_busy
    yield "invoice_limit", lambda language: orders.invoice_limit(NOON, language, KYIV)
    rich = order | {"balance": world.amount}
    yield "order_card with balance", lambda lang: orders.order_card(rich, lang, KYIV)
    yield "pay_link with balance", lambda lang: orders.pay_link(rich, lang, KYIV)
    yield "balance_short", lambda lang: orders.balance_short(order | {"balance": Decimal("0.01")}, lang)
    yield "order_cancelled", lambda lang: orders.order_cancelled(order, lang)
    yield "order_not_found", orders.order_not_found
    unwanted = order | {"after_cancel": True, "waiting": world.current["waiting"]}
    yield "receipt after cancel", lambda lang: orders.receipt(unwanted, lang, KYIV)
    yield "receipt late", lambda lang: orders.receipt(order, lang, KYIV)
    yield "receipt", lambda lang: orders.receipt(order | {"is_late": False}, lang, KYIV)
    for status in orders.CLOSED_STATUSES:
        closed = order | {"status": status}
        yield f"order_closed {status}", lambda lang, closed=closed: orders.order_closed(closed, lang)
        yield f"card_closed {status}", lambda lang, closed=closed: orders.card_closed(closed, lang)
    expired = order | {"status": "cancelled", "ran_out": True}
    yield "order_closed expired", lambda lang: orders.order_closed(expired, lang)
    yield "card_closed expired", lambda lang: orders.card_closed(expired, lang)
    told = order | {"after_cancel": True}
    paid = told | {"received": world.amount, "asset": world.words}
    yield "payment_notice received", lambda lang: orders.payment_notice("wrong_amount", paid, lang)
    yield "payment_notice after cancel", lambda lang: orders.payment_notice("wrong_amount", told, lang)
    for kind in kinds.PAYMENT_NOTICE_KINDS:
        yield f"payment_notice {kind}", lambda lang, kind=kind: orders.payment_notice(kind, order, lang)


def _posts(world: World) -> Iterator[tuple[str, Draw]]:
    url, post = world.url, world.post
    bare = post | {"fail_reason": None, "response_data": None}
    yield "platforms", lambda lang: posts.platforms(world.current, lang)
    yield "no_active_package", posts.no_active_package
    yield "post_accepted", lambda lang: posts.post_accepted(world.answer, url, "telegram", lang)
    yield "daily_limit", lambda lang: posts.daily_limit(world.count, lang, KYIV)
    yield "daily_limit of a link", lambda lang: posts.daily_limit(world.count, lang, KYIV, url)
    yield "duplicate_post", lambda lang: posts.duplicate_post(url, lang)
    yield "duplicate_post sent", lambda lang: posts.duplicate_post(url, lang, post["url"] + "/2")
    yield "rate_limit", lambda lang: posts.rate_limit(NOON, url, lang, KYIV)
    yield "post_completed", lambda lang: posts.post_completed(post, lang)
    yield "post_completed bare", lambda lang: posts.post_completed(bare, lang)
    yield "post_failed", lambda lang: posts.post_failed(post, lang)
    yield "post_failed bare", lambda lang: posts.post_failed(bare, lang)
    yield "post_cancelled", lambda lang: posts.post_failed(post | {"status": "cancelled"}, lang)
    for platform in callbacks.PLATFORMS:
        yield f"ask_link {platform}", lambda lang, platform=platform: posts.ask_link(platform, lang)
        for code in kinds.LINK_CODES:
            found = "tiktok" if code == "other_platform" else None
            yield (
                f"post_rejected {code} {platform}",
                lambda lang, code=code, platform=platform, found=found: posts.post_rejected(
                    code, platform, found, lang
                ),
            )


def _several(world: World) -> Iterator[tuple[str, Draw]]:
    refused = [{"success": False, "error": error, "next_at": NOON} for error in several_links.ERRORS]
    bad = [several_links.Line(world.url, code=code) for code in kinds.LINK_CODES]
    good = several_links.Line(world.url, "x", world.answer)
    most = [several_links.Line(world.url, "x", answer) for answer in refused] + [good] * links.MAX_LINKS
    most = most[: links.MAX_LINKS]
    yield "post_accepted several", lambda lang: several_links.outcomes(most, lang, KYIV, is_cut=True)
    yield "several bad", lambda lang: several_links.outcomes(bad[: links.MAX_LINKS], lang, KYIV)


def _notices(world: World) -> Iterator[tuple[str, Draw]]:
    data: dict[str, Any] = dict.fromkeys(notices.FIELDS, world.words)
    surplus = data | {f"extra_{number}": world.words + "x" * 200 for number in range(20)}
    for kind in (*kinds.NOTICE_KINDS, world.name):
        yield f"notice {kind}", lambda lang, kind=kind: notices.admin_notice(kind, data, lang)
    for name, word in WORDS:
        yield (
            f"notice {name} {word}",
            lambda lang, it={name: word}: notices.admin_notice("order_paid", it, lang),
        )
    card = data | {"payment_id": ORDER_ID}
    late = data | {"is_late": True, "after_cancel": True}
    yield "notice after cancel", lambda lang: notices.admin_notice("order_paid", late, lang)
    yield "notice with a card", lambda lang: notices.admin_notice("refund_refused", card, lang)
    yield "notice long", lambda lang: notices.admin_notice("job_parked", surplus, lang)
    yield "notice empty", lambda lang: notices.admin_notice("breaker_open", {}, lang)
    many = [("order_paid", {"username": world.name}), (world.name, {"amount": world.amount})]
    yield "notices", lambda lang: notices.admin_notices(many[: notices.fitting(many, lang)], lang)
    yield "untold notices", lambda lang: notices.untold(many[:2], lang, KYIV, has_more=True)
    yield "untold none", lambda lang: notices.untold([], lang, KYIV, has_more=False)
    yield "notice channel", lambda lang: notices.admin_notice("order_paid", data, lang, private=False)


def _withheld(world: World) -> Iterator[tuple[str, Draw]]:
    row: dict[str, Any] = {"ref": "0" * 32, "telegram_id": 5_000_000_001, "package_name": world.name}
    row |= {"username": world.name, "order_amount": "99.99", "order_status": "paid", "created_at": NOON}
    row |= {"kind": "wrong_amount", "url": world.words, "paid_at": NOON, "order_id": ORDER_ID}
    many = [row | {"actor": "send_receipt"}] * (withheld.ENTRIES + 1)
    yield "withheld none", lambda lang: withheld.withheld([], 0, 0, lang)
    for said in ("", *kinds.WITHHELD_OUTCOMES):
        yield f"withheld {said}", lambda lang, said=said: withheld.withheld(many, 11, 1, lang, said=said)
    for actor in (*withheld.ACTORS, world.name):
        bare = {"ref": "0" * 32, "actor": actor, "telegram_id": None, "package_name": None}
        yield f"withheld {actor}", lambda lang, it=row | {"actor": actor}: withheld.message(it, lang, KYIV)
        yield f"withheld bare {actor}", lambda lang, it=bare: withheld.withheld([it], 1, 0, lang)
    for action in ("send", "discard"):
        for ref in ("all", "0" * 32):
            yield (
                f"withheld sure {action} {ref}",
                lambda lang, action=action, ref=ref: withheld.sure(action, ref, 12, "0123abcd", lang),
            )


def _admin(world: World) -> Iterator[tuple[str, Draw]]:
    matters = {"exceptions": world.count, "parked_jobs": world.count, "dead_letters": 1}
    matters |= {"untold_notices": world.count, "withheld": world.count}
    values = {"log_level": world.words, "telegram_bot_token": None, "alert_email": ""}
    counts = dict.fromkeys(("waiting_tasks", "open_jobs", "parked_jobs", "dead_letters"), world.count)
    quiet = world.admin_figures | {"recent_orders": []}
    yield "admin panel", lambda lang: panel.panel(matters, lang)
    yield "admin stats", lambda lang: panel.stats(world.admin_figures, lang, KYIV)
    yield "admin stats quiet", lambda lang: panel.stats(quiet, lang, KYIV)
    yield "admin settings", lambda lang: panel.settings(values, lang)
    yield "admin debug", lambda lang: panel.machinery({"payments": world.count}, 3, counts, lang)
    yield "admin debug away", lambda lang: panel.machinery({"payments": 0}, 3, None, lang)
    letter = {"letter_id": ORDER_ID, "actor": None, "queue": "tasks", "created_at": NOON}
    many = [world.parked] * (parked_jobs.ENTRIES + 1)
    yield "parked jobs", lambda lang: parked_jobs.parked_jobs(many, [letter], 1, lang)
    yield "parked jobs none", lambda lang: parked_jobs.parked_jobs([], [], 0, lang)
    for discardable in (True, False):
        yield (
            f"parked job {discardable}",
            lambda lang, can=discardable: parked_jobs.parked_job(
                world.parked, "0" * 32, lang, KYIV, discardable=can
            ),
        )
    ref = f"letter_{ORDER_ID}"
    yield "dead letter", lambda lang: parked_jobs.parked_job(letter, ref, lang, KYIV, discardable=True)
    money = {"amount": world.amount, "asset": "USDT", "telegram_id": 7}
    for actor in (*parked_jobs.GIVEN_UP, world.name):
        for refund in (money, None):
            yield (
                f"sure job {actor} {refund is None}",
                lambda lang, actor=actor, refund=refund: parked_jobs.sure(
                    world.parked | {"actor": actor}, "0" * 32, refund, lang
                ),
            )
    yield "sure letter", lambda lang: parked_jobs.sure(letter, ref, None, lang)
    yield from _withheld(world)
    for kind in kinds.SETTLEMENT_OUTCOMES:
        yield f"job outcome {kind}", lambda lang, kind=kind: parked_jobs.outcome(kind, lang)


def _pricing(world: World) -> Iterator[tuple[str, Draw]]:
    row = world.package | {"package_id": ORDER_ID, "is_active": True, "seen": "0123456789"}
    resting = row | {"is_active": False}
    yield "pricing", lambda lang: pricing.every_package([row, resting], lang)
    yield "pricing none", lambda lang: pricing.every_package([], lang)
    yield "pricing package", lambda lang: pricing.any_package(row, lang)
    yield "pricing package resting", lambda lang: pricing.any_package(resting, lang)
    yield "pricing unknown", pricing.package_unknown
    yield "pricing changed", lambda lang: pricing.any_package(row, lang, changed=True)
    for field in callbacks.PACKAGE_FIELDS:
        for refused in (False, True):
            yield (
                f"pricing {field} {refused}",
                lambda lang, field=field, no=refused: pricing.ask_value(row, field, lang, refused=no),
            )


def _decisions(world: World) -> Iterator[tuple[str, Draw]]:
    row = world.payment
    reasons = (*payments.REASONS, None)
    listed = [row | {"reason": reason} for reason in reasons] + [row | {"amount": None}] * 2
    yield "exceptions", lambda lang: payments.exceptions(listed, 1, lang)
    yield "exceptions none", lambda lang: payments.exceptions([], 0, lang)
    stray = row | {"order_id": None, "package_name": None, "telegram_id": None, "asset": world.words}
    variants = [stray, *listed]
    variants += [row | {"state": "resolved", "resolution": name} for name in (*payments.RESOLUTIONS, None)]
    variants.append(row | {"state": "applied", "order_status": "paid", "reason": None})
    variants.append(row | {"refund_state": "wanted"})
    variants.append(row | {"after_cancel": True})
    variants += [row | {"refund_state": "refused", "refund_refusal": name} for name in REFUSALS]
    for number, variant in enumerate(variants):
        yield f"payment {number}", lambda lang, it=variant: payments.payment(it, lang, KYIV)
    for error in payments.ERRORS:
        yield (
            f"payment error {error}",
            lambda lang, error=error: payments.payment(row, lang, KYIV, error=error),
        )
        yield f"ask_owner {error}", lambda lang, error=error: payments.ask_owner(row, lang, error=error)
    yield "ask_owner", lambda lang: payments.ask_owner(row, lang)
    yield "payment_gone", payments.payment_gone
    for action in callbacks.DECISIONS:
        for number, it in enumerate((row, stray | {"amount": None}, row | {"state": "applied"})):
            yield (
                f"sure {action} {number}",
                lambda lang, action=action, it=it: payments.sure(it, action, lang, KYIV),
            )
    for kind in kinds.DECISION_NOTICE_KINDS:
        for name, it in (("", row), (" stray", stray | {"amount": None})):
            yield (
                f"decision {kind}{name}",
                lambda lang, kind=kind, it=it: payments.decision_notice(kind, it, lang),
            )


WORDS = (
    *(("reason", reason) for reason in (*payments.REASONS, "not_paid", "paid_otherwise", "discarded")),
    *(("is_late", word) for word in ("True", "False")),
    *(("provider", word) for word in ("crypto_pay", "balance")),
    *(("setting", f"crypto_pay_{word}") for word in ("balance", "app", "methods")),
    *(("order_status", status) for status in kinds.ORDER_STATUSES),
)
REFUSALS = (
    *("USER_NOT_FOUND", "INSUFFICIENT_FUNDS", "METHOD_DISABLED", "AMOUNT_TOO_BIG", "ASSET_INVALID"),
    *("UNAUTHORIZED", "METHOD_NOT_FOUND", "423", "discarded", "<NEW>"),
)


def _broadcasts(world: World) -> Iterator[tuple[str, Draw]]:
    row = world.broadcast
    rows = [row | {"status": status} for status in kinds.BROADCAST_STATUSES] * 2
    yield "broadcast compose", broadcasts.compose
    yield "broadcast segments", lambda lang: broadcasts.segments(ORDER_ID, lang)
    for segment in callbacks.BROADCAST_SEGMENTS:
        for audience in (0, 10_000, world.count * 5_000_000):
            aimed = row | {"segment": segment, "audience": audience}
            yield (
                f"broadcast_confirmation {segment} {audience}",
                lambda lang, aimed=aimed: broadcasts.confirmation(aimed, 25, lang),
            )
    for detail in callbacks.BROADCAST_DETAILS:
        yield (
            f"broadcast {detail}",
            lambda lang, detail=detail: broadcasts.ask_detail(ORDER_ID, detail, lang, "Europe/Kyiv"),
        )
    for code in broadcasts.REFUSALS:
        yield f"broadcast {code}", lambda lang, code=code: broadcasts.refused(code, lang)
    yield "broadcast refused", lambda lang: broadcasts.refused("refused", lang, world.words)
    for status in kinds.BROADCAST_STATUSES:
        shown = row | {"status": status}
        yield f"broadcast {status}", lambda lang, shown=shown: broadcasts.card(shown, lang, KYIV)
    for name in broadcasts.REASONS:
        waiting = row | {"status": "running", "reason": f"{name}:{world.words}"}
        yield f"broadcast {name}", lambda lang, waiting=waiting: broadcasts.card(waiting, lang, KYIV)
    yield (
        "broadcast new",
        lambda lang: broadcasts.card(row | {"started_at": None, "reason": None}, lang, KYIV),
    )
    yield "broadcast moved", broadcasts.moved
    yield "broadcasts", lambda lang: broadcasts.listing(rows, 1, lang, KYIV)
    yield "broadcasts none", lambda lang: broadcasts.listing([], 0, lang, KYIV)


_TOKEN = re.compile(r"<(/?)(b|code)>|&(?:lt|gt|amp);|[^<>&]")


def tags(text: str) -> list[str]:
    """Return the tags of a message, reading it more strictly than Telegram does."""
    seen, open_tags, at = [], [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match, f"Telegram would refuse this: {text[at : at + 40]!r}"
        at = match.end()
        if match[2]:
            seen.append(match[0])
            if match[1]:
                assert open_tags.pop() == match[2]
            else:
                open_tags.append(match[2])
    assert not open_tags
    return seen
