"""Tests of incoming requests: one is complete at its last byte, however its bytes arrive."""

from __future__ import annotations

import pytest

from socialboost.web.arriving import MAX_HEAD_BYTES, Arriving
from socialboost.web.bodies import MAX_BODY_BYTES

POST = b"POST /x HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def arriving(*parts: bytes) -> Arriving:
    found = Arriving(0)
    for part in parts:
        found.add(part)
    return found


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /x HTTP/1.1\r\n\r\n",
        POST + b"Content-Length: 0\r\n\r\n",
        POST + b"content-length :  5 \r\n\r\nab\r\nc",
        CHUNKED + b"0\r\n\r\n",
        CHUNKED + b"5\r\nab\r\nc\r\n0a;name=value\r\n0123456789\r\n0\r\n\r\n",
        CHUNKED + b"1\r\na\r\n0\r\nTrailer: x\r\n\r\n",
    ],
)
def test_a_request_is_complete_with_its_last_byte(request_bytes: bytes) -> None:
    for cut in range(1, len(request_bytes)):
        first = arriving(request_bytes[:cut])
        assert not first.is_whole
        first.add(request_bytes[cut:])
        assert (first.is_whole, first.is_cut) == (True, False)
        assert bytes(first.data) == request_bytes


def test_a_body_is_read_to_one_byte_beyond_what_is_allowed() -> None:
    head = POST + b"Content-Length: 70000\r\n\r\n"
    found = arriving(head, b" " * MAX_BODY_BYTES)
    assert not found.is_whole
    found.add(b" ")
    assert (found.is_whole, found.is_cut) == (True, True)


def test_a_chunked_body_without_end_is_cut() -> None:
    found = arriving(CHUNKED, *[b"400\r\n" + b" " * 1024 + b"\r\n"] * 200)
    assert (found.is_whole, found.is_cut) == (True, True)
    assert len(found.data) < 4 * MAX_BODY_BYTES


@pytest.mark.parametrize("size", [b"zz\r\n", b"-1\r\n", b"\r\n", b"1" * 300, b"123456789\r\n"])
def test_a_chunk_size_that_is_none_is_left_to_the_parser(size: bytes) -> None:
    assert arriving(CHUNKED + size).is_whole


def test_a_head_without_end_is_recognised() -> None:
    assert not arriving(POST).head_too_long
    assert arriving(POST + b"a" * MAX_HEAD_BYTES).head_too_long
