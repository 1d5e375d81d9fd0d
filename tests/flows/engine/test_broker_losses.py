"""Tests of the broker: no message is lost while Redis is down, nor with TLS and a login."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from dramatiq.brokers.redis import RedisBroker

from sandbox.servers import ValkeyServer
from socialboost import jobs
from socialboost.queue import broker
from tests.flows.engine.actors import Look, Work
from tests.flows.engine.system import CoreSystem, wait_until
from tests.flows.engine.test_broker import message


@pytest.mark.parametrize("others", [0, 2])
def test_a_delayed_message_that_comes_due_in_a_redis_outage_still_runs(
    system: CoreSystem, valkey_server: ValkeyServer, others: int
) -> None:
    """Others are delayed behind it. The stock consumer's thread dies in this case."""
    system.start()
    system.start_stock()
    stock = RedisBroker(url=system.redis_url, namespace="stock")
    for number in range(1 + others):
        delay = 3_000 if number == 0 else 9_000
        broker.current().enqueue(message("core_look", f"ours{number}"), delay=delay)
        stock.enqueue(message("stock_look", f"stock{number}"), delay=delay)
    wait_until(lambda: "dramatiq:interactive.DQ" not in system.leftovers(), what="in our worker's memory")
    wait_until(lambda: "stock:interactive.DQ" not in system.leftovers("stock"), what="in the stock worker's")
    valkey_server.kill()
    time.sleep(6.5)
    valkey_server.start()
    expected = {f"ours{number}": 1 for number in range(1 + others)}
    wait_until(lambda: expected.items() <= system.counts("end").items(), 40)
    time.sleep(2)
    assert system.counts("end") == expected  # negative control: no stock one


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key; its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = tmp_path / "certificate.pem", tmp_path / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return public, private


def pipe(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def tls_in_front_of(address: tuple[str, int], files: tuple[Path, Path]) -> Iterator[int]:
    """A port of 127.0.0.1 that speaks TLS and passes on to `address`: this Valkey has none built in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(plain: socket.socket) -> None:
        with (
            plain,
            contextlib.suppress(OSError),
            context.wrap_socket(plain, server_side=True) as inner,
            socket.create_connection(address) as outer,
        ):
            back = threading.Thread(target=pipe, args=(outer, inner))
            back.start()
            pipe(inner, outer)
            back.join()

    threads: list[threading.Thread] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threads.append(threading.Thread(target=serve, args=(listener.accept()[0],)))
                threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join()
        listener.close()
        for thread in threads:
            thread.join()


def test_the_broker_works_over_tls_with_its_own_login(
    system: CoreSystem, valkey_server: ValkeyServer, certificate: tuple[Path, Path], redis_url: str
) -> None:
    """`rediss://user:password@…` with a private authority, after a restart and with delayed messages too."""
    password = "a-password-with-/and-%2F"
    with redis.Redis.from_url(redis_url) as admin:
        rules: dict[str, Any] = {"enabled": True, "passwords": [f"+{password}"], "keys": ["*"]}
        admin.acl_setuser("tls_worker", commands=["+@all"], **rules)
    parts = urlsplit(redis_url)
    assert parts.hostname
    assert parts.port
    with tls_in_front_of((parts.hostname, parts.port), certificate) as port:
        quoted = password.replace("%", "%25").replace("/", "%2F")
        query = f"ssl_ca_certs={certificate[0]}"
        system.redis_url = f"rediss://tls_worker:{quoted}@127.0.0.1:{port}{parts.path}?{query}"
        system.environment["REDIS_URL"] = system.redis_url
        system.start()
        installed = broker.install(system.redis_url)
        try:
            jobs.send(Look(name="plain"))
            jobs.send(Work(key="tg:1:1"))
            installed.enqueue(message("core_look", "delayed"), delay=4_000)
            wait_until(lambda: system.count("end", "plain") == 1)
            assert jobs.ask(Work(key="api:1"), 4) == "worked on api:1"
            valkey_server.kill()
            valkey_server.start()
            with redis.Redis.from_url(redis_url) as admin:  # a login made by command is gone with the process
                admin.acl_setuser("tls_worker", commands=["+@all"], **rules)
            wait_until(lambda: system.count("end", "delayed") == 1, 40)
            jobs.send(Look(name="after"))
            wait_until(lambda: system.count("end", "after") == 1, 40)
            assert password not in system.log_text()
        finally:
            system.close()
            installed.close()
