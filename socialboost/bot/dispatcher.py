"""The dispatcher of updates, used by polling and by webhook mode."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from aiogram import Bot, Dispatcher
from aiogram.enums import UpdateType
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import Update
from redis.exceptions import RedisError

from socialboost import jobs, logs
from socialboost.bot import connections, guard, strays
from socialboost.bot.admin import broadcasts, withheld
from socialboost.bot.admin import packages as pricing
from socialboost.bot.admin import panel as admin
from socialboost.bot.buyer import orders, packages, posts, start, stats, support
from socialboost.bot.shares import Shares
from socialboost.bot.taps import TapMiddleware
from socialboost.chat import dialogues
from socialboost.errors import QueueUnavailableError
from socialboost.queue import deliveries

ALLOWED_UPDATES: Final = (UpdateType.MESSAGE, UpdateType.CALLBACK_QUERY, UpdateType.MY_CHAT_MEMBER)
"""The kinds of updates that Telegram is asked for. Edited messages, channel posts, reactions, votes and
boosts are not among them; such an update is ignored."""

QUEUE_AWAY: Final = (QueueUnavailableError, RedisError)
"""Errors that are not the update's fault: it must be delivered again once Redis is back."""

_REDIS_SECONDS: Final = 3.0

log = logs.get(__name__)


def build(redis_url: str, admins: Collection[int] = ()) -> Dispatcher:
    """Return a dispatcher with its own connections to Redis, opened at first use and closed by `close`.

    `admins`: the Telegram ids of the owners from the settings, who need no row in a table.
    """
    redis = connections.connect(
        redis_url,
        socket_timeout=_REDIS_SECONDS,
        socket_connect_timeout=_REDIS_SECONDS,
        health_check_interval=30,
    )
    ttl = dialogues.STATE_TTL_SECONDS
    shares = Shares(redis)
    storage = RedisStorage(redis, state_ttl=ttl, data_ttl=ttl)
    # The dialogue's state comes with the update's number (dialogue_state.py), not by a call of aiogram's.
    dispatcher = Dispatcher(storage=storage, disable_fsm=True, shares=shares)
    tap = TapMiddleware(shares, storage)
    dispatcher.message.outer_middleware(tap)
    dispatcher.callback_query.outer_middleware(tap)
    # A command is a command in any dialogue. So `posts`, which accepts every message while it waits for a
    # link, comes after all commands. `strays` handles the rest.
    for topic in (start, packages, orders, stats, support):
        dispatcher.include_router(topic.router())
    known = guard.Admins(admins, redis)
    panel = (*admin.ROUTES, *withheld.ROUTES, *pricing.ROUTES)
    for name, routes in (("broadcasts", broadcasts.ROUTES), ("admin", panel)):
        dispatcher.include_routers(*guard.routers(name, routes, known))
    for topic in (posts, strays):
        dispatcher.include_router(topic.router())
    return dispatcher


async def feed(dispatcher: Dispatcher, bot: Bot, update: Update) -> None:
    """Turn one update into its jobs. Returns once Redis has all of them, or if the update was seen before.

    Raises one of QUEUE_AWAY if Redis did not take them. Then it has none of them and the update is not marked
    as seen, so the caller feeds it again. Updates of kinds we do not ask for are ignored.
    """
    mark = _mark(update)
    if mark is None:
        log.info("update_ignored", update_id=update.update_id)
        return
    if dispatcher["shares"].is_known_above(update.message or update.callback_query):
        log.debug("update_above_share", update_id=update.update_id)
        return
    delivery = deliveries.Delivery(mark)
    with jobs.gathering(delivery):
        await _propagate(dispatcher, bot, update, delivery)
    await jobs.send_gathered(delivery)


async def _propagate(dispatcher: Dispatcher, bot: Bot, update: Update, delivery: deliveries.Delivery) -> None:
    """Give the event to its handler, as aiogram's `feed_update` does.

    That also looks up the update's kind twice in a cache that compares whole updates, and calls middlewares
    for chats, topics and errors that nothing here uses.
    """
    for kind in ALLOWED_UPDATES:
        event = getattr(update, kind)
        if event is not None:
            await dispatcher.propagate_event(
                kind,
                event,
                **dispatcher.workflow_data,
                bot=bot,
                event_update=update,
                event_from_user=event.from_user,
                delivery=delivery,
            )
            return


def _mark(update: Update) -> str | None:
    """Return the update's unique mark, or None if it is of a kind that we do not ask for."""
    if update.callback_query is not None:
        return deliveries.mark_of(update.update_id, update.callback_query.id)
    dated = update.message or update.my_chat_member
    return None if dated is None else deliveries.mark_of(update.update_id, int(dated.date.timestamp()))


async def close(dispatcher: Dispatcher) -> None:
    """Close the connections to Redis."""
    await dispatcher.storage.close()
