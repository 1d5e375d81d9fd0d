"""A TCP proxy that breaks connections on demand; `python -m tests.chaos.proxy NAME=HOST:PORT …`.

It does not read the data. It has one port for each target and counts every fault: a fault that hit no
connection is not reported as survived. Faults are ordered over a control port, one JSON object in each line
(`Proxy` is the client):

    refuse       for `seconds` connections are refused
    latency      for `seconds` all data arrive `delay` seconds late
    reset        the next `times` connections that send data are cut after `bytes` more bytes
    deaf         the next `times` connections that send data get no answer and are cut after `seconds`
    lose_answer  the next `times` answers are dropped and their connections cut; the request was accepted
    hang         for `seconds` connections are accepted and nothing is forwarded; then the data arrive
    silence      when an open connection sends again, all open ones forward nothing more, without an end
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import json
import socket
import struct
import sys
import termios
from collections import Counter
from pathlib import Path
from typing import Any, cast

from sandbox.programs import Program
from sandbox.wire import announce, until_told_to_stop

KINDS = ("refuse", "latency", "reset", "deaf", "lose_answer", "hang", "silence")
BACKLOG = 512


class Target:
    """One address behind the proxy, the port before it, and the faults between them."""

    def __init__(self, name: str, host: str, port: int) -> None:
        self.name, self.host, self.port = name, host, port
        self.own_port = 0
        self.links: set[Link] = set()
        self.resets: list[int] = []
        self.deaf: list[float] = []
        self.lost_answers = 0
        self.delay = 0.0
        self.silence_is_due = False
        self.hangs = 0
        """How many are in force; what they share ends with the last."""
        self.met: Counter[str] = Counter()
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Open the port. After a refusal it is the same port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Client(self), "127.0.0.1", self.own_port, backlog=BACKLOG, reuse_address=True
        )
        self.own_port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for link in list(self.links):
            link.cut()

    async def order(self, kind: str, settings: dict[str, Any]) -> None:
        """Put one fault in force."""
        times, seconds = int(settings.get("times", 1)), float(settings.get("seconds", 1.0))
        loop = asyncio.get_running_loop()
        if kind == "refuse" and self._server is not None:
            self.met[kind] += 1
            await self.close()
            loop.call_later(seconds, lambda: loop.create_task(self.listen()))
        elif kind == "latency":
            self.met[kind] += 1
            self.delay = float(settings.get("delay", 0.1))
            loop.call_later(seconds, lambda: setattr(self, "delay", 0.0))
        elif kind == "reset":
            self.resets += [int(settings.get("bytes", 0))] * times
        elif kind == "deaf":
            self.deaf += [seconds] * times
        elif kind == "lose_answer":
            self.lost_answers += times
        elif kind == "hang":
            self._hang()
            loop.call_later(seconds, self._go_on)
        elif kind == "silence":
            self.silence_is_due = True

    def clear(self) -> None:
        """End all faults. Connections that had become silent are cut."""
        self.resets, self.deaf, self.lost_answers, self.delay = [], [], 0, 0.0
        self.silence_is_due = False
        self.hangs = min(self.hangs, 1)
        self._go_on()
        for link in [one for one in self.links if one.is_silent]:
            link.cut()

    def fall_silent(self) -> None:
        """Forward nothing more on the open connections."""
        self.silence_is_due = False
        for link in self.links:
            link.is_silent = link.is_silent or link.has_spoken

    def _hang(self) -> None:
        self.hangs += 1
        for link in self.links:
            link.pause()

    def _go_on(self) -> None:
        """End one hang. Data sent meanwhile wait in the kernel, as with a stopped process."""
        self.hangs = max(0, self.hangs - 1)
        for link in self.links if self.hangs == 0 else ():
            self.met["hang"] += link.is_waiting
            link.resume()


class Link:
    """A client's connection and ours to the target, as a pair."""

    def __init__(self, target: Target, client: asyncio.Transport) -> None:
        self.target, self.client = target, client
        self.server: asyncio.Transport | None = None
        self.early: list[bytes] = []
        """Said before our own connection stood."""
        self.left: int | None = None
        """Bytes until it is cut."""
        self.is_deaf = False
        self.has_spoken = False
        self.is_silent = False
        self.is_unheard = False
        """Something was said into the silence."""
        target.links.add(self)
        if target.hangs:
            self.pause()

    def from_client(self, data: bytes) -> None:
        """Return the data from the product."""
        target = self.target
        if target.silence_is_due and self.has_spoken:
            target.fall_silent()
        self.has_spoken = True
        if self.is_silent:
            target.met["silence"] += not self.is_unheard
            self.is_unheard = True
            return
        if target.deaf and not self.is_deaf:
            self.is_deaf = True
            target.met["deaf"] += 1
            asyncio.get_running_loop().call_later(target.deaf.pop(0), self.cut)
        if self.is_deaf:
            return
        if target.resets and self.left is None:
            self.left = target.resets.pop(0)
            target.met["reset"] += 1
        if self.server is None:
            self.early.append(data)
        else:
            self._pass(self.server, data)

    def from_server(self, data: bytes) -> None:
        """Return the data from the service."""
        if self.is_deaf or self.is_silent:
            return
        if self.target.lost_answers > 0:
            self.target.lost_answers -= 1
            self.target.met["lose_answer"] += 1
            self.cut()
            return
        self._pass(self.client, data)

    def _pass(self, to: asyncio.Transport, data: bytes) -> None:
        if self.left is not None:
            data, self.left = data[: self.left], self.left - len(data)
        if self.target.delay and not to.is_closing():
            asyncio.get_running_loop().call_later(self.target.delay, self._write, to, data)
        else:
            self._write(to, data)
        if self.left is not None and self.left < 0:
            self.cut()

    @staticmethod
    def _write(to: asyncio.Transport, data: bytes) -> None:
        if not to.is_closing():
            to.write(data)

    def pause(self) -> None:
        """Stop reading from both sides."""
        for transport in self._open():
            transport.pause_reading()

    def resume(self) -> None:
        """Read again from both sides."""
        for transport in self._open():
            transport.resume_reading()

    @property
    def is_waiting(self) -> bool:
        """Return True if the client has sent data that were not read."""
        if self.client.is_closing():
            return False
        waiting = fcntl.ioctl(self.client.get_extra_info("socket").fileno(), termios.FIONREAD, bytes(4))
        return int.from_bytes(waiting, sys.byteorder) > 0

    def _open(self) -> list[asyncio.Transport]:
        return [one for one in (self.client, self.server) if one is not None and not one.is_closing()]

    def cut(self) -> None:
        """Reset both halves."""
        self.target.links.discard(self)
        for transport in (self.client, self.server):
            if transport is not None and not transport.is_closing():
                raw = transport.get_extra_info("socket")
                # Without lingering a close is a reset; aborting alone would be a polite goodbye.
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                transport.abort()

    def end(self, other: asyncio.Transport | None) -> None:
        """End the other half after one has ended, once its remaining data are sent.

        In silence the other half stays open: a server's session stays, with its locks.
        """
        if self.is_silent and other is not None:
            return
        self.target.links.discard(self)
        if other is not None and not other.is_closing():
            other.close()


class Client(asyncio.Protocol):
    """The half towards the product."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.link: Link | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.link = Link(self.target, _prompt(transport))
        self.dialling = asyncio.get_running_loop().create_task(self._dial(self.link))

    async def _dial(self, link: Link) -> None:
        loop, target = asyncio.get_running_loop(), self.target
        try:
            made, _ = await loop.create_connection(lambda: Server(link), target.host, target.port)
        except OSError:  # the service itself is away: as refused as it can be once we have accepted
            link.cut()
            return
        if link.client.is_closing():
            made.abort()
            return
        link.server = _prompt(made)
        if self.target.hangs:
            link.server.pause_reading()
        for data in link.early:
            link._pass(link.server, data)

    def data_received(self, data: bytes) -> None:
        if self.link is not None:
            self.link.from_client(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        if self.link is not None:
            self.link.end(self.link.server)


class Server(asyncio.Protocol):
    """The half towards the service."""

    def __init__(self, link: Link) -> None:
        self.link = link

    def data_received(self, data: bytes) -> None:
        self.link.from_server(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        self.link.end(self.link.client)


def _prompt(transport: asyncio.BaseTransport) -> asyncio.Transport:
    """Small pieces leave at once, as they did before anything stood between."""
    made = cast("asyncio.Transport", transport)
    made.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


class Proxy:
    """The proxy as a program of its own, and its control port."""

    def __init__(self, targets: dict[str, tuple[str, int]], log: Path, environment: dict[str, str]) -> None:
        arguments = [f"{name}={host}:{port}" for name, (host, port) in targets.items()]
        self.program = Program("tests.chaos.proxy", arguments, log=log, environment=environment)
        self.program.wait_for_address()

    def url(self, name: str) -> str:
        """Return the host:port to use instead of the target's."""
        return f"127.0.0.1:{self.program.announced['ports'][name]}"

    def order(self, target: str, kind: str, **settings: Any) -> None:
        """Put one fault in force."""
        self._ask({"target": target, "kind": kind, **settings})

    def clear(self) -> None:
        """End all faults."""
        self._ask({"kind": "clear"})

    def met(self) -> dict[str, dict[str, int]]:
        """Return how many connections, or periods, each kind of fault hit at each target."""
        found: dict[str, dict[str, int]] = self._ask({"kind": "met"})["met"]
        return found

    def stop(self) -> None:
        """End the program."""
        self.program.stop()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        port = int(self.program.announced["control"])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as control:
            control.sendall(json.dumps(question).encode() + b"\n")
            answer: dict[str, Any] = json.loads(control.makefile().readline())
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer


async def _answer(targets: dict[str, Target], question: dict[str, Any]) -> dict[str, Any]:
    kind = question.pop("kind", "")
    if kind == "clear":
        for target in targets.values():
            target.clear()
    elif kind != "met":
        if kind not in KINDS or question.get("target") not in targets:
            return {"error": f"no such fault: {kind} at {question.get('target')}"}
        await targets[question.pop("target")].order(kind, question)
    return {"met": {name: dict(target.met) for name, target in targets.items()}}


async def serve(arguments: list[str]) -> None:
    """Forward connections and serve the control port until the process is stopped."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("targets", nargs="+", metavar="NAME=HOST:PORT")
    targets = {}
    for given in options.parse_args(arguments).targets:
        name, _, address = given.partition("=")
        host, _, port = address.rpartition(":")
        targets[name] = Target(name, host, int(port))
        await targets[name].listen()

    async def control(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                answer = await _answer(targets, json.loads(line))
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(control, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    ports = {name: target.own_port for name, target in targets.items()}
    announce(url=f"tcp://127.0.0.1:{port}", control=port, ports=ports)
    await until_told_to_stop()
    server.close()
    for target in targets.values():
        await target.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(serve(sys.argv[1:])))
