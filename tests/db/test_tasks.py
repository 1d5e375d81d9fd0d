"""Tests of tasks: each is handed over once, and reports in any order give the same end."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.db.store import Store, at_once

EVENTS = ("sent", "processing", "failed", "completed", "completed")
ENDS = ("completed", "failed", "cancelled")


@pytest.fixture
def buyer(store: Store) -> int:
    store.run("UPDATE packages SET posts_per_day = 1000")
    telegram_id = store.person()
    store.buy(telegram_id)
    return telegram_id


@pytest.fixture
def task(store: Store, buyer: int) -> str:
    return new_task(store, buyer)


def new_task(store: Store, buyer: int) -> str:
    return str(store.post(buyer)["task_id"])


def begin(store: Store, task: str, owner: str = "pusher", seconds: int = 60) -> dict[str, Any]:
    answer: dict[str, Any] = store.call("begin_dispatch", task, owner, seconds)
    return answer


def record(store: Store, task: str, outcome: str, owner: str = "pusher", external: str | None = None) -> Any:
    return store.call("record_dispatch", task, owner, outcome, external, "the reason")


def report(store: Store, task: str, status: str, external: str | None = None, response: Any = None) -> Any:
    return store.call("update_task_status", task, status, external, response)


def post_of(store: Store, task: str) -> dict[str, Any]:
    return store.rows("SELECT p.* FROM posts p JOIN tasks t ON t.post_id = p.id WHERE t.id = %s", task)[0]


# --- push ---


def test_a_push_counts_its_attempt_before_the_call(store: Store, task: str) -> None:
    begun = begin(store, task)

    assert (begun["outcome"], begun["attempts"], begun["task"]["task_id"]) == ("push", 1, task)
    assert store.task_row(task)["attempts"] == 1

    result = record(store, task, "accepted", external="mb-1")
    assert (result["status"], result["ended"]) == ("sent", False)
    row = store.task_row(task)
    assert (row["external_task_id"], row["handed_over_by"], row["lease_owner"]) == ("mb-1", "push", None)
    assert begin(store, task)["outcome"] == "settled"


def test_a_repeat_has_the_same_body(store: Store, buyer: int, task: str) -> None:
    first = begin(store, task)["task"]
    record(store, task, "ambiguous")
    store.run("UPDATE users SET username = 'renamed'")
    store.run("UPDATE packages SET name = 'renamed'")
    assert begin(store, task)["task"] == first


def test_a_refusal_ends_the_task_and_says_why(store: Store, buyer: int, task: str) -> None:
    begin(store, task)
    result = record(store, task, "refused")

    assert (result["status"], result["ended"], result["telegram_id"]) == ("failed", True, buyer)
    post = post_of(store, task)
    assert (post["status"], post["fail_reason"]) == ("failed", "the reason")


def test_a_push_that_was_certainly_not_accepted_uses_no_attempt(store: Store, task: str) -> None:
    for _ in range(10):
        assert begin(store, task)["outcome"] == "push"
        record(store, task, "not_accepted")
    assert store.task_row(task)["attempts"] == 0


def test_three_ambiguous_pushes_exhaust_the_task_and_do_not_end_it(store: Store, task: str) -> None:
    for _ in range(3):
        assert begin(store, task)["outcome"] == "push"
        record(store, task, "ambiguous")
    assert begin(store, task)["outcome"] == "exhausted"
    assert store.task_row(task)["status"] == "created"
    assert report(store, task, "completed")["http"] == 200  # Main Bot had it after all


def test_a_killed_pusher_used_its_attempt_and_its_lease_runs_out(store: Store, task: str) -> None:
    begin(store, task, "killed")
    other = begin(store, task, "other")
    assert (other["outcome"], 1 <= other["retry_after_seconds"] <= 60) == ("leased", True)

    store.later("61 seconds")
    again = begin(store, task, "other")
    assert (again["outcome"], again["attempts"]) == ("push", 2)


def test_a_late_push_records_only_facts(store: Store, task: str) -> None:
    begin(store, task, "slow")
    store.later("61 seconds")
    begin(store, task, "quick")

    for outcome in ("refused", "not_accepted", "ambiguous"):
        assert record(store, task, outcome, "slow")["status"] == "created"
    assert store.task_row(task)["lease_owner"] == "quick"
    assert record(store, task, "accepted", "slow")["status"] == "sent"


def test_an_unknown_task_is_reported_as_such(store: Store) -> None:
    task = str(uuid4())
    assert begin(store, task)["outcome"] == "unknown"
    assert record(store, task, "accepted")["status"] is None
    assert report(store, task, "completed")["http"] == 404


# --- pull ---


def test_a_pulled_task_is_sent_leased_and_counted(store: Store, task: str) -> None:
    pulled = store.call("get_pending_tasks", 10, "main-bot", 900)

    assert [item["task_id"] for item in pulled] == [task]
    row = store.task_row(task)
    assert (row["status"], row["attempts"], row["handed_over_by"], row["lease_owner"]) == (
        "sent", 1, "pull", "main-bot",
    )  # fmt: skip
    assert store.call("get_pending_tasks", 10, "main-bot", 900) == []
    assert begin(store, task)["outcome"] == "settled"


def test_a_lost_pull_is_issued_again_under_the_same_id_three_times_in_all(store: Store, task: str) -> None:
    """Main Bot could not be asked in between."""
    issued = []
    for _ in range(5):
        issued += [item["task_id"] for item in store.call("get_pending_tasks", 10, "main-bot", 900)]
        store.later("30 minutes 1 second")
    assert issued == [task] * 3


def test_a_lost_pull_is_asked_about_before_anybody_gets_it_again(store: Store, task: str) -> None:
    store.call("get_pending_tasks", 10, "main-bot", 900)
    store.later("15 minutes 1 second")
    assert store.call("get_pending_tasks", 10, "main-bot", 900) == []

    assert store.call("reissue_task", task)["outcome"] == "due"
    again = store.call("get_pending_tasks", 10, "main-bot", 900)
    assert [item["task_id"] for item in again] == [task]


def pull(store: Store, caller: str = "main-bot", seconds: float = 2.0, limit: int = 10) -> list[str]:
    """Return the tasks that a caller gets who waits this long for the answer."""
    answer_by = store.now() + timedelta(seconds=seconds)
    return [item["task_id"] for item in store.call("get_pending_tasks", limit, caller, 900, answer_by)]


def forget_question(store: Store) -> None:
    """The time of every answer on its way is over."""
    store.run("UPDATE tasks SET answer_by = answer_by - interval '1 minute'")


def test_an_answer_that_nobody_confirmed_is_repeated_to_the_same_caller(store: Store, buyer: int) -> None:
    first, second = new_task(store, buyer), new_task(store, buyer)
    assert pull(store, limit=1) == [first]
    assert pull(store, limit=1) == [second], "while the first answer is on its way, others get others"
    forget_question(store)
    third = new_task(store, buyer)

    assert pull(store, "another") == [third]
    for _ in range(3):
        assert pull(store, limit=2) == [first, second]
        forget_question(store)
    assert [store.task_row(task)["attempts"] for task in (first, second, third)] == [1, 1, 1]
    assert pull(store) == [first, second], "a repeat is a lease of its own, as long as the first"
    forget_question(store)
    store.later("15 minutes 1 second")
    assert pull(store) == [], "from then on Main Bot is asked"


@pytest.mark.parametrize(("arrived", "next_time"), [(True, []), (False, ["it"])])
def test_the_outcome_of_an_answer_counts_before_its_time_is_over(
    store: Store, task: str, next_time: list[str], *, arrived: bool
) -> None:
    assert pull(store) == [task]
    store.call("confirm_pull", "another", [task], not arrived)
    store.call("confirm_pull", "main-bot", [task], arrived)
    forget_question(store)
    assert pull(store) == [task for _ in next_time]


def test_a_reported_task_is_not_issued_again(store: Store, task: str) -> None:
    assert pull(store) == [task]
    forget_question(store)
    report(store, task, "processing")
    assert pull(store) == []


def test_a_caller_who_has_left_gets_no_lease(store: Store, task: str) -> None:
    assert pull(store, seconds=0.0) == []
    assert (store.task_row(task)["status"], store.task_row(task)["attempts"]) == ("created", 0)


@pytest.mark.parametrize("outcome", ["ambiguous", None])
def test_a_task_that_a_push_may_have_delivered_is_not_pulled(
    store: Store, task: str, outcome: str | None
) -> None:
    begin(store, task)
    if outcome:  # else its worker was killed
        record(store, task, outcome)
    store.later("1 day")
    assert store.call("get_pending_tasks", 10, "main-bot", 900) == []
    assert begin(store, task)["outcome"] == "push", "the pusher goes on, and asks first"


def test_a_report_ends_the_lease(store: Store, task: str) -> None:
    store.call("get_pending_tasks", 10, "main-bot", 900)
    report(store, task, "processing")
    store.later("1 hour")
    assert store.call("get_pending_tasks", 10, "main-bot", 900) == []


@pytest.mark.parametrize(("limit", "count"), [(-5, 1), (0, 1), (2, 2), (100, 3)])
def test_the_limit_is_kept_sane_and_the_oldest_come_first(
    store: Store, buyer: int, limit: int, count: int
) -> None:
    tasks = [new_task(store, buyer) for _ in range(3)]
    pulled = store.call("get_pending_tasks", limit, "main-bot", 900)
    assert [item["task_id"] for item in pulled] == tasks[:count]


def test_pullers_and_pushers_at_once_issue_each_task_once(store: Store, buyer: int) -> None:
    tasks = [new_task(store, buyer) for _ in range(60)]

    def act(other: Store, number: int) -> list[str]:
        if number < 8:
            found: list[str] = []
            while batch := other.call("get_pending_tasks", 3, f"puller-{number}", 900):
                found += [item["task_id"] for item in batch]
            return found
        return [task for task in tasks if begin(other, task, f"pusher-{number}")["outcome"] == "push"]

    issued = [task for batch in at_once(store.dsn, 12, act) for task in batch]

    assert sorted(issued) == sorted(tasks)
    assert store.value("SELECT max(attempts) FROM tasks") == 1


# --- reports ---


def test_reports_in_any_order_end_the_same(store: Store, buyer: int) -> None:
    """All 120 orders of five events, a success among them: the success stands."""
    for order in itertools.permutations(EVENTS):
        task = new_task(store, buyer)
        for status in order:
            answer = report(store, task, status)
            assert answer["http"] in {200, 409}, answer
        row, post = store.task_row(task), post_of(store, task)
        assert (row["status"], post["status"]) == ("completed", "completed"), order
        assert row["sent_at"] is not None
        assert post["fail_reason"] is None


@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("then", ["sent", "processing", *ENDS])
def test_only_late_success_changes_a_final_status(store: Store, task: str, first: str, then: str) -> None:
    assert report(store, task, first)["changed"]

    answer = report(store, task, then)

    late_success = (first, then) == ("failed", "completed")
    assert answer["http"] == (200 if late_success or first == then else 409)
    assert answer["changed"] is late_success
    assert store.task_row(task)["status"] == (then if late_success else first)


@pytest.mark.parametrize(("before", "status", "changed"), [
    ("processing", "processing", False),
    ("processing", "sent", False),
    ("sent", "sent", False),
    ("sent", "processing", True),
    ("sent", "completed", True),
])  # fmt: skip
def test_a_status_never_goes_back(
    store: Store, task: str, before: str, status: str, *, changed: bool
) -> None:
    report(store, task, before)
    answer = report(store, task, status)
    assert (answer["http"], answer["changed"]) == (200, changed)
    assert store.task_row(task)["status"] == (status if changed else before)


def test_a_report_moves_the_post_and_names_its_owner(store: Store, buyer: int, task: str) -> None:
    assert report(store, task, "processing")["telegram_id"] == buyer
    assert post_of(store, task)["status"] == "processing"

    answer = report(store, task, "failed", response={"error": "the post is gone"})

    post = post_of(store, task)
    assert (answer["post_id"], answer["message"]) == (str(post["id"]), "processing -> failed")
    assert (post["status"], post["fail_reason"]) == ("failed", "the post is gone")
    assert post["processed_at"] is not None


def test_the_first_external_id_binds(store: Store, task: str) -> None:
    assert report(store, task, "processing", "mb-1")["http"] == 200
    assert report(store, task, "completed", "mb-2")["http"] == 409
    assert store.task_row(task)["status"] == "processing"
    assert report(store, task, "completed", None)["changed"]
    assert store.task_row(task)["external_task_id"] == "mb-1"


def test_an_accepted_report_after_the_end_changes_nothing(store: Store, task: str) -> None:
    begin(store, task)
    report(store, task, "completed", "mb-1", {"views_added": 5})
    assert record(store, task, "accepted", external="mb-2")["status"] == "completed"
    row = store.task_row(task)
    assert (row["external_task_id"], row["response_data"]) == ("mb-1", {"views_added": 5})


@pytest.mark.parametrize("status", ["created", "nonsense", "", None])
def test_an_unknown_status_is_refused(store: Store, task: str, status: str | None) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        report(store, task, status)  # type: ignore[arg-type]


def test_of_many_final_reports_at_once_one_wins(store: Store, task: str) -> None:
    answers = at_once(
        store.dsn, 12, lambda other, n: report(other, task, ("failed", "cancelled")[n % 2]), behind="tasks"
    )
    assert [answer["changed"] for answer in answers].count(True) == 1
