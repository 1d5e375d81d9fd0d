"""Callback data of every button, exactly as the specification's 6.3 fixes it.

Parsing is plain string work, shared by the bot (filters) and the screens (keyboards).
`cancel_action` is matched before `cancel_{order_id}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final
from uuid import UUID

from socialboost.chat import languages

SELECT_PACKAGES: Final = "select_packages"
ADD_POST: Final = "add_post"
MY_STATS: Final = "my_stats"
SUPPORT: Final = "support"
SHOW_FAQ: Final = "show_faq"
SHOW_PRIVACY: Final = "show_privacy"
SHOW_LANGUAGES: Final = "show_languages"
BACK_TO_MENU: Final = "back_to_menu"
CANCEL_ACTION: Final = "cancel_action"
NOOP: Final = "noop"
"""A heading drawn as a button: the tap is answered, nothing changes."""

ADMIN_STATS: Final = "admin_stats"
ADMIN_PACKAGES: Final = "admin_packages"
ADMIN_BROADCAST: Final = "admin_broadcast"
ADMIN_SETTINGS: Final = "admin_settings"
ADMIN_PANEL: Final = "admin_panel"
ADMIN_NOTICES: Final = "admin_notices"
"""The list of notices that no admin has received."""
ADMIN_EXCEPTIONS_PREFIX: Final = "admin_exceptions_"
ADMIN_JOBS_PREFIX: Final = "admin_jobs_"
ADMIN_WITHHELD_PREFIX: Final = "admin_withheld_"
PAYMENT_PREFIX: Final = "payment_"
PAYMENT_OWNER_PREFIX: Final = "payment_owner_"
JOB_PREFIX: Final = "job_"
EDIT_PREFIX: Final = "package_"
"""An admin's screens of a package: `package_<id>`, `package_<field>_<id>`. A buyer's is PACKAGE_PREFIX."""
PACKAGE_FIELDS: Final = ("name", "price", "posts")
"""The fields that a dialogue asks for."""
SALES: Final = ("on", "off")
DECISIONS: Final = ("activate", "credit", "refund", "dismiss")
"""The decisions about a payment. `payment_<decision>_<payment id>` asks for a confirmation, whose button has
`_<seen>` at its end: a digest of the payment's state (payment_seen in sql/functions/payments)."""
SETTLEMENTS: Final = ("replay", "discard")
"""The decisions about a parked job or a dead letter: `job_<settlement>_<ref>`. `discard` asks first."""
LETTER_SEEN: Final = "waiting"
"""The only state in which a dead letter can be decided about."""
LETTER_PREFIX: Final = "letter_"
"""The prefix of a dead letter's ref; a parked job's is the digest of its key."""

WITHHELD_PREFIX: Final = "withheld_"
"""A message that may have been sent before a restore: `withheld_<ref>`. Its ref is made as a parked job's."""
WITHHELD_ACTIONS: Final = ("send", "discard")
"""The decisions about one withheld message, or about all (`EVERYTHING` is their ref).
`withheld_<action>_<ref>` asks for a confirmation, whose button is `withheld_<action>_<ref>_<seen>`."""
EVERYTHING: Final = "all"

PACKAGE_PREFIX: Final = "pkg_"
CONFIRM_PREFIX: Final = "confirm_"
PAY_PREFIX: Final = "pay_"
CANCEL_PREFIX: Final = "cancel_"
PLATFORM_PREFIX: Final = "platform_"
LANGUAGE_PREFIX: Final = "language_"
HISTORY_PREFIX: Final = "history_"
BALANCE_PREFIX: Final = "balance_"

_DIGEST: Final = re.compile(r"[0-9a-f]{32}")
_SEEN: Final = re.compile(r"[0-9a-z]{1,10}")

BROADCAST_PREFIX: Final = "broadcast_"
BROADCAST_TO_PREFIX: Final = "broadcast_to_"
BROADCAST_LIST_PREFIX: Final = "broadcast_list_"
BROADCAST_ACTIONS: Final = ("send", "pause", "resume", "cancel")
BROADCAST_DETAILS: Final = ("buttons", "time")
"""`broadcast_<verb>_<broadcast id>`: one of these, or show."""
BROADCAST_SEGMENTS: Final = (
    *("all", "active", "expired", "never_bought"),
    *(LANGUAGE_PREFIX + code for code in languages.SHOP.codes),
    *("seen_7", "seen_30", "seen_90"),
)
"""`broadcast_to_<broadcast id>_<segment>`."""

PLATFORMS: Final = ("telegram", "instagram", "tiktok", "youtube", "x", "facebook", "threads")


def after(prefix: str, data: str) -> str | None:
    """Return what follows `prefix` in `data`, or None when there is nothing or another prefix."""
    if not data.startswith(prefix) or len(data) == len(prefix):
        return None
    return data[len(prefix) :]


def language(text: str) -> str | None:
    """Return the code that follows `language_`, or None if the shop does not have that language."""
    return text if text in languages.SHOP.codes else None


def order_id(prefix: str, data: str) -> str | None:
    """Return the order's id in canonical form, or None when `data` carries no UUID after `prefix`."""
    text = after(prefix, data)
    return None if text is None else uuid(text)


def offered_order(keyboard: Iterable[str | None]) -> str:
    """Return the order that a message with these buttons offers to cancel, or "" when there is none."""
    found = (order_id(CANCEL_PREFIX, data) for data in keyboard if data)
    return next((one for one in found if one is not None), "")


def uuid(text: str) -> str | None:
    """Return an id in canonical form, or None if the text is not an id."""
    try:
        return str(UUID(text))
    except ValueError:
        return None


def job_ref(text: str) -> str | None:
    """Return the name of a parked job (32 hexadecimal digits) or of a dead letter, or None."""
    letter = order_id(LETTER_PREFIX, text)
    if letter is not None:
        return LETTER_PREFIX + letter
    return digest(text)


def decision(action: str, payment_id: str, seen: str = "") -> str:
    """Return the data of a button that asks about this decision, or with `seen` takes it."""
    return PAYMENT_PREFIX + "_".join(part for part in (action, payment_id, seen) if part)


def payment_decision(text: str) -> tuple[str, str, str] | None:
    """Parse `<decision>_<payment id>` with or without `_<seen>`, which follows `payment_`."""
    action, _, rest = text.partition("_")
    found = _with_seen(rest, uuid)
    return (action, *found) if action in DECISIONS and found else None


def settlement(action: str, ref: str, seen: str = "") -> str:
    """Return the data of a button that settles a parked job or a dead letter, or asks about it first."""
    return JOB_PREFIX + "_".join(part for part in (action, ref, seen) if part)


def job_settlement(text: str) -> tuple[str, str, str] | None:
    """Parse `<settlement>_<ref>` with or without `_<seen>`, which follows `job_`."""
    action, _, rest = text.partition("_")
    found = _with_seen(rest, job_ref)
    return (action, *found) if action in SETTLEMENTS and found else None


def withheld(action: str, ref: str, seen: str = "") -> str:
    """Return the data of a button that asks about this decision, or with `seen` takes it."""
    return WITHHELD_PREFIX + "_".join(part for part in (action, ref, seen) if part)


def withheld_decision(text: str) -> tuple[str, str, str] | None:
    """Parse `<action>_<ref>` with or without `_<seen>`, which follows `withheld_`."""
    action, _, rest = text.partition("_")
    found = _with_seen(rest, withheld_ref)
    return (action, *found) if action in WITHHELD_ACTIONS and found else None


def withheld_ref(text: str) -> str | None:
    """Return the name of a withheld message, or that of all of them, or None."""
    return text if text == EVERYTHING else digest(text)


def digest(text: str) -> str | None:
    """Return a job's ref in a button, the digest of its key, or None if the text is not a ref."""
    return text if _DIGEST.fullmatch(text) else None


def with_seen(text: str, seen: object) -> str:
    """Return the data of a button that carries the state at the time of its rendering."""
    return f"{text}_{seen}"


def uuid_seen(text: str) -> tuple[str, str] | None:
    """Parse `<id>` with or without `_<seen>`."""
    return _with_seen(text, uuid)


def _with_seen(text: str, parse: Callable[[str], str | None]) -> tuple[str, str] | None:
    """Parse `<id>` as (id, "") and `<id>_<seen>` as (id, seen)."""
    if name := parse(text):
        return name, ""
    rest, _, seen = text.rpartition("_")
    name = parse(rest)
    return (name, seen) if name and _SEEN.fullmatch(seen) else None


def broadcast(verb: str, broadcast_id: str) -> str:
    """Return the data of a button that does this with a broadcast."""
    return f"{BROADCAST_PREFIX}{verb}_{broadcast_id}"


def broadcast_segment(text: str) -> tuple[str, str] | None:
    """Parse `<broadcast id>_<segment>`, which follows `broadcast_to_`."""
    broadcast_id, _, segment = text.partition("_")
    parsed = uuid(broadcast_id)
    return (parsed, segment) if parsed and segment in BROADCAST_SEGMENTS else None


def broadcast_verb(text: str, verbs: Sequence[str]) -> tuple[str, str] | None:
    """Parse `<verb>_<broadcast id>`, which follows `broadcast_`, for these verbs only."""
    verb, _, rest = text.partition("_")
    broadcast_id = uuid(rest)
    return (verb, broadcast_id) if verb in verbs and broadcast_id else None
