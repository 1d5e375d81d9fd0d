"""Tests of a third language: one new file is enough; bot and workers run from a copy with it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from fluent.syntax import FluentParser, FluentSerializer, ast

from socialboost import jobs
from socialboost.chat.languages import SHOP
from tests.flows.shop.world import ADMIN_ID, ROOT, Message, Shop, wait_until

CODE, NAME, MARK = "eo", "Esperanto", "◇ "
LACKING = "command-privacy"


def marked() -> str:
    """Every text of the default language, begun with a mark; one is left out."""
    body: list[ast.EntryType] = []
    for path in SHOP.default.files:
        for entry in FluentParser().parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(entry, ast.Message) or entry.value is None or entry.id.name == LACKING:
                continue
            if not entry.id.name.startswith("language-"):
                entry.value.elements.insert(0, ast.TextElement(MARK))
                body.append(entry)
    own = f"language-name = {NAME}\nlanguage-codes = {CODE}\n"
    return own + str(FluentSerializer().serialize(ast.Resource(body)))


@pytest.fixture(scope="module")
def shop(stage: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Bot and workers of a tree that differs from this one in a single file."""
    stage.root = tmp_path_factory.mktemp("tree")
    for name in ("socialboost", "workers", "sql"):
        shutil.copytree(ROOT / name, stage.root / name)
    (stage.root / "socialboost" / "locales" / f"{CODE}.ftl").write_text(marked(), encoding="utf-8")
    stage.start_workers()
    log_path = stage.root / "bot.log"
    with log_path.open("wb") as log:
        bot = subprocess.Popen(
            [sys.executable, "-m", "socialboost.bot"],
            cwd=stage.root,
            env=stage.environment | {"PATH": os.environ["PATH"]},
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: "bot_started" in log_path.read_text(), "the bot to start", 90)
        yield stage
    finally:
        bot.kill()
        bot.wait(10)


class Someone:
    """A person at Telegram's stand-in, whom the bot itself serves."""

    def __init__(self, shop: Shop, language: str, telegram_id: int = 0) -> None:
        self.shop = shop
        body = {"first_name": "Хтось", "language_code": language}
        self.id = telegram_id or int(shop.post(shop.telegram, "/sim/people", body)["id"])

    def write(self, text: str) -> None:
        self.shop.post(self.shop.telegram, f"/sim/people/{self.id}/messages", {"text": text})

    def shown(self, data: str) -> Message:
        """Wait until a message has a button with such data; the newest one."""

        def find() -> Message | None:
            found = (m for m in reversed(self.shop.messages(self.id)) if self.button(m, data))
            return next(found, None)

        return wait_until(find, f"a button {data}")

    def button(self, message: Message, data: str) -> dict[str, str]:
        buttons = (button for row in message["keyboard"] for button in row)
        return next((b for b in buttons if re.fullmatch(data, str(b.get("data")))), {})

    def tap(self, data: str) -> str:
        """Tap the button with such data, once it is there; its label."""
        message = self.shown(data)
        button = self.button(message, data)
        body = {"data": button["data"], "message_id": message["message_id"]}
        self.shop.post(self.shop.telegram, f"/sim/people/{self.id}/taps", body)
        return button["text"]

    def commands(self) -> dict[str, str]:
        shown = self.shop.get(self.shop.telegram, f"/sim/people/{self.id}")["commands"]
        return {one["command"]: one["description"] for one in shown}


@pytest.fixture(scope="module")
def chose(shop: Shop) -> Someone:
    """Somebody whose Telegram speaks Ukrainian and who chose the third language."""
    someone = Someone(shop, "uk")
    someone.write("/start")
    someone.tap("support")
    someone.tap("show_languages")
    assert someone.tap(f"language_{CODE}") == NAME
    return someone


def test_a_third_language_is_offered_chosen_and_used(chose: Someone) -> None:
    menu = wait_until(
        lambda: m if (m := chose.shown("support"))["text"].startswith(MARK) else None, "the marked menu"
    )
    assert all(b["text"].startswith(MARK.strip()) for row in menu["keyboard"] for b in row)


def test_the_segment_of_a_third_language_has_exactly_its_people(shop: Shop, chose: Someone) -> None:
    chose.shown("support")
    for language in (CODE, f"{CODE}-XX", "uk", "en", "zz"):
        someone = Someone(shop, language)
        someone.write("/start")
        started = someone.shown("support")
        assert started["text"].startswith(MARK) == language.startswith(CODE)
    admin = Someone(shop, "uk", ADMIN_ID)
    admin.write("/start")
    admin.shown("support")
    admin.write("/broadcast")
    admin.shown("broadcast_list.*")
    admin.write("Новина")
    assert admin.tap(f"broadcast_to_.*_language_{CODE}") == f"Мова: {NAME}"
    confirmation = admin.shown("broadcast_send_.*")["text"]
    assert NAME in confirmation
    assert "Отримувачів: 3\n" in confirmation, "one who chose it, two whose Telegram speaks it"


def test_a_third_language_s_commands_are_registered_and_missing_texts_are_default(shop: Shop) -> None:
    key = f"tick:register_bot:{secrets.token_hex(4)}"
    jobs.send(jobs.RegisterBot(key=key))
    shop.wait_for_job(key)
    own, default = Someone(shop, CODE).commands(), Someone(shop, "uk").commands()
    assert own == {name: MARK + text if name != "privacy" else text for name, text in default.items()}
