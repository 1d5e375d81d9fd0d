"""Tests of the parser of Main Bot's answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from socialboost.partners import main_bot as words

TASK = "7d9ac0de-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (23501, "23501"), ("23501", "23501"), (12.0, "12"), (Decimal("12.00"), "12"), (" mb_1 ", "mb_1"),
        (2**63, str(2**63)), (0, "0"), (True, None), (1.5, None), ("", None), ("  ", None), ("x" * 101, None),
        (None, None), ([1], None), ({}, None), (float("nan"), None), (Decimal("1E+999999"), None),
    ],
)  # fmt: skip
def test_an_id_is_a_number_or_text(value: Any, read: str | None) -> None:
    assert words.external_id(value) == read


def test_every_spelling_of_a_status_is_understood() -> None:
    assert words.status("canceled") == words.status("cancelled") == "cancelled"
    assert words.status("processing") == "processing"
    assert [words.status(word) for word in ("sent", "Completed", "", None, ["failed"], 5)] == [None] * 6


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("Private account", "Private account"),
        ({"code": 5, "message": "Private account"}, "Private account"),
        ({"error": {"code": 5, "detail": "gone"}}, "gone"),
        ({"error": "bad_url", "message": "This post is gone"}, "This post is gone"),
        ({"code": 5}, "5"), ([{"message": "first"}, "second"], "first"), ("a\x00b", "a\ufffdb"),
        (None, ""), ({}, ""), (True, ""), ("x" * 400, "x" * 300),
    ],
)  # fmt: skip
def test_a_reason_is_readable_for_a_person(value: Any, read: str) -> None:
    assert words.reason(value) == read


def test_the_data_of_a_task_s_end_is_read_in_one_way() -> None:
    said = {
        "views_added": "1500", "reactions_added": 12.0, "comments_added": "many",
        "reposts_added": Decimal("2.5"), "error": {"code": 5, "message": "Private account"},
        "note": "12", "deep": {"\x00": ["\ud83d"]},
    }  # fmt: skip
    read = words.response_data(said)
    assert read == {
        "views_added": 1500, "reactions_added": 12, "comments_added": "many", "reposts_added": Decimal("2.5"),
        "error": "Private account", "note": "12", "deep": {"\ufffd": ["\ufffd"]},
    }  # fmt: skip
    assert words.response_data(dict(read)) == read
    assert words.response_data({"error": {}}) == {}
    assert words.response_data(["x"]) == {}


@pytest.mark.parametrize(
    ("body", "is_named"),
    [
        ({"task_id": TASK}, True), ({"error": {"task": TASK.upper()}}, True),
        ({"message": f"no {TASK}"}, True), ({"path": f"/api/tasks/{TASK}"}, False),
        ({"message": "no such task"}, False), ([], False),
    ],
)  # fmt: skip
def test_an_answer_must_name_our_task(body: Any, is_named: bool) -> None:
    assert words.names(body, TASK) is is_named
