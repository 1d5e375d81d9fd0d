"""The bot's connection to Telegram: aiogram's session with the proxy and certificates of all our calls."""

from __future__ import annotations

import ssl

from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import ClientSession

from socialboost import cleaning
from socialboost.partners import outbound


class Session(AiohttpSession):
    """A session that uses the environment's proxy. aiogram's own would need another library for it."""

    def __init__(self, api_url: str) -> None:
        super().__init__(api=TelegramAPIServer.from_base(api_url), json_loads=cleaning.loads)
        self._http_proxy = outbound.proxy_for(api_url)
        self._connector_init["ssl"] = ssl.create_default_context(cafile=outbound.ca_bundle())

    async def create_session(self) -> ClientSession:
        """Return the session. A closed one is created again."""
        if self._session is None or self._session.closed:
            connector = self._connector_type(**self._connector_init)
            self._session = ClientSession(connector=connector, proxy=self._http_proxy)
        return self._session
