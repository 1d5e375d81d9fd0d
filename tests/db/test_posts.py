"""Tests of add_user_post_v2: the daily limit holds, a link counts once a day, quota is returned."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from socialboost.links import parse
from tests.db.store import Store, at_once
from tests.unit.link_samples import ACCEPTED

LINK = "https://t.me/channel/1"


@pytest.fixture
def buyer(store: Store) -> int:
    telegram_id = store.person()
    store.buy(telegram_id)
    return telegram_id


def test_an_accepted_post_has_its_task(store: Store, buyer: int) -> None:
    answer = store.post(buyer, LINK)

    assert (answer["success"], answer["limit"], answer["used"], answer["remaining"]) == (True, 2, 1, 1)
    task = store.task_row(answer["task_id"])
    assert (task["status"], task["attempts"], str(task["post_id"])) == ("created", 0, answer["post_id"])
    body = task["request_data"]
    assert body["task_id"] == answer["task_id"]
    assert body["post_data"] == {"url": LINK, "platform": "telegram"}
    assert body["user_data"] == {"telegram_id": str(buyer), "username": "somebody"}
    assert (body["package_data"]["name"], body["package_data"]["features"]) == ("Starter", {"speed": "30%"})
    assert set(body["package_data"]) == {
        "name", "features", "views_range", "reactions_range", "comments_range", "reposts_range",
    }  # fmt: skip


def test_a_person_without_a_running_package_cannot_add_a_post(store: Store) -> None:
    telegram_id = store.person()
    refused = {"success": False, "error": "no_active_package"}
    assert store.post(telegram_id) == refused
    assert store.call("add_user_post_v2", None, LINK, "telegram", None) == refused
    store.buy(telegram_id)
    store.later("721 hours")  # over, and not swept yet
    assert store.post(telegram_id) == refused


def test_a_repeated_request_gets_its_first_answer(store: Store, buyer: int) -> None:
    first = store.post(buyer, LINK, request_id="tg:1:1")
    store.post(buyer)

    assert store.post(buyer, LINK, request_id="tg:1:1") == first
    assert store.value("SELECT count(*) FROM posts") == 2


def test_one_request_sent_many_times_at_once_makes_one_post(store: Store, buyer: int) -> None:
    answers = at_once(
        store.dsn, 10, lambda other, _: other.post(buyer, LINK, request_id="tg:1:1"), behind="posts"
    )
    assert len({answer["post_id"] for answer in answers}) == 1


def test_a_link_counts_once_a_day(store: Store, buyer: int) -> None:
    first = store.post(buyer, LINK)

    again = store.post(buyer, LINK)

    assert (again["success"], again["error"], again["post_id"]) == (False, "duplicate_post", first["post_id"])
    assert again["remaining"] == 1
    store.later("1 day")
    assert store.post(buyer, LINK)["success"]


def test_a_duplicate_is_reported_before_the_limit(store: Store, buyer: int) -> None:
    store.post(buyer, LINK)
    store.post(buyer)
    assert store.post(buyer, LINK)["error"] == "duplicate_post"
    assert store.post(buyer)["error"] == "daily_limit"


def test_the_database_itself_refuses_a_link_twice_a_day(store: Store, buyer: int) -> None:
    import psycopg

    store.post(buyer, LINK)
    with pytest.raises(psycopg.errors.UniqueViolation, match="idx_posts_one_post_a_day"):
        store.run(
            "INSERT INTO posts (user_id, order_id, url, post_ref, local_day, quota_used) "
            "SELECT user_id, order_id, url || '?', post_ref, local_day, 1 FROM posts"
        )


NAMES = [f"https://x.com/{name}/status/1850000000000000001" for name in ("a", "i", "b")]


def test_a_post_counts_once_a_day_under_all_its_names(store: Store, buyer: int) -> None:
    first = store.post(buyer, NAMES[0], platform="x")

    for name in NAMES[1:]:
        again = store.post(buyer, name, platform="x")
        assert (again["error"], again["post_id"], again["url"]) == (
            "duplicate_post", first["post_id"], NAMES[0],
        )  # fmt: skip
    assert again["remaining"] == 1
    assert store.post(buyer, NAMES[0][:-1] + "2", platform="x")["success"]


def test_a_post_counts_once_a_day_in_a_run_of_two_orders(store: Store, buyer: int) -> None:
    """A package bought again continues: one daily quota, and one set of posts for a day."""
    store.post(buyer, NAMES[0], platform="x")
    store.buy(buyer)
    store.later("12 days")
    store.run("UPDATE posts SET local_day = local_day(now())")
    assert store.post(buyer, NAMES[1], platform="x")["error"] == "duplicate_post"


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_a_failed_post_may_be_added_again_by_another_link(store: Store, buyer: int, end: str) -> None:
    first = store.post(buyer, NAMES[0], platform="x")
    store.call("update_task_status", first["task_id"], end, None, None)
    assert store.post(buyer, NAMES[1], platform="x")["success"]
    assert store.post(buyer, NAMES[0], platform="x")["error"] == "duplicate_post"


def test_many_links_of_one_post_at_once_make_one_post(store: Store, buyer: int) -> None:
    answers = at_once(
        store.dsn, 10, lambda other, n: other.post(buyer, NAMES[n % 3], platform="x"), behind="posts"
    )
    assert [answer["success"] for answer in answers].count(True) == 1
    assert {answer.get("error") for answer in answers} == {None, "duplicate_post"}


def test_post_ref_in_sql_equals_the_identity_found_by_links(store: Store) -> None:
    """The migration reads the identity from stored links, the bot from people's texts."""
    found = {parse(text, platform) for platform, text, _ in ACCEPTED}
    read = [store.call("post_ref", link.platform, link.url) for link in found]
    assert read == [link.ref for link in found]
    assert store.call("post_ref", "x", "https://example.com/1") == "https://example.com/1"


# --- RATE_LIMIT_ADD_POST ---


@pytest.fixture
def eager(store: Store) -> int:
    """Somebody whose package allows more a day than the rate does."""
    telegram_id = store.person()
    store.buy(telegram_id, store.package("plenty", posts_per_day=50))
    return telegram_id


def test_the_rate_limits_posts_in_any_hour(store: Store, eager: int) -> None:
    rate = (3, 3600)
    for _ in range(3):
        assert store.post(eager, rate=rate)["success"]
        store.shift(10)

    refused = store.post(eager, rate=rate)
    assert (refused["success"], refused["error"], refused["remaining"]) == (False, "rate_limit", 47)
    oldest = store.value("SELECT min(created_at) FROM posts")
    assert datetime.fromisoformat(refused["next_at"]) == oldest + timedelta(hours=1)

    store.shift(29)  # a minute before
    assert store.post(eager, rate=rate)["next_at"] is not None
    store.run("UPDATE posts SET created_at = clock_timestamp() - interval '1 hour' WHERE created_at = "
              "(SELECT min(created_at) FROM posts)")  # fmt: skip
    assert store.post(eager, rate=rate)["success"], "an hour after the oldest of three the next is taken"
    assert store.post(eager, rate=rate)["error"] == "rate_limit", "the next oldest was ten minutes later"


def test_the_rate_counts_accepted_posts_only(store: Store, eager: int) -> None:
    rate = (2, 3600)
    for _ in range(4):
        store.post(eager, LINK, rate=rate)
    assert store.post(eager, rate=rate)["success"], "repeats were not accepted"
    failed = store.value("SELECT id FROM tasks LIMIT 1")
    store.call("update_task_status", failed, "failed", None, None)
    assert store.post(eager, rate=rate)["error"] == "rate_limit", "a failed post had been accepted"


def test_the_rate_is_each_person_s_and_reported_after_longer_limits(store: Store, eager: int) -> None:
    rate = (1, 3600)
    store.post(eager, LINK, request_id="tg:1:0", rate=rate)
    assert store.post(eager, LINK, request_id="tg:1:0", rate=rate)["success"], "a repeat of the request"
    assert store.post(eager, LINK, rate=rate)["error"] == "duplicate_post"
    other = store.person()
    store.buy(other)
    assert store.post(other, rate=rate)["success"]
    store.post(other)
    assert store.post(other, rate=rate)["error"] == "daily_limit"


def test_many_requests_at_once_do_not_exceed_the_rate(store: Store, eager: int) -> None:
    answers = at_once(store.dsn, 12, lambda other, n: other.post(eager, f"https://t.me/channel/{n + 1}",
                                                                 rate=(5, 3600)), behind="posts")  # fmt: skip
    assert [answer["success"] for answer in answers].count(True) == 5
    assert {answer.get("error") for answer in answers} == {None, "rate_limit"}


def test_one_link_sent_many_times_at_once_makes_one_post(store: Store, buyer: int) -> None:
    answers = at_once(store.dsn, 10, lambda other, _: other.post(buyer, LINK), behind="posts")
    assert [answer["success"] for answer in answers].count(True) == 1
    assert {answer.get("error") for answer in answers} == {None, "duplicate_post"}


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_quota_comes_back_when_a_post_ends_badly(store: Store, buyer: int, end: str) -> None:
    answers = [store.post(buyer, LINK), store.post(buyer)]
    assert store.post(buyer)["error"] == "daily_limit"

    store.call("update_task_status", answers[0]["task_id"], end, None, {"error": "private channel"})

    assert store.stats(buyer)["current_package"]["posts_remaining"] == 1
    again = store.post(buyer, LINK)
    assert (again["success"], again["remaining"]) == (True, 0)


def test_quota_comes_back_to_its_own_day(store: Store, buyer: int) -> None:
    yesterday = store.post(buyer)
    store.later("1 day")
    store.post(buyer)

    store.call("update_task_status", yesterday["task_id"], "failed", None, None)

    assert store.stats(buyer)["current_package"]["posts_remaining"] == 1


def test_a_late_success_is_accepted_when_its_link_was_added_again(store: Store, buyer: int) -> None:
    first = store.post(buyer, LINK)
    store.call("update_task_status", first["task_id"], "failed", None, None)
    second = store.post(buyer, LINK)
    assert second["success"]

    answer = store.call("update_task_status", first["task_id"], "completed", None, None)

    assert (answer["http"], answer["changed"], answer["status"]) == (200, True, "completed")
    assert store.value("SELECT count(*) FROM posts WHERE status = 'completed' AND late_success") == 1


def test_the_daily_limit_follows_the_shop_s_zone(store: Store, buyer: int) -> None:
    days = [
        (zone, store.value("SELECT local_day('2026-11-23 23:30+00')::text"))
        for zone in ("Europe/Kyiv", "UTC", "America/New_York")
        if store.run("UPDATE settings SET value = %s WHERE key = 'timezone'", zone)
    ]
    assert days == [("Europe/Kyiv", "2026-11-24"), ("UTC", "2026-11-23"), ("America/New_York", "2026-11-23")]


def test_many_people_at_once_each_get_exactly_their_limit(store: Store) -> None:
    people = [store.person() for _ in range(5)]
    for telegram_id in people:
        store.buy(telegram_id)

    answers = at_once(
        store.dsn, 40, lambda other, n: (n % 5, other.post(people[n % 5], f"https://t.me/c/{n}")["success"])
    )

    assert [sum(1 for who, ok in answers if who == person and ok) for person in range(5)] == [2] * 5
