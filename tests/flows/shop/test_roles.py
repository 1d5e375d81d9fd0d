"""Tests of roles: a worker reads the table at each attempt, the bot reads Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import redis

from socialboost import jobs
from socialboost.chat import admins, callbacks
from tests.flows.shop.desk import Admin, data_of, exceptional, payment_row
from tests.flows.shop.world import Buyer, Shop, wait_until

NOBODYS = "00000000-0000-4000-8000-000000000000"
REFUSED = "Не вдалося розпізнати запит"


class Colleague(Admin):
    """A person with a row in the table who was never an owner in the setting."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop, Buyer(shop, name="Колега").id)

    def becomes(self, role: str) -> None:
        """Give the person the role, as the command on the server does."""
        assert self.shop.value("SELECT set_admin(%s, %s, 0)", self.id, role) is True

    def leaves(self) -> None:
        """Remove the person's role."""
        assert self.shop.value("SELECT remove_admin(%s, 0)", self.id) is True


@pytest.fixture
def colleague(shop: Shop) -> Iterator[Colleague]:
    """A person without a role. A role given in a test ends with it."""
    colleague = Colleague(shop)
    yield colleague
    shop.value("SELECT remove_admin(%s, 0)", colleague.id)


@pytest.fixture
def queue(shop: Shop) -> Iterator[redis.Redis]:
    """Redis as the entry points see it."""
    with closing(redis.Redis.from_url(shop.redis_url, decode_responses=True)) as client:
        yield client


def status(shop: Shop, order_id: str) -> str:
    return str(shop.value("SELECT status FROM orders WHERE id = %s", order_id))


def traces(shop: Shop, subject: str) -> int:
    """Return how many decisions about this were recorded."""
    return int(shop.value("SELECT count(*) FROM admin_actions WHERE subject = %s", subject))


def test_support_can_look_but_not_decide_about_money(shop: Shop, buyer: Buyer, colleague: Colleague) -> None:
    payment_id, order_id = exceptional(shop, buyer, "too_late")
    colleague.becomes("support")
    colleague.says(jobs.ShowPayment, "99.99", payment_id=payment_id)
    colleague.says(jobs.AskDecision, REFUSED, payment_id=payment_id, action="credit")
    before = (payment_row(shop, payment_id), status(shop, order_id))
    job = jobs.ResolvePayment(
        **colleague.fields(), key=f"tg:{shop.next_id()}:0", actor_id=colleague.id, payment_id=payment_id,
        action="credit", seen=colleague.seen(payment_id),
    )  # fmt: skip
    for _ in range(2):  # whoever asks again is told the same
        assert jobs.ask(job, timeout_seconds=20) == {"outcome": "not_allowed"}
    assert (payment_row(shop, payment_id), status(shop, order_id)) == before
    assert traces(shop, payment_id) == 0
    assert shop.job(f"{job.key}:shown") == {}, "there is no sight of what was not decided"
    wait_until(lambda: colleague.count(REFUSED) == 2, "they are answered as for an unknown button")


def test_a_manager_can_decide_about_money(shop: Shop, buyer: Buyer, colleague: Colleague) -> None:
    """Control of the test above: the role makes the difference."""
    payment_id, _ = exceptional(shop, buyer, "too_late")
    colleague.becomes("manager")
    job = colleague.decide(payment_id, "credit")
    assert shop.job(job.key)["value"]["outcome"] == "done"
    (trace,) = shop.rows("SELECT admin_telegram_id FROM admin_actions WHERE subject = %s", payment_id)
    assert trace["admin_telegram_id"] == colleague.id


def test_a_role_lost_before_the_confirmation_gives_no_right(
    shop: Shop, buyer: Buyer, colleague: Colleague, queue: redis.Redis
) -> None:
    payment_id, _ = exceptional(shop, buyer, "wrong_amount")
    colleague.becomes("manager")
    colleague.says(jobs.AskDecision, "Активувати пакет?", payment_id=payment_id, action="activate")
    seen = colleague.seen(payment_id)
    colleague.leaves()
    queue.sadd(admins.KEY, str(colleague.id))  # whatever Redis says, and for as long
    job = colleague.do(jobs.ResolvePayment, typed=True, payment_id=payment_id, action="activate", seen=seen)
    shop.wait_for_job(job.key)
    assert shop.job(job.key)["value"] == {"outcome": "not_allowed"}
    assert payment_row(shop, payment_id)["state"] == "exception"
    assert traces(shop, payment_id) == 0
    colleague.read(REFUSED)


def test_a_role_lost_between_two_attempts_gives_no_right(
    shop: Shop, buyer: Buyer, colleague: Colleague
) -> None:
    """The first attempt failed. At the second the person is no longer an admin."""
    payment_id, _ = exceptional(shop, buyer, "wrong_amount")
    colleague.becomes("manager")
    job = jobs.ResolvePayment(
        **colleague.fields(), key=f"tg:{shop.next_id()}:0", actor_id=colleague.id, payment_id=payment_id,
        action="activate", seen=colleague.seen(payment_id),
    )  # fmt: skip
    with shop.locked("payments"):
        jobs.send(job)
        wait_until(lambda: shop.job(job.key).get("state") == "queued", "the attempt to be given back")
        colleague.leaves()
    shop.hurry()
    shop.wait_for_job(job.key)
    assert shop.job(job.key)["value"] == {"outcome": "not_allowed"}
    assert payment_row(shop, payment_id)["state"] == "exception"


@pytest.mark.parametrize("role", ["manager", "support"])
def test_each_role_sees_the_buttons_that_it_may_use(
    shop: Shop, buyer: Buyer, colleague: Colleague, role: str
) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    colleague.becomes(role)
    card = data_of(colleague.says(jobs.ShowPayment, "99.99", payment_id=payment_id))
    panel = data_of(colleague.says(jobs.ShowAdminPage, "Адмін панель"))
    decides = role == "manager"
    assert (callbacks.decision("credit", payment_id) in card) is decides
    assert callbacks.ADMIN_PANEL in card, "the way back is everybody's"
    assert (callbacks.ADMIN_BROADCAST in panel) is decides
    assert (f"{callbacks.BROADCAST_LIST_PREFIX}0" in panel) is not decides
    assert callbacks.ADMIN_SETTINGS not in panel, "the owners' alone"


PAGES: dict[str, set[str]] = {
    "panel": {"owner", "manager", "support"},
    "stats": {"owner", "manager", "support"},
    "notices": {"owner", "manager"},
    "settings": {"owner"},
}
SCREENS: list[tuple[type[jobs.Job], dict[str, Any], set[str]]] = [
    *((jobs.ShowAdminPage, {"page": page}, roles) for page, roles in PAGES.items()),
    (jobs.ShowExceptions, {}, {"owner", "manager", "support"}),
    (jobs.ShowParkedJobs, {}, {"owner", "manager", "support"}),
    (jobs.ShowWithheld, {}, {"owner", "manager", "support"}),
    (jobs.ShowEveryPackage, {}, {"owner", "manager", "support"}),
    (jobs.ShowBroadcasts, {}, {"owner", "manager", "support"}),
    (jobs.AskBroadcast, {}, {"owner", "manager"}),
    (jobs.AskSettlement, {"ref": "0" * 32}, {"owner", "manager"}),
    (jobs.AskPaymentOwner, {"payment_id": NOBODYS}, {"owner", "manager"}),
    (jobs.ShowAnyPackage, {"package_id": NOBODYS}, {"owner", "manager", "support"}),
    (jobs.ShowAnyPackage, {"package_id": NOBODYS, "field": "price"}, {"owner", "manager"}),
]


@pytest.mark.parametrize("role", ["owner", "manager", "support", None])
def test_each_role_sees_the_numbers_that_concern_it(
    shop: Shop, colleague: Colleague, role: str | None
) -> None:
    if role is not None:
        colleague.becomes(role)
    for contract, fields, roles in SCREENS:
        seen, refused = len(colleague.messages()), colleague.count(REFUSED)
        colleague.do(contract, typed=True, **fields)
        wait_until(lambda seen=seen: len(colleague.messages()) > seen, f"{contract.__name__} {fields}")
        assert colleague.count(REFUSED) - refused == (role not in roles), (contract, fields)


def test_redis_lists_the_admins_from_the_start_and_after_a_wipe(
    shop: Shop, colleague: Colleague, queue: redis.Redis
) -> None:
    def named() -> bool:
        return bool(queue.sismember(admins.KEY, str(colleague.id)))

    assert not named()
    colleague.becomes("support")
    wait_until(named, "Redis to name them")
    queue.delete(admins.KEY)
    wait_until(named, "Redis to name them again")
    queue.sadd(admins.KEY, "1")
    wait_until(lambda: not queue.sismember(admins.KEY, "1"), "somebody too many to go")
    assert named()
    colleague.leaves()
    wait_until(lambda: not queue.exists(admins.KEY), "Redis to name nobody")
