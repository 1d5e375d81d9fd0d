"""Tests of bulk sending: each message has one outcome, and unsent ones are known."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest
from aiogram.methods import CopyMessage, SendMessage

from socialboost.clients.telegram import Content, copy_content, text_content
from socialboost.clients.telegram_bulk import BulkSender, Letter, Outcome
from socialboost.errors import AmbiguousError, UnreachableError

TOKEN = "1234567890:" + "t" * 35
KEYBOARD = {"inline_keyboard": [[{"text": "Так", "url": "https://example.com"}]]}
LETTERS = [Letter(str(number), number) for number in range(1, 31)]


def outcomes(
    sender: BulkSender, content: Content, may_begin: Callable[[], bool] = lambda: True
) -> list[Outcome]:
    """Send to everybody and wait for every outcome."""
    ended: SimpleQueue[Outcome] = SimpleQueue()
    sender.send(content, LETTERS, may_begin, ended.put)
    return [ended.get(timeout=30) for _ in LETTERS]


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and requests, and hangs up without an answer."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=50)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


def sender(url: str) -> BulkSender:
    return BulkSender(url, TOKEN, connections=5)


def test_the_fields_are_telegrams_own() -> None:
    text = text_content("<b>x</b>", KEYBOARD, paid=True)
    copied = copy_content(1, 2, KEYBOARD, paid=True)
    assert (text.method, copied.method) == ("sendMessage", "copyMessage")
    assert SendMessage(**text.body, chat_id=3).allow_paid_broadcast
    assert CopyMessage(**copied.body, chat_id=3).allow_paid_broadcast
    for content in (text_content("x", None, paid=False), copy_content(1, 2, None, paid=False)):
        assert "allow_paid_broadcast" not in content.body
    known = {*SendMessage.model_fields, *CopyMessage.model_fields}
    assert {*text.body, *copied.body} <= known


def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    bulk = sender("http://127.0.0.1:9")
    found = outcomes(bulk, text_content("x", None, paid=False))
    bulk.close()
    assert {type(outcome.error) for outcome in found} == {UnreachableError}
    assert sorted(outcome.letter.chat_id for outcome in found) == [letter.chat_id for letter in LETTERS]


def test_a_connection_cut_after_sending_is_unknown_and_never_repeated(silent: str) -> None:
    bulk = sender(silent)
    found = outcomes(bulk, text_content("x", None, paid=False))
    bulk.close()
    assert {type(outcome.error) for outcome in found} == {AmbiguousError}
    assert all(TOKEN not in str(outcome.error) for outcome in found)


def test_each_message_is_checked_right_before_its_call(silent: str) -> None:
    """Many messages are passed at once. Those that must not begin any more are not sent."""
    bulk, asked = sender(silent), itertools.count(1)
    found = outcomes(bulk, text_content("x", None, paid=False), lambda: next(asked) <= 7)
    bulk.close()
    assert [outcome.begun for outcome in found].count(True) == 7
    assert next(asked) == len(LETTERS) + 1
