"""Tests of the function that cleans text which cannot be stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from socialboost import cleaning


@pytest.mark.parametrize("code", [0, 0xD800, 0xDBFF, 0xDC00, 0xDFFF])
def test_characters_that_cannot_be_stored_are_replaced_in_place(code: int) -> None:
    text = f"а{chr(code)}б"
    assert not cleaning.is_clean(text)
    assert cleaning.clean_text(text) == "а\ufffdб"
    cleaning.clean_text(text).encode()


@pytest.mark.parametrize(
    "good",
    ["", "Оля 👩‍👩‍👧", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "\x01\u200b"],
)
def test_other_text_is_left_alone(good: str) -> None:
    assert cleaning.is_clean(good)
    assert cleaning.clean_text(good) == good


def test_every_part_of_a_value_is_cleaned() -> None:
    raw = r'{"a": ["\u0000", {"b\u0000": "\ud800x", "n": 1.5, "t": true, "z": null}], "pair": "\ud83d\ude00"}'
    assert cleaning.loads(raw) == {
        "a": ["\ufffd", {"b\ufffd": "\ufffdx", "n": 1.5, "t": True, "z": None}],
        "pair": "\U0001f600",
    }


def test_nesting_depth_does_not_matter() -> None:
    value: Any = "\x00"
    for _ in range(50_000):
        value = [value]
    cleaned = cleaning.clean(value)
    while isinstance(cleaned, list):
        (cleaned,) = cleaned
    assert cleaned == "\ufffd"


def test_a_bare_text_is_cleaned() -> None:
    assert cleaning.clean(json.loads(r'"\u0000"')) == "\ufffd"
