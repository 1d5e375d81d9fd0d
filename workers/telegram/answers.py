"""Answers a tap: stops its spinner and shows a screen, if possible by editing the tapped message.

If two taps render the same message, the later tap wins, whichever worker was faster and whichever edit
reached Telegram last. A message that must last (a receipt) is never edited.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import cache
from typing import Any, Final

import psycopg
import redis

from socialboost import logs
from socialboost.chat import dialogues
from socialboost.clients.refusals import REFUSED_ALIKE, UNREACHABLE_CODES
from socialboost.errors import AmbiguousError, PostponeError, RejectedError, ServiceError
from socialboost.jobs import Tap
from socialboost.screens.core import Screen
from workers.engine import hooks, resources, under_way
from workers.telegram import order_cards, rate_limit_scripts

log = logs.get(__name__)

RENDERED_SECONDS: Final = 600
"""How long an older render can still arrive: well above the age limit of a screen's job."""
CONTENT_SECONDS: Final = 60
"""How long rendered content is kept: longer than an edit may take."""
LASTING_SECONDS: Final = 24 * 3600
"""How long Redis keeps the mark of a lasting message. PostgreSQL keeps it KEPT_DAYS (operations/purge.py)."""
ANSWER_THREADS: Final = 16

_END_DIALOGUE: Final = """
local data = redis.call('GET', KEYS[2])
if ARGV[1] ~= '' then
  local readable, value = pcall(cjson.decode, data or '')
  if not readable or type(value) ~= 'table' or value['dialogue'] ~= ARGV[1] then return 0 end
end
return redis.call('DEL', KEYS[1], KEYS[2])
"""
"""Ends the dialogue only if it is still the given one: the person may have begun another meanwhile."""


def reply(tap: Tap, screen: Screen, *, offers: str = "") -> int | None:
    """Stop the spinner and show `screen`. A person who blocked the bot is marked as unreachable.

    Both calls run at the same time: the person waits for the slower one, not for their sum.
    """
    with replying(tap):
        return show(tap, screen, offers=offers)


@contextmanager
def acknowledged(tap: Tap, text: str | None = None) -> Iterator[None]:
    """Stop the spinner while the block runs, with `text` as a short notice. Does nothing without a spinner.

    A failure is only logged, because the screen is the answer.
    """
    spinner = _Spinner(tap.callback_id, text)
    spinner.stop()
    try:
        yield
    finally:
        spinner.wait()


@contextmanager
def replying(tap: Tap) -> Iterator[None]:
    """Stop the spinner while the block shows its screen, as `acknowledged` does for a block that works first.

    It is stopped once the rate limiter has answered for the screen. That answer tells whether sending is
    paused, so the spinner needs no question of its own.
    """
    spinner = _Spinner(tap.callback_id)
    token = _waiting.set(spinner)
    try:
        yield
    finally:
        _waiting.reset(token)
        spinner.stop()
        spinner.wait()


def stop_spinner(tap: Tap, text: str | None = None) -> None:
    """Stop the spinner and change nothing else."""
    with acknowledged(tap, text):
        pass


def show(tap: Tap, screen: Screen, *, offers: str = "") -> int | None:
    """Edit the tapped message to show `screen`. A lasting screen is sent as a new message.

    Any refusal of an edit leads to a new message, because the list of Telegram's error texts is not closed.
    The exceptions are errors that would refuse a new message too. `offers` is the order that can be paid or
    cancelled on the screen. Returns the id of the message that shows it, or None if a later screen replaced
    it or the person cannot be reached.
    """
    shown = _show(tap, as_seen_by(tap.chat_id, screen), offers)
    if shown is not None:
        hooks.CHAT_REACHED(tap.chat_id)
    return shown


def _show(tap: Tap, screen: Screen, offers: str) -> int | None:
    try:
        if not screen.lasting and tap.message_id is not None:
            if tap.shown_order and tap.shown_order != offers:
                _forget_card(tap, tap.message_id)
            edited = _edit(tap, tap.message_id, screen)
            if edited is not False:
                return tap.message_id if edited else None
        return _send(tap.chat_id, screen)
    except RejectedError as exc:
        if exc.code not in UNREACHABLE_CODES:
            raise
        _mark_unreachable(tap.telegram_id, exc.code)
        return None


def as_seen_by(chat_id: int, screen: Screen) -> Screen:
    """Return the screen with the buttons that whoever reads this private chat may use."""
    return screen.within(hooks.RIGHTS(chat_id)) if screen.asks_for_rights else screen


def redraw(tap: Tap, message_id: int, screen: Screen) -> None:
    """Edit a message that was not tapped, unless it must last, a later screen has it or Telegram refuses."""
    try:
        _edit(tap, message_id, screen, known=True)
    except RejectedError as exc:
        log.info("message_not_redrawn", chat_id=tap.chat_id, code=exc.code)


def send(telegram_id: int, screen: Screen) -> bool:
    """Send a message that the person waits for (a receipt, news about their money).

    Returns False if the person cannot be reached, and marks them as unreachable. Raises PostponeError if the
    rate limiter has no token.
    """
    resources.rate_limiter().person()
    return deliver(telegram_id, screen)


def notify(telegram_id: int, screen: Screen) -> bool:
    """Send a message that nobody waits for. It is paced and comes after all messages people wait for."""
    resources.rate_limiter().notice(telegram_id)
    return deliver(telegram_id, screen)


def deliver(telegram_id: int, screen: Screen) -> bool:
    """Send a message that has its token already. Returns False if the person cannot be reached."""
    return not unreachable(telegram_id, screen)


def unreachable(telegram_id: int, screen: Screen) -> str:
    """Send a message that has its token already. Returns why the person cannot be reached, "" if they can."""
    try:
        _deliver(telegram_id, screen)
    except RejectedError as exc:
        if exc.code not in UNREACHABLE_CODES:
            raise
        _mark_unreachable(telegram_id, exc.code)
        return exc.code
    return ""


def end_dialogue(tap: Tap, dialogue: str = "") -> None:
    """End the dialogue of the person who tapped. With `dialogue`, only if it is still that one."""
    keys = [
        dialogues.state_key(tap.chat_id, tap.telegram_id),
        dialogues.data_key(tap.chat_id, tap.telegram_id),
    ]
    resources.redis().eval(_END_DIALOGUE, len(keys), *keys, dialogue)


def _edit(tap: Tap, message_id: int, screen: Screen, *, known: bool = False) -> bool | None:
    """Edit the message. Returns None if a later render has it, False if a new message must be sent instead.

    `known` means that the database lists the message as one of our screens.
    """
    claim = _claim(tap, message_id, screen, known)
    _stop_waiting_spinner()
    if claim == rate_limit_scripts.LASTING:
        return False
    if claim == rate_limit_scripts.STALE:
        log.info("stale_render_dropped", chat_id=tap.chat_id, seq=tap.seq)
        return None
    text, keyboard, seq = screen.text, screen.keyboard_markup(), tap.seq
    while True:
        try:
            with resources.rate_limiter().watching():
                resources.telegram().edit_message(tap.chat_id, message_id, text, keyboard)
        except RejectedError as exc:
            if exc.code in REFUSED_ALIKE:
                raise
            log.info("screen_sent_anew", chat_id=tap.chat_id, code=exc.code, reason=str(exc))
            return False
        # A later tap may have been rendered during this edit, and it is unknown which of the two edits
        # Telegram applied last. Repeating the later one is safe: the same content again changes nothing.
        later = _later(tap, message_id, seq)
        if later is None:
            return True
        seq, text, keyboard = later
        resources.rate_limiter().person(tap.chat_id)


def _claim(tap: Tap, message_id: int, screen: Screen, known: bool) -> int:
    content = json.dumps([screen.text, screen.keyboard_markup()], ensure_ascii=False)
    keys, seconds = _keys(tap.chat_id, message_id), (RENDERED_SECONDS, CONTENT_SECONDS)
    claim = resources.rate_limiter().claim(keys, tap.seq, content, seconds, chat_id=tap.chat_id)
    if claim != rate_limit_scripts.UNKNOWN:
        return claim
    fate = _fate(tap.chat_id, message_id)
    if fate == "kept":
        _mark(tap.chat_id, message_id, "lasting", LASTING_SECONDS)
    if fate not in ({"free", "perhaps"} if known else {"free"}):  # a new message is always safe
        return rate_limit_scripts.LASTING
    return resources.rate_limiter().claim(keys, tap.seq, content, seconds, chat_id=tap.chat_id, editable=True)


def _fate(chat_id: int, message_id: int) -> str:
    """Return what PostgreSQL knows of the message.

    It is `kept` (must last), `free` to be edited, `perhaps` one to keep, or `unknown` while PostgreSQL is
    down.
    """
    try:
        return str(resources.db().value("get_message_fate", chat_id=chat_id, message_id=message_id))
    except psycopg.Error as exc:
        log.warning("lasting_not_looked_up", error=type(exc).__name__)
        return "unknown"


def _later(tap: Tap, message_id: int, seq: int) -> tuple[int, str, dict[str, Any]] | None:
    newest, content = resources.redis().mget(_keys(tap.chat_id, message_id))
    if newest is None or content is None or not newest.isdigit() or int(newest) <= seq:
        return None
    text, keyboard = json.loads(content)
    return int(newest), text, keyboard


def _keys(chat_id: int, message_id: int) -> list[str]:
    rendered = dialogues.rendered_key(chat_id, message_id)
    return [rendered, f"{rendered}:content"]


def _send(chat_id: int, screen: Screen) -> int:
    resources.rate_limiter().person(chat_id)
    _stop_waiting_spinner()
    return _deliver(chat_id, screen)


def _deliver(chat_id: int, screen: Screen) -> int:
    try:
        with resources.rate_limiter().watching():
            message_id = resources.telegram().send_message(chat_id, screen.text, screen.keyboard_markup())
    except AmbiguousError:
        if screen.lasting:  # it may exist, with an id that we do not know
            under_way.keep_message(resources.db(), chat_id, under_way.UNKNOWN_ID)
        raise
    if screen.lasting:
        keep(chat_id, message_id)
    elif message_id:  # unless it was tapped already
        _mark(chat_id, message_id, "0", RENDERED_SECONDS, new=True)
    return message_id


def _forget_card(tap: Tap, message_id: int) -> None:
    """Record that the message no longer offers its order. A PostgreSQL outage is only logged."""
    try:
        order_cards.forget(resources.db(), tap, message_id)
    except psycopg.OperationalError as exc:
        log.warning("card_not_forgotten", error=type(exc).__name__)


def keep(chat_id: int, message_id: int) -> None:
    """Record that a message must last. A tap on one of its buttons is answered by a new message.

    It is recorded in Redis, where taps look first, and in PostgreSQL, in case Redis is wiped.
    """
    if not message_id:
        return
    _mark(chat_id, message_id, "lasting", LASTING_SECONDS)
    under_way.keep_message(resources.db(), chat_id, message_id)


def _mark(chat_id: int, message_id: int, mark: str, seconds: int, *, new: bool = False) -> None:
    """Set a message's mark in Redis. With `new`, only if it has none yet."""
    try:
        resources.redis().set(dialogues.rendered_key(chat_id, message_id), mark, ex=seconds, nx=new)
    except redis.RedisError as exc:
        log.warning("message_not_marked", error=type(exc).__name__)


def _mark_unreachable(telegram_id: int, code: str) -> None:
    log.info("person_unreachable", telegram_id=telegram_id, code=code)
    resources.db().run("set_reachable", telegram_id=telegram_id, reachable=False)


class _Spinner:
    """The spinner of one tap. It is stopped at most once, in a thread of its own."""

    def __init__(self, callback_id: str | None, text: str | None = None) -> None:
        self._callback_id = callback_id
        self._text = text
        self._answering: Future[None] | None = None

    def stop(self) -> None:
        """Begin to stop it, at the first call. Does nothing without a spinner."""
        if self._callback_id is not None and self._answering is None:
            run = copy_context().run
            self._answering = _answering().submit(run, _answer, self._callback_id, self._text)

    def wait(self) -> None:
        """Wait until that has ended."""
        if self._answering is not None:
            wait([self._answering])


_waiting: Final = ContextVar[_Spinner | None]("waiting_spinner", default=None)
"""The spinner that is to be stopped once the rate limiter has answered."""


def _stop_waiting_spinner() -> None:
    spinner = _waiting.get()
    if spinner is not None:
        spinner.stop()


@cache
def _answering() -> ThreadPoolExecutor:
    """Return the threads that stop spinners. Each keeps its own connection to Telegram."""
    return ThreadPoolExecutor(ANSWER_THREADS, thread_name_prefix="spinner")


def _answer(callback_id: str, text: str | None) -> None:
    """Answer the tap. This is not a message, so it needs no token, but it is not sent during a pause."""
    limiter = resources.rate_limiter()
    try:
        limiter.check()
        with limiter.watching():
            resources.telegram().answer_callback(callback_id, text)
    except (ServiceError, PostponeError) as exc:
        log.warning("spinner_not_stopped", error=str(exc))
