"""The stand-in's HTTP server: the API on a port that can be closed, the page and /sim on another."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from html import escape
from typing import Any

from aiohttp import web

from sandbox.main_bot.shop import CallbackPlan, Shop
from sandbox.main_bot.tasks import FINAL, Execution, TaskBook, defect, outcome
from sandbox.pages import button, page
from sandbox.wire import Fault, Faults, WireLog, add_wire_route, with_fault

BUTTONS = (("completed", "Complete", "go"), ("failed", "Fail", "stop"), ("cancelled", "Cancel", "stop"))


class MainBot:
    """The other company's program: its key, its tasks, whether it is up."""

    def __init__(self, api_key: str, shop: Shop, log: WireLog, *, auto: bool, step_seconds: float) -> None:
        self.api_key = api_key
        self.shop = shop
        self.log = log
        self.auto = auto
        self.step_seconds = step_seconds
        self.book = TaskBook()
        self.faults = Faults()
        self.repeat_status = 200
        self.down = False
        self._door: web.AppRunner | None = None
        self._door_address = ("127.0.0.1", 0)
        self._running: set[asyncio.Task[None]] = set()

    # --- the two listeners ---

    def api_routes(self, app: web.Application) -> web.Application:
        """Return the application that the shop calls."""
        app.router.add_post("/api/tasks", self.push)
        app.router.add_get("/api/tasks/{id}", self.show)
        app.router.add_get("/health", self.health)
        return app

    def app(self) -> web.Application:
        """The page, /sim, and the API once more (which says 503 while we are down)."""
        app = self.api_routes(web.Application())
        app.router.add_get("/", self.list_page)
        app.router.add_post("/tasks/{external_id}/{status}", self.press)
        app.router.add_post("/power/{word}", self.press_power)
        app.router.add_post("/auto/{word}", self.press_auto)
        app.router.add_get("/sim/tasks", self.sim_tasks)
        app.router.add_post("/sim/tasks/{id}/status", self.sim_status)
        app.router.add_post("/sim/pull", self.sim_pull)
        app.router.add_post("/sim/settings", self.sim_settings)
        app.router.add_get("/sim/settings", self.sim_settings)
        self.faults.add_routes(app)
        add_wire_route(app, self.log)
        app.on_cleanup.append(self._close)
        return app

    async def open_door(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen for the shop on a port of its own; its address."""
        self._door = web.AppRunner(self.api_routes(web.Application()), access_log=None, shutdown_timeout=0.2)
        await self._door.setup()
        await web.TCPSite(self._door, host, port, backlog=1024).start()
        self._door_address = (host, int(self._door.addresses[0][1]))
        return f"http://{host}:{self._door_address[1]}"

    async def go_down(self) -> None:
        """Stop listening: the shop's connections are refused, as when a program is not running."""
        if not self.down and self._door is not None:
            self.down = True
            await self._door.cleanup()
            self.log.record("down")

    async def come_up(self) -> None:
        """Listen again on the same port."""
        if self.down:
            await self.open_door(*self._door_address)
            self.down = False
            self.log.record("up")

    async def _close(self, _: web.Application) -> None:
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.shop.close()
        if self._door is not None and not self.down:
            await self._door.cleanup()

    # --- the API ---

    async def push(self, request: web.Request) -> web.StreamResponse:
        """POST /api/tasks: accept a task once per Idempotency-Key."""
        started = time.time()
        try:
            body = await request.json()
        except ValueError:
            body = None
        fault = self.faults.next("push")

        async def answer() -> web.StreamResponse:
            return self._accept(request, body)

        response = await with_fault(request, fault, answer, _fault_answer)
        task_id = body.get("task_id") if isinstance(body, dict) else None
        self._record("push", started, response, fault, task_id=task_id)
        return response

    def _accept(self, request: web.Request, body: Any) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        key = request.headers.get("Idempotency-Key", "")
        reason = defect(body) or ("" if key else "Idempotency-Key: missing")
        if reason:
            return web.json_response({"error": "invalid_task", "message": reason}, status=422)
        try:
            execution, new = self.book.take(body, key, "push")
        except KeyError:
            message = "the same Idempotency-Key came with another body"
            return web.json_response({"error": "key_reused", "message": message}, status=422)
        if new:
            self._work_on(execution)
        status = 202 if new else self.repeat_status
        return web.json_response({"external_task_id": execution.external_task_id}, status=status)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET /api/tasks/{id}: a task's state, or 404."""
        started, task_id = time.time(), request.match_info["id"]
        fault = self.faults.next("show")

        async def answer() -> web.StreamResponse:
            if refusal := self._refusal(request):
                return refusal
            execution = self.book.find(task_id)
            if execution is None:
                return web.json_response({"error": "not_found", "message": "no such task"}, status=404)
            known = ("task_id", "external_task_id", "status", "response_data")
            return web.json_response({key: execution.wire()[key] for key in known})

        response = await with_fault(request, fault, answer, _fault_answer)
        self._record("show", started, response, fault, task_id=task_id)
        return response

    async def health(self, request: web.Request) -> web.StreamResponse:
        """GET /health."""
        started = time.time()
        fault = self.faults.next("health")

        async def answer() -> web.StreamResponse:
            return web.json_response(
                {"status": "down" if self.down else "ok"}, status=503 if self.down else 200
            )

        response = await with_fault(request, fault, answer, _fault_answer)
        self._record("health", started, response, fault)
        return response

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self.down:
            return web.json_response({"error": "down", "message": "not serving"}, status=503)
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return web.json_response({"error": "unauthorized", "message": "bad key"}, status=401)
        return None

    def _record(
        self, operation: str, started: float, answer: web.StreamResponse, fault: Fault | None, **more: Any
    ) -> None:
        self.log.record(
            operation,
            status=answer.status,
            received_at=started,
            ms=round((time.time() - started) * 1000, 2),
            fault=fault.kind if fault else None,
            **more,
        )

    # --- the work ---

    def _work_on(self, execution: Execution) -> None:
        if self.auto:
            self._start(self._work(execution))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _report(self, execution: Execution, status: str) -> None:
        await self.finish(execution, status)

    async def _work(self, execution: Execution) -> None:
        for status in ("processing", "completed"):
            await asyncio.sleep(self.step_seconds)
            if execution.status in FINAL:
                return
            await self.finish(execution, status)

    async def finish(self, execution: Execution, status: str, data: dict[str, Any] | None = None) -> int:
        """Move an execution and report it to the shop. Returns the shop's HTTP status."""
        self.book.move(execution, status, data if data is not None else outcome(status, execution.task))
        return await self.shop.report(execution, status, execution.response_data)

    # --- the page ---

    async def list_page(self, _: web.Request) -> web.Response:
        """The tasks, newest first, and the power switch."""
        switch = (
            button("/power/up", "Bring up", "go") if self.down else button("/power/down", "Go down", "stop")
        )
        state = "down: connections are refused" if self.down else "up"
        rows = "".join(_row(execution) for execution in reversed(self.book.executions[-200:]))
        habit, other = ("by itself", "off") if self.auto else ("only by these buttons", "on")
        body = (
            f'<h1>Main Bot · tasks</h1><div class="card row"><span>Main Bot is {state}</span>{switch}</div>'
            f'<div class="card row"><span>Tasks are worked {habit}</span>'
            f"{button(f'/auto/{other}', f'Turn {other}')}</div>"
            f"{rows or '<p class=soft>No task yet.</p>'}"
        )
        return page("Main Bot · tasks", body, refresh_seconds=3)

    async def press(self, request: web.Request) -> web.StreamResponse:
        """A button of a task: move it there and report."""
        status = request.match_info["status"]
        wanted = request.match_info["external_id"]
        found = next((one for one in self.book.executions if one.external_task_id == wanted), None)
        if found is None or status not in ("processing", *FINAL):
            raise web.HTTPNotFound
        self._start(self._report(found, status))
        raise web.HTTPSeeOther("/")

    async def press_power(self, request: web.Request) -> web.StreamResponse:
        """The switch."""
        await (self.go_down() if request.match_info["word"] == "down" else self.come_up())
        raise web.HTTPSeeOther("/")

    async def press_auto(self, request: web.Request) -> web.StreamResponse:
        """Return True if new tasks are done without a person."""
        self.auto = request.match_info["word"] == "on"
        raise web.HTTPSeeOther("/")

    # --- /sim ---

    async def sim_tasks(self, _: web.Request) -> web.Response:
        """All accepted tasks, and the counts that show a double delivery."""
        return web.json_response(
            {**self.book.counts(), "tasks": [one.wire() for one in self.book.executions]}
        )

    async def sim_status(self, request: web.Request) -> web.Response:
        """Body: status, response_data?, report (default true: tell the shop). By task_id."""
        body = await request.json()
        execution = self.book.find(request.match_info["id"])
        if execution is None:
            return web.json_response({"error": "no such task"}, status=404)
        if not body.get("report", True):
            self.book.move(execution, body["status"], body.get("response_data"))
            return web.json_response(execution.wire())
        reported = await self.finish(execution, body["status"], body.get("response_data"))
        return web.json_response(execution.wire() | {"reported": reported})

    async def sim_pull(self, request: web.Request) -> web.Response:
        """Body: limit. Fetch waiting tasks from the shop and accept them."""
        body = await request.json() if request.can_read_body else {}
        tasks = await self.shop.pull(int(body.get("limit", 10)))
        accepted = []
        for task in tasks:
            if reason := defect(task):
                return web.json_response({"error": reason}, status=502)
            execution, new = self.book.take(task, str(task["task_id"]), "pull")
            accepted.append(execution.wire())
            if new:
                self._work_on(execution)
        return web.json_response({"tasks": accepted})

    async def sim_settings(self, request: web.Request) -> web.Response:
        """Body, all optional: auto, step_seconds, honours_keys, repeat_status (200 or 409), down,
        callbacks ([{kind, times, seconds}])."""
        body = await request.json() if request.can_read_body else {}
        self.auto = bool(body.get("auto", self.auto))
        self.step_seconds = float(body.get("step_seconds", self.step_seconds))
        self.book.honours_keys = bool(body.get("honours_keys", self.book.honours_keys))
        self.repeat_status = int(body.get("repeat_status", self.repeat_status))
        if "callbacks" in body:
            try:
                self.shop.plans = deque(CallbackPlan(**plan) for plan in body["callbacks"])
            except (TypeError, ValueError) as error:
                return web.json_response({"error": str(error)}, status=400)
        if "down" in body:
            await (self.go_down() if body["down"] else self.come_up())
        return web.json_response(
            {"auto": self.auto, "step_seconds": self.step_seconds, "down": self.down}
            | {"honours_keys": self.book.honours_keys, "repeat_status": self.repeat_status}
        )


def _fault_answer(fault: Fault) -> web.StreamResponse:
    reason = fault.reason or "broken on request"
    return web.json_response({"error": "fault", "message": reason}, status=fault.status)


def _row(execution: Execution) -> str:
    post = execution.task["post_data"]
    base = f"/tasks/{execution.external_task_id}"
    buttons = "".join(button(f"{base}/{status}", label, kind) for status, label, kind in BUTTONS)
    return (
        f'<div class="card"><div class="row"><strong>{execution.external_task_id}</strong>'
        f'<span class="tag">{escape(execution.status)}</span></div>'
        f'<p class="wrap">{escape(str(post["url"]))}<br><span class="soft">'
        f"{escape(str(post['platform']))} · {escape(str(execution.task['package_data']['name']))}</span></p>"
        f'<div class="row">{buttons if execution.status not in FINAL else ""}</div></div>'
    )
