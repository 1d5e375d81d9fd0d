"""Records what this release writes: `python -m tests.recordings [FILE]`. It takes some minutes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sandbox.servers import start_valkey
from tests.recordings.choosing import Json
from tests.recordings.desk import Desk
from tests.recordings.listener import CONTRACTS
from tests.unit.screen_samples import World, every_screen

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "tests" / "vectors" / "version_before.json"
FLOWS: Final = (
    *("tests/flows/bot/test_routes.py", "tests/flows/bot/test_admin.py"),
    *("tests/flows/bot/test_broadcasts.py", "tests/flows/web/test_crypto_pay.py"),
    *(
        "tests/flows/web/test_tasks_api.py",
        "tests/flows/web/test_health.py",
        "tests/flows/engine/test_boot.py",
    ),
    *("tests/flows/broadcast", "tests/flows/shop"),
)
"""The tests that are listened to: between them they make the product write everything it writes."""
LINK: Final = "https://t.me/channel/123"
SAYINGS: Final[tuple[Json, ...]] = (
    {"text": "5"},
    {"text": LINK},
    {"photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]},
)
"""An answer of each kind to a dialogue's question."""
COMMANDS: Final = (
    *("/start", "/start friend-1", "/help", "/privacy", "/paysupport"),
    *("/admin", "/stats", "/broadcast", "/debug"),
)


def main(path: Path = FILE) -> int:
    """Record everything, and write it down; 1 with the names of the contracts that were never seen."""
    with tempfile.TemporaryDirectory(prefix="socialboost-recording-") as name:
        found = overheard(Path(name)) | pressed(Path(name))
    found["messages"].sort(key=lambda body: (body["actor_name"], body["message_timestamp"]))
    found["ledger"].sort(key=lambda row: (row["actor"], row["created_at"], row["key"]))
    found["redis"].sort(key=lambda entry: entry["key"])
    path.write_text(as_text(found), encoding="utf-8")
    unseen = sorted(set(CONTRACTS) - {body["actor_name"] for body in found["messages"]})
    sys.stdout.write(", ".join(f"{len(part)} {name}" for name, part in sorted(found.items())) + "\n")
    if unseen:
        sys.stdout.write(f"never seen: {', '.join(unseen)}\n")
    return 1 if unseen else 0


def overheard(directory: Path) -> dict[str, list[Json]]:
    """What the product wrote while it was tested."""
    recorded = directory / "overheard.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.recordings.listener", *FLOWS]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"RECORDED": str(recorded)}, check=True)
    found: dict[str, list[Json]] = json.loads(recorded.read_text(encoding="utf-8"))
    return found


def pressed(directory: Path) -> dict[str, list[Json]]:
    """What every button and command becomes, and what is said in each dialogue that these open."""
    server = start_valkey(directory / "valkey")
    try:
        desk = Desk(server.url, directory)
        try:
            callbacks, commands = desk.tapped(buttons()), desk.said([{"text": one} for one in COMMANDS])
            dialogues = _dialogues(desk, [*callbacks, *commands])
        finally:
            desk.close()
    finally:
        server.stop()
    lost = [one["asked"] for one in callbacks if one["job"]["fields"].get("page") == "unknown"]
    if lost:
        raise SystemExit(f"buttons that lead nowhere: {lost}")
    return {"callbacks": callbacks, "commands": commands, "dialogues": dialogues}


def buttons() -> list[str]:
    """The callback data of every button of every screen, in every language."""
    shown: set[str] = set()
    for _name, draw in every_screen(World()):
        for language in ("uk", "en"):
            keyboard = draw(language).keyboard
            shown |= {button.callback for row in keyboard for button in row if button.callback}
    return sorted(shown)


def _dialogues(desk: Desk, known: list[Json]) -> list[Json]:
    """Say something in each kind of dialogue: the state, and the words of its data."""
    found: dict[str, Json] = {}
    ahead = [one["leaves"] for one in known]
    while ahead:
        leaves = ahead.pop(0)
        if not leaves or _kind(leaves) in found:
            continue
        answers = desk.said(SAYINGS, leaves)
        found[_kind(leaves)] = {"redis": leaves, "said": answers}
        ahead += [answer["leaves"] for answer in answers]
    return [found[kind] for kind in sorted(found)]


def _kind(leaves: Json) -> str:
    state = next((value for key, value in leaves.items() if key.endswith(":state")), "")
    data = next((json.loads(value) for key, value in leaves.items() if key.endswith(":data")), {})
    closed = [f"{name}={value}" for name, value in data.items() if name in {"field", "detail"}]
    return " ".join([state, *sorted(data), *closed])


def as_text(found: dict[str, list[Json]]) -> str:
    """Return the file: one entry a line, so that a change of one is a line of a diff."""
    dumps: Callable[[Json], str] = lambda one: json.dumps(one, ensure_ascii=False, sort_keys=True)  # noqa: E731
    parts = [
        f"  {json.dumps(name)}: [\n" + ",\n".join(f"    {dumps(one)}" for one in part) + "\n  ]"
        for name, part in sorted(found.items())
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
