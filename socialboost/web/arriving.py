"""Reads an HTTP/1 request as it arrives, and tells when it is complete.

It does not validate the request: gunicorn's parser does that with the same bytes. A request that cannot be
followed here (a malformed chunk size, a length that is no number) counts as complete, so the parser refuses
it.
"""

from __future__ import annotations

import re
from typing import Final

from socialboost.web.bodies import MAX_BODY_BYTES

MAX_HEAD_BYTES: Final = 32 * 1024
_BLANK_LINE: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"(?im)^content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$")
_CHUNKED: Final = re.compile(rb"(?im)^transfer-encoding[ \t]*:.*chunked")
_EXPECTS: Final = re.compile(rb"(?im)^expect[ \t]*:[ \t]*100-continue")
_SIZE: Final = re.compile(rb"[0-9a-fA-F]{1,8}\Z")
_LONGEST_SIZE_LINE: Final = 256


class Arriving:
    """A request in progress: `add` its bytes and check `is_whole`."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.data = bytearray()
        self.is_whole = False
        self.is_cut = False
        """True if the body is longer than any route accepts. Then `data` has only its beginning."""
        self.expects_continue = False
        self._body_at = 0
        self._length: int | None = 0
        """The body's length; None if it is chunked."""
        self._chunk_at = 0

    @property
    def has_head(self) -> bool:
        """True if the request line and the headers have arrived."""
        return self._body_at > 0

    @property
    def head_too_long(self) -> bool:
        """True if the head is too long to be legitimate."""
        return not self.has_head and len(self.data) > MAX_HEAD_BYTES

    def add(self, data: bytes) -> None:
        """Add bytes. Bytes after the end of the request belong to the next one and are kept."""
        searched = max(0, len(self.data) - len(_BLANK_LINE) + 1)
        self.data += data
        if not self.has_head:
            found = self.data.find(_BLANK_LINE, searched)
            if found < 0:
                return
            self._read_head(found + len(_BLANK_LINE))
        self._look()

    def _read_head(self, end: int) -> None:
        head = bytes(self.data[:end])
        self._body_at = self._chunk_at = end
        self.expects_continue = _EXPECTS.search(head) is not None
        if _CHUNKED.search(head):
            self._length = None
        elif (length := _LENGTH.search(head)) is not None:
            self._length = int(length[1])

    def _look(self) -> None:
        # One byte more than allowed, so that the application can see that the body is too long.
        longest = self._body_at + MAX_BODY_BYTES + 1
        if self._length is not None:
            end = self._body_at + self._length
            self.is_whole = len(self.data) >= min(end, longest)
            self.is_cut = self.is_whole and len(self.data) < end
        else:
            # Chunk sizes and line ends need space too: twice the longest body is enough for sane chunks.
            self.is_whole = self._chunks_ended()
            if not self.is_whole and len(self.data) > self._body_at + 2 * longest:
                self.is_whole = self.is_cut = True

    def _chunks_ended(self) -> bool:
        while True:
            line_end = self.data.find(b"\r\n", self._chunk_at)
            if line_end < 0:
                return len(self.data) - self._chunk_at > _LONGEST_SIZE_LINE
            size = bytes(self.data[self._chunk_at : line_end]).partition(b";")[0].strip()
            if not _SIZE.match(size):
                return True
            if int(size, 16) == 0:  # then trailers, if any, and a blank line
                return self.data.find(_BLANK_LINE, line_end) >= 0
            after = line_end + 2 + int(size, 16) + 2
            if after > len(self.data):
                return False
            self._chunk_at = after
