"""Tests of notices about money: each is kept until an admin has received it, whatever Telegram refuses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
import redis

from socialboost import jobs
from tests.flows.shop.desk import Admin, data_of
from tests.flows.shop.world import ADMIN_ID, CHANNEL_ID, Buyer, Shop, wait_until

Row = dict[str, Any]

ADMIN_REFUSALS = {
    "never started": "bot can't initiate conversation with a user",
    "blocked": "bot was blocked by the user",
    "other words": "something Telegram never said before",
}
CHANNEL_REFUSALS: dict[str, Row] = {
    "no rights": {
        "kind": "bad_request",
        "description": "not enough rights to send text messages to the chat",
    },
    "topic closed": {"kind": "bad_request", "description": "TOPIC_CLOSED"},
    "thrown out": {"kind": "forbidden", "description": "bot was kicked from the channel chat"},
    "not found": {"kind": "bad_request", "description": "chat not found"},
    "other words": {"kind": "bad_request", "description": "something Telegram never said before"},
}


class Telegram:
    """The refusals of Telegram."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def refuse(self, chat_id: int, **fault: Any) -> None:
        """Refuse all messages to this chat from now on."""
        body = {"method": "sendMessage", "chat_id": chat_id, "times": None, **fault}
        self.shop.post(self.shop.telegram, "/sim/faults", body)

    def refuse_admin(self, words: str = ADMIN_REFUSALS["never started"]) -> None:
        self.refuse(ADMIN_ID, kind="forbidden", description=words)

    def mend(self) -> None:
        """End all refusals."""
        self.shop.http.delete(self.shop.telegram.url + "/sim/faults", timeout=10).raise_for_status()


@pytest.fixture
def telegram(shop: Shop) -> Iterator[Telegram]:
    """Telegram, which refuses nothing before and after; nothing is owed and nobody has moved."""
    with redis.Redis.from_url(shop.redis_url) as client:  # a group gets 20 a minute, which these tests share
        client.delete(*(f"gate:chat:{chat_id}" for chat_id in (ADMIN_ID, CHANNEL_ID)))
    telegram = Telegram(shop)
    yield telegram
    telegram.mend()
    shop.rows("DELETE FROM owed_notices RETURNING key")
    shop.rows("DELETE FROM moved_chats RETURNING chat_id")


def announce(shop: Shop, subject: str, kind: str = "payment_exception") -> str:
    """Add a notice to the admins. Returns its key."""
    key = f"notice:owed:{subject}"
    jobs.send(jobs.NotifyAdmins(key=key, kind=kind, data={"reason": f"{subject}."}))
    return key


def owed(shop: Shop, key: str) -> Row:
    rows = shop.rows("SELECT * FROM owed_notices WHERE key = %s", key)
    return rows[0] if rows else {}


def wait_refused(shop: Shop, key: str, *chats: int) -> None:
    for chat_id in chats or (ADMIN_ID, CHANNEL_ID):
        assert shop.wait_for_job(f"{key}:{chat_id}", "discarded")["error"].startswith("DiscardError: refused")


def wait_told(shop: Shop, key: str) -> Row:
    return wait_until(lambda: row if (row := owed(shop, key)).get("told_at") else None, f"{key} to be told")


def count(shop: Shop, chat_id: int, subject: str) -> int:
    return sum(f"{subject}." in m["text"] for m in shop.messages(chat_id))


def calls(shop: Shop, chat_id: int) -> int:
    return len(shop.telegram_calls("sendMessage", chat_id))


def make_due(shop: Shop) -> None:
    """Make the notices due, as after some minutes."""
    shop.rows("UPDATE owed_notices SET due_at = now() RETURNING key")


def wait_round(shop: Shop, key: str, rounds: int) -> None:
    """Wait until it was sent so often as a probe and the outcome is known."""
    wait_until(lambda: owed(shop, key)["rounds"] == rounds, f"round {rounds} of {key}")
    wait_until(
        lambda: (
            {shop.job(f"{key}:{chat}").get("state") for chat in (ADMIN_ID, CHANNEL_ID)}
            <= {"done", "discarded"}
        ),
        f"{key} to be sent",
    )


def test_a_notice_follows_a_channel_that_became_another_group(
    shop: Shop, buyer: Buyer, telegram: Telegram
) -> None:
    """The channel has moved and the only admin never started the bot."""
    group = -1_009_000_000_001
    shop.post(shop.telegram, "/sim/chats", {"id": group, "title": "Продажі", "type": "supergroup"})
    telegram.refuse(CHANNEL_ID, kind="migrate", migrate_to_chat_id=group)
    telegram.refuse_admin()
    before = calls(shop, CHANNEL_ID)
    order_id = buyer.open_order("mini")
    job = buyer.pay(buyer.invoice(order_id), amount="1")
    key = f"notice:payment_exception:{job.invoice_id}"
    shop.wait_for_job(f"{key}:{CHANNEL_ID}")
    wait_refused(shop, key, ADMIN_ID)
    assert wait_told(shop, key)["told_chat_id"] == CHANNEL_ID
    assert sum(order_id in m["text"] for m in shop.messages(group)) == 1
    assert '"admin_chat_moved"' in shop.log_text()
    second = announce(shop, "moved")
    shop.wait_for_job(f"{second}:{CHANNEL_ID}")
    assert count(shop, group, "moved") == 1
    doubted = (
        f"notice:credited_not_paid:{job.invoice_id}"  # Crypto Pay knows of no payment: the watch says so
    )
    shop.wait_for_job(f"{doubted}:{CHANNEL_ID}")
    wait_refused(shop, doubted, ADMIN_ID)
    assert calls(shop, CHANNEL_ID) == before + 1, "the old chat was asked again"


def test_a_chat_that_moves_in_circles_is_followed_once(shop: Shop, telegram: Telegram) -> None:
    group = -1_009_000_000_002
    shop.post(shop.telegram, "/sim/chats", {"id": group, "title": "Продажі", "type": "supergroup"})
    telegram.refuse(CHANNEL_ID, kind="migrate", migrate_to_chat_id=group)
    telegram.refuse(group, kind="migrate", migrate_to_chat_id=CHANNEL_ID)
    telegram.refuse_admin()
    before = calls(shop, CHANNEL_ID), calls(shop, group)
    key = announce(shop, "circles")
    wait_refused(shop, key)
    assert (calls(shop, CHANNEL_ID), calls(shop, group)) == (before[0] + 1, before[1] + 1)
    assert owed(shop, key)["told_at"] is None


@pytest.mark.parametrize(
    ("fault", "words"),
    list(zip(CHANNEL_REFUSALS.values(), cycle(ADMIN_REFUSALS.values()), strict=False)),
    ids=CHANNEL_REFUSALS,
)
def test_notices_that_every_chat_refuses_are_kept_and_one_is_sent_as_a_probe(
    request: pytest.FixtureRequest, shop: Shop, telegram: Telegram, fault: Row, words: str
) -> None:
    subject = request.node.callspec.id.replace(" ", "_")
    telegram.refuse(CHANNEL_ID, **fault)
    telegram.refuse_admin(words)
    first = announce(shop, f"{subject}-1")
    wait_refused(shop, first)
    second = announce(shop, f"{subject}-2")
    wait_refused(shop, second)
    before = calls(shop, ADMIN_ID), calls(shop, CHANNEL_ID)
    make_due(shop)
    wait_round(shop, first, 1)
    assert (calls(shop, ADMIN_ID), calls(shop, CHANNEL_ID)) == (before[0] + 1, before[1] + 1), (
        "one goes ahead"
    )
    for key in (first, second):
        assert owed(shop, key)["told_at"] is None
        assert owed(shop, key)["due_at"] > owed(shop, key)["created_at"]

    telegram.mend()
    make_due(shop)
    wait_told(shop, first)
    wait_told(shop, second)
    for number in (1, 2):
        wait_until(
            lambda n=number: (
                count(shop, ADMIN_ID, f"{subject}-{n}") + count(shop, CHANNEL_ID, f"{subject}-{n}")
            ),
            "the notice",
        )
        assert count(shop, ADMIN_ID, f"{subject}-{number}") <= 1
        assert count(shop, CHANNEL_ID, f"{subject}-{number}") <= 1


def test_an_admin_who_writes_to_the_bot_gets_undelivered_notices(shop: Shop, telegram: Telegram) -> None:
    telegram.refuse(CHANNEL_ID, **CHANNEL_REFUSALS["no rights"])
    telegram.refuse_admin()
    keys = [announce(shop, f"start-{number}") for number in range(3)]
    for key in keys:
        wait_refused(shop, key)
    telegram.mend()
    telegram.refuse(CHANNEL_ID, **CHANNEL_REFUSALS["no rights"])
    Admin(shop).do(jobs.RegisterUser, typed=True, first_name="Адмін")
    for number, key in enumerate(keys):
        assert wait_told(shop, key)["told_chat_id"] == ADMIN_ID
        assert count(shop, ADMIN_ID, f"start-{number}") == 1


def test_an_admin_who_unblocks_the_bot_gets_undelivered_notices(shop: Shop, telegram: Telegram) -> None:
    telegram.refuse(CHANNEL_ID, **CHANNEL_REFUSALS["thrown out"])
    telegram.refuse_admin(ADMIN_REFUSALS["blocked"])
    key = announce(shop, "unblocked")
    wait_refused(shop, key)
    telegram.mend()
    number = shop.next_id()
    jobs.send(jobs.SetReachable(key=f"tg:{number}:0", telegram_id=ADMIN_ID, reachable=True))
    assert wait_told(shop, key)["told_chat_id"] == ADMIN_ID


def test_one_chat_that_received_a_notice_is_enough(shop: Shop, telegram: Telegram) -> None:
    telegram.refuse(CHANNEL_ID, **CHANNEL_REFUSALS["no rights"])
    key = announce(shop, "enough", "job_parked")
    wait_refused(shop, key, CHANNEL_ID)
    assert wait_told(shop, key)["told_chat_id"] == ADMIN_ID
    telegram.mend()
    untold = announce_refused(shop, telegram, "other")
    make_due(shop)
    wait_round(shop, untold, 1)
    assert owed(shop, key)["rounds"] == 0
    assert shop.job(f"{key}:{CHANNEL_ID}")["state"] == "discarded"


def announce_refused(shop: Shop, telegram: Telegram, subject: str) -> str:
    """A notice that every chat refuses."""
    telegram.refuse(CHANNEL_ID, **CHANNEL_REFUSALS["no rights"])
    telegram.refuse_admin()
    key = announce(shop, subject)
    wait_refused(shop, key)
    return key


def test_an_undelivered_notice_is_listed_until_an_admin_has_seen_it(shop: Shop, telegram: Telegram) -> None:
    key = announce_refused(shop, telegram, "listed")
    shop.rows("UPDATE owed_notices SET created_at = now() - interval '2 minutes' RETURNING key")
    telegram.mend()
    telegram.refuse(ADMIN_ID, kind="forbidden", description="bot was blocked by the user", contains="listed.")
    admin = Admin(shop)
    panel = admin.says(jobs.ShowAdminPage, "Адмін панель", page="panel")
    assert "admin_notices" in data_of(panel)
    # Its own message is refused still (only this one: a stand-in for whatever Telegram holds against it).
    wait_refused(shop, key)
    telegram.mend()
    shop.rows("UPDATE job_ledger SET state = 'parked' WHERE key LIKE %s RETURNING key", f"{key}:%")
    screen = admin.says(jobs.ShowAdminPage, "яких ніхто не отримав", page="notices")
    assert "listed." in screen["text"]
    assert wait_told(shop, key)["told_chat_id"] == ADMIN_ID
    admin.says(jobs.ShowAdminPage, "Кожне сповіщення хтось отримав", page="notices")
    assert "admin_notices" not in data_of(admin.says(jobs.ShowAdminPage, "Адмін панель", page="panel"))
    shop.rows("UPDATE job_ledger SET state = 'discarded' WHERE key LIKE %s RETURNING key", f"{key}:%")


def test_a_parked_notice_that_an_admin_discards_counts_as_received(shop: Shop, telegram: Telegram) -> None:
    telegram.refuse(CHANNEL_ID, **CHANNEL_REFUSALS["no rights"])
    telegram.refuse(ADMIN_ID, kind="lose_answer", contains="parked.")
    key = announce(shop, "parked")
    row = f"{key}:{ADMIN_ID}"
    wait_until(lambda: shop.hurry() or shop.job(row).get("state") == "parked", "the notice to be parked")
    assert owed(shop, key)["told_at"] is None, "nobody knows whether somebody got it"
    telegram.mend()
    ref = shop.value("SELECT md5(%s)", row)
    Admin(shop).settle(ref, "discard", "")
    shop.wait_for_job(row, "discarded")
    assert owed(shop, key)["told_at"] is not None, "it would be sent once more"


def test_notices_about_a_current_state_are_not_repeated(shop: Shop, telegram: Telegram) -> None:
    telegram.refuse(CHANNEL_ID, **CHANNEL_REFUSALS["no rights"])
    telegram.refuse_admin()
    key = announce(shop, "passing", "order_paid")
    wait_refused(shop, key)
    assert owed(shop, key) == {}


def test_a_sent_notice_that_could_not_be_recorded_is_recorded_later(shop: Shop, telegram: Telegram) -> None:
    key = announce(shop, "unnoted")
    for chat_id in (ADMIN_ID, CHANNEL_ID):
        shop.wait_for_job(f"{key}:{chat_id}")
    wait_told(shop, key)
    shop.rows("UPDATE owed_notices SET told_at = NULL WHERE key = %s RETURNING key", key)
    make_due(shop)
    wait_told(shop, key)
    assert count(shop, ADMIN_ID, "unnoted") == count(shop, CHANNEL_ID, "unnoted") == 1


def test_a_chat_added_to_the_settings_gets_undelivered_notices(
    shop: Shop, telegram: Telegram, here: pytest.MonkeyPatch
) -> None:
    """An operator sets another channel and restarts the workers."""
    from workers.engine import resources
    from workers.notices import owed as owed_notices

    key = announce_refused(shop, telegram, "later")
    other = -1_009_000_000_003
    shop.post(shop.telegram, "/sim/chats", {"id": other, "title": "Інший"})
    here.setenv("ADMIN_CHANNEL_ID", str(other))
    make_due(shop)
    wait_until(
        lambda: owed_notices.tell_again(resources.db) or shop.job(f"{key}:{other}"), "the new channel's row"
    )
    assert wait_told(shop, key)["told_chat_id"] == other
    assert count(shop, other, "later") == 1
