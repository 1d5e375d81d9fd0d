"""The application: bot API, person's side, streams and the chat page on one port."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from sandbox.telegram.bot_api import BotApi, json_answer
from sandbox.telegram.config import Config
from sandbox.telegram.errors import ApiError
from sandbox.telegram.service import Service
from sandbox.telegram.sim_api import SimApi, guarded
from sandbox.telegram.snapshot import Snapshot
from sandbox.telegram.underneath import Underneath

STATIC = Path(__file__).resolve().parent.parent / "static"
LARGEST_BODY = 50 * 1024 * 1024
STOP_SECONDS = 2.0
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


async def page(_: web.Request) -> web.FileResponse:
    """The chat page."""
    return web.FileResponse(STATIC / "index.html", headers=PAGE_HEADERS)


async def asset(request: web.Request) -> web.StreamResponse:
    """A file of the page."""
    path = STATIC / request.match_info["name"]
    if not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers=PAGE_HEADERS)


async def no_method(_: web.Request) -> web.Response:
    """A path below /bot… that names no method."""
    return json_answer(ApiError(404, "Not Found").body(), 404)


class Server:
    """One stand-in, listening. `url` is known after `start`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.service = Service(config)
        self._snapshot = Snapshot(self.service, config.state_file)
        self._underneath = Underneath(self.service)
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        """Bind the port and begin serving."""
        self._snapshot.load()
        bot, sim, underneath = BotApi(self.service), SimApi(self.service), self._underneath
        app = web.Application(client_max_size=LARGEST_BODY)
        app.add_routes(
            [
                web.route("*", "/bot{token:[^/]+}/{method:[^/]+}", bot.handle),
                web.get("/file/bot{token:[^/]+}/{path:.+}", bot.download),
                web.route("*", "/bot{rest:.*}", no_method),
                web.get("/sim/wire/stream", guarded(underneath.wire_stream)),
                web.get("/sim/underneath/stream", guarded(underneath.stream)),
                web.get("/sim/underneath", guarded(underneath.backlog)),
                *sim.routes(),
                web.get("/", page),
                web.get(r"/static/{name:[a-z_]+\.(?:js|css|svg)}", asset),
            ]
        )
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=STOP_SECONDS
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.config.host, self.config.port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://{self.config.host}:{port}"
        underneath.start()
        self._snapshot.start()

    async def stop(self) -> None:
        """Stop delivering, end streams, write the state file, close the port."""
        await self._snapshot.stop()
        await self._underneath.stop()
        await self.service.close()
        if self._runner is not None:
            await self._runner.cleanup()
