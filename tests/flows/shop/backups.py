"""Copies a shop's database and restores the copy."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from sandbox.servers import PostgresServer
from tests.flows.shop.world import Shop


class Copy:
    """Copies and restores the shop's database. There must be no connection at either moment."""

    def __init__(self, server: PostgresServer, shop: Shop) -> None:
        self.server = server
        self.shop = shop
        self.original = urlsplit(shop.database_url).path[1:]
        self.name = f"copy_{secrets.token_hex(6)}"

    def make(self) -> None:
        """Copy the database as it is now."""
        self.shop.database.close()
        self.server.create_database(self.name, template=self.original)
        self.shop.reconnect()

    def restore(self) -> None:
        """Replace the database by the copy."""
        self.shop.database.close()
        self.server.drop_database(self.original)
        self.server.create_database(self.original, template=self.name)
        self.shop.reconnect()


def stop_workers(shop: Shop) -> None:
    """End the workers as a supervisor does; a copy can be made of a database nobody is connected to."""
    assert shop.workers is not None
    shop.workers.terminate()
    assert shop.workers.wait(60) == 0
