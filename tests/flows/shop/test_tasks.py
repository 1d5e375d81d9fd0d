"""Tests of tasks: each is handed over once, reported in any order, and each end is announced once."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest
import redis

from socialboost import jobs
from socialboost.errors import NoAnswerError
from tests.flows.shop.tasks_desk import add, breaker_is_open, forget_outages, link, report, task
from tests.flows.shop.world import ADMIN_ID, Buyer, Shop, wait_until


@pytest.fixture(scope="module")
def shop(stage: Shop) -> Shop:
    """A shop in which one person may add as many posts as these tests do."""
    stage.environment["RATE_LIMIT_ADD_POST"] = "1000/hour"
    stage.start_workers()
    return stage


@pytest.fixture(autouse=True)
def closed_breaker(stage: Shop) -> None:
    """Every test begins without a recorded outage or refusal of Main Bot."""
    forget_outages(stage)


@pytest.fixture(scope="module")
def customer(shop: Shop) -> Buyer:
    """Somebody with fifty posts a day."""
    buyer = Buyer(shop)
    buyer.start()
    buyer.buy("elite")
    return buyer


def test_a_post_is_pushed_at_once_with_all_it_needs(shop: Shop, customer: Buyer) -> None:
    url = link()
    task_id = add(customer, url)
    shop.wait_for_job(f"task:{task_id}")
    (execution,) = shop.executions(task_id)
    sent = execution["task"]
    assert sent["post_data"] == {"url": url, "platform": "telegram"}
    assert sent["user_data"]["telegram_id"] == str(customer.id)
    assert sent["package_data"]["features"] == {"share": 0.5}
    row = task(shop, task_id)
    assert (row["status"], row["attempts"]) == ("sent", 1)
    assert row["external_task_id"] == execution["external_task_id"]


def test_the_owner_is_notified_once_of_a_completed_post(shop: Shop, customer: Buyer) -> None:
    url = link()
    task_id = add(customer, url)
    shop.wait_for_job(f"task:{task_id}")
    assert report(task_id, "processing")["http"] == 200
    answers = [report(task_id, "completed", views_added=1500) for _ in range(3)]
    assert answers[0] == {
        "http": 200,
        "body": {"success": True, "task_id": task_id, "status": "completed"},
    }
    assert [a["http"] for a in answers] == [200, 200, 200]
    row = task(shop, task_id)
    shop.wait_for_job(f"post:{row['post_id']}:completed")
    told = [m for m in customer.messages() if "завершено" in m["text"] and url in m["text"]]
    assert len(told) == 1
    assert "1500" in told[0]["text"].replace("\u00a0", "").replace(" ", "")


def test_a_failed_post_returns_the_quota_and_names_the_reason(
    shop: Shop, newcomer: Callable[[], Buyer]
) -> None:
    buyer, url = newcomer(), link()
    buyer.buy("mini")
    task_id = add(buyer, url)
    shop.wait_for_job(f"task:{task_id}")
    report(task_id, "failed", error="Post was deleted")
    shop.wait_for_job(f"post:{task(shop, task_id)['post_id']}:failed")
    assert "Post was deleted" in buyer.read("не вдалося просунути")["text"]
    shop.wait_for_job(buyer.add_post(link()).key)
    buyer.read("✅ Пост успішно додано")


def test_the_buyer_is_told_of_a_late_success(shop: Shop, customer: Buyer) -> None:
    url = link()
    task_id = add(customer, url)
    shop.wait_for_job(f"task:{task_id}")
    assert report(task_id, "failed")["http"] == 200
    assert report(task_id, "completed")["http"] == 200
    row = task(shop, task_id)
    assert (row["status"], row["post"]) == ("completed", "completed")
    shop.wait_for_job(f"post:{row['post_id']}:completed")
    assert report(task_id, "failed")["http"] == 409


@pytest.mark.parametrize("order", list(itertools.permutations(["processing", "completed", "failed"])))
def test_reports_in_any_order_end_the_same(shop: Shop, customer: Buyer, order: tuple[str, ...]) -> None:
    """completed stands once it was reported; a failure before it is overtaken, after it refused."""
    task_id = add(customer, link())
    shop.wait_for_job(f"task:{task_id}")
    for status in order:
        report(task_id, status)
    assert task(shop, task_id)["status"] == "completed"


def test_reports_about_an_unknown_task_or_id_are_refused(shop: Shop, customer: Buyer) -> None:
    assert report(str(uuid.uuid4()), "completed")["http"] == 404
    task_id = add(customer, link())
    shop.wait_for_job(f"task:{task_id}")
    answer = report(task_id, "completed", external_task_id="somebody-elses")
    assert answer["http"] == 409
    assert answer["body"]["success"] is False
    assert task(shop, task_id)["status"] == "sent"


def test_a_refusal_is_final_and_the_owner_learns_the_reason(shop: Shop, customer: Buyer) -> None:
    url = link()
    with shop.fault(
        shop.main_bot, operation="push", kind="status", status=422, reason="Post is gone", times=1
    ):
        task_id = add(customer, url)
        shop.wait_for_job(f"task:{task_id}")
    row = task(shop, task_id)
    assert (row["status"], row["post"]) == ("failed", "failed")
    shop.wait_for_job(f"post:{row['post_id']}:failed")
    assert "Post is gone" in customer.read(url)["text"]


@pytest.mark.parametrize("kind", ["lost", "refused"])
def test_a_cut_connection_repeats_the_same_task(shop: Shop, customer: Buyer, kind: str) -> None:
    with shop.fault(shop.main_bot, operation="push", kind=kind, times=1):
        task_id = add(customer, link())
        wait_until(lambda: shop.hurry() or shop.job(f"task:{task_id}").get("state") == "done", "the repeat")
    assert len(shop.executions(task_id)) == 1
    assert task(shop, task_id)["status"] == "sent"
    assert shop.job(f"task:{task_id}")["attempts"] == 1, "given back: it was asked about"
    assert task(shop, task_id)["attempts"] == {"lost": 2, "refused": 1}[kind], "not there: given back as well"


def test_a_409_for_an_accepted_task_counts_as_accepted(shop: Shop, customer: Buyer) -> None:
    """Main Bot accepted the task, its answer was lost, and it answers the repeat with 409."""
    shop.post(shop.main_bot, "/sim/settings", {"repeat_status": 409})
    with shop.fault(shop.main_bot, operation="push", kind="lost", times=1):
        task_id = add(customer, link())
        wait_until(lambda: shop.hurry() or shop.job(f"task:{task_id}").get("state") == "done", "the repeat")
    shop.post(shop.main_bot, "/sim/settings", {"repeat_status": 200})
    assert len(shop.executions(task_id)) == 1
    assert task(shop, task_id)["status"] == "sent"


def test_a_429_delays_the_push_and_uses_no_attempt(shop: Shop, customer: Buyer) -> None:
    fault = {"operation": "push", "kind": "status", "status": 429, "retry_after": 1, "times": 4}
    with shop.fault(shop.main_bot, **fault):
        task_id = add(customer, link())
        wait_until(lambda: shop.hurry() or shop.job(f"task:{task_id}").get("state") == "done", "accepted")
    assert task(shop, task_id)["attempts"] == 1


def test_an_outage_of_main_bot_parks_nothing_and_the_backlog_clears(shop: Shop, customer: Buyer) -> None:
    shop.post(shop.main_bot, "/sim/settings", {"down": True})
    task_ids = [add(customer, link()) for _ in range(6)]
    waiting = "SELECT count(*) FROM job_ledger WHERE key = ANY (%s) AND state = 'queued' AND attempts = 0"
    keys = [f"task:{task_id}" for task_id in task_ids]
    wait_until(lambda: shop.hurry() or breaker_is_open(shop), "the breaker to open")
    wait_until(lambda: shop.value(waiting, keys) == 6, "all to wait without an attempt used")
    wait_until(
        lambda: any("Main Bot" in m["text"] for m in shop.messages(ADMIN_ID)), "the admins to hear of it"
    )
    shop.post(shop.main_bot, "/sim/settings", {"down": False})
    with redis.Redis.from_url(shop.redis_url) as client:
        client.delete("breaker:main_bot:open")  # thirty seconds later
    done = "SELECT count(*) FROM job_ledger WHERE key = ANY (%s) AND state = 'done' AND attempts = 1"
    wait_until(lambda: shop.hurry() or shop.value(done, keys) == 6, "the backlog to clear")
    for task_id in task_ids:
        assert len(shop.executions(task_id)) == 1


def test_a_pulled_task_is_issued_once_and_not_pushed(shop: Shop, customer: Buyer) -> None:
    shop.post(shop.main_bot, "/sim/settings", {"down": True})
    task_ids = {add(customer, link()) for _ in range(4)}
    given_up = "SELECT count(*) FROM tasks WHERE id = ANY (%s::uuid[]) AND attempts = 0 AND due_at <= now()"
    keys = [f"task:{task_id}" for task_id in task_ids]
    tried = "SELECT count(*) FROM job_ledger WHERE key = ANY (%s) AND error IS NOT NULL"
    wait_until(lambda: shop.value(tried, keys) == 4, "every push to have failed")
    assert shop.value(given_up, list(task_ids)) == 4
    pulled: list[str] = []
    for _ in range(4):
        tasks = jobs.ask(jobs.ClaimTasks(limit=2, owner=f"puller-{uuid.uuid4()}"), timeout_seconds=4.0)
        pulled += [one["task_id"] for one in tasks]
    assert len(pulled) == len(set(pulled))
    assert task_ids <= set(pulled)
    shop.post(shop.main_bot, "/sim/settings", {"down": False})
    for task_id in task_ids:
        assert task(shop, task_id)["status"] == "sent"
        assert report(task_id, "completed")["http"] == 200


@pytest.fixture
def waiting_task(shop: Shop, customer: Buyer) -> Iterator[str]:
    """The only task that waits for somebody to pull it, Main Bot being down."""
    shop.post(shop.main_bot, "/sim/settings", {"down": True})
    shop.rows("UPDATE tasks SET due_at = NULL WHERE status = 'created' RETURNING id")
    task_id = add(customer, link())
    wait_until(lambda: shop.job(f"task:{task_id}").get("error"), "the push to have failed")
    yield task_id
    shop.post(shop.main_bot, "/sim/settings", {"down": False})


def claim(caller: str, seconds: float = 4.0) -> list[str]:
    answer = jobs.ask(jobs.ClaimTasks(limit=100, owner=caller), timeout_seconds=seconds)
    return [one["task_id"] for one in answer]


def claims(shop: Shop, event: str) -> int:
    lines = shop.log_text().splitlines()
    return sum(f'"event":"{event}"' in line and '"job":"claim_tasks"' in line for line in lines)


def test_a_pull_that_reaches_the_database_too_late_leases_nothing(shop: Shop, waiting_task: str) -> None:
    """The database hangs until the caller has disconnected."""
    caller = f"pull:{uuid.uuid4()}"
    before = claims(shop, "job_finished")
    with psycopg.connect(shop.database_url) as hanging:
        hanging.execute("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(NoAnswerError):
            claim(caller, seconds=1.0)
    wait_until(lambda: claims(shop, "job_finished") > before, "the late claim to have ended")
    assert task(shop, waiting_task)["attempts"] == 0
    assert claim(caller) == [waiting_task]
    assert task(shop, waiting_task)["attempts"] == 1


def test_a_lost_answer_is_repeated_and_a_sent_one_is_not(shop: Shop, waiting_task: str) -> None:
    caller = f"pull:{uuid.uuid4()}"
    lost = "UPDATE tasks SET answer_by = now() - interval '1 second' WHERE id = %s RETURNING attempts"
    for _ in range(2):
        assert claim(caller) == [waiting_task]
        assert shop.value(lost, waiting_task) == 1
    assert claim(f"pull:{uuid.uuid4()}") == []
    jobs.send(jobs.ConfirmTasks(owner=caller, task_ids=[waiting_task], arrived=True))
    unconfirmed = "SELECT count(*) FROM tasks WHERE id = %s AND answer_by IS NOT NULL"
    wait_until(lambda: shop.value(unconfirmed, waiting_task) == 0, "the answer to be known to have left")
    assert claim(caller) == []


def test_health_says_the_database_answers(shop: Shop) -> None:
    assert jobs.ask(jobs.CheckHealth(), timeout_seconds=4.0) == {"database": True}


def test_a_main_bot_that_ignores_keys_works_a_lost_hand_over_once(shop: Shop, customer: Buyer) -> None:
    """Before another hand-over it is asked by the task's id."""
    shop.post(shop.main_bot, "/sim/settings", {"honours_keys": False})
    try:
        with shop.fault(shop.main_bot, operation="push", kind="lost", times=1):
            task_id = add(customer, link())
            wait_until(lambda: shop.job(f"task:{task_id}").get("error"), "the answer to be lost")
        shop.hurry()
        shop.wait_for_job(f"task:{task_id}")
    finally:
        shop.post(shop.main_bot, "/sim/settings", {"honours_keys": True})
    assert task(shop, task_id)["status"] == "sent"
    assert len(shop.executions(task_id)) == 1


def test_a_main_bot_that_ignores_keys_and_questions_needs_an_admin(shop: Shop, customer: Buyer) -> None:
    """It is unknown whether it has the task. It is listed, and handed over again if an admin decides so."""
    shop.post(shop.main_bot, "/sim/settings", {"honours_keys": False})
    try:
        with (
            shop.fault(shop.main_bot, operation="push", kind="lost", times=1),
            shop.fault(shop.main_bot, operation="show", kind="status", status=405, times=None),
        ):
            task_id = add(customer, link())
            key = f"task:{task_id}"
            wait_until(lambda: shop.job(key).get("error"), "the answer to be lost")
            shop.hurry()
            assert "does not say" in shop.wait_for_job(key, "parked")["error"]
        assert len(shop.executions(task_id)) == 1
        assert jobs.ask(jobs.ClaimTasks(limit=100, owner="pull:test"), timeout_seconds=4.0) == []

        replay = "SELECT settle_parked_job(md5(%s), 'replay', %s) IS NOT NULL"
        wait_until(lambda: shop.value("SELECT lease_until IS NULL FROM tasks WHERE id = %s", task_id), "free")
        assert shop.value(replay, key, ADMIN_ID)
        shop.wait_for_job(key)
    finally:
        shop.post(shop.main_bot, "/sim/settings", {"honours_keys": True})
    assert len(shop.executions(task_id)) == 2, "without the question it is handed over, and worked, again"
