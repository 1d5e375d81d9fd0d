"""The configuration of a stand-in. `__main__.py` fills it from the command line."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

UPDATES_A_SECOND = 10
EPOCH = 1_700_000_000


def first_update_id() -> int:
    """A first update_id above those of earlier runs, so that a bot that remembers ids does not skip ours."""
    return (int(time.time()) - EPOCH) * UPDATES_A_SECOND


@dataclass(frozen=True)
class Config:
    """Settings of one stand-in. Times in seconds."""

    token: str
    host: str = "127.0.0.1"
    port: int = 0
    public_url: str = ""
    log_dir: Path | None = None
    checkout_url: str = ""
    mainbot_url: str = ""
    wire_log: Path | None = None
    state_file: Path | None = None
    rate_limits: bool = True
    bot_username: str = "socialboost_demo_bot"
    bot_name: str = "SocialBoost"
    callback_answer_seconds: float = 30.0
    webhook_retry_seconds: float = 1.0
    webhook_timeout_seconds: float = 60.0

    @property
    def bot_id(self) -> int:
        """The bot's id: the number before the colon of its token."""
        number = self.token.partition(":")[0]
        return int(number) if number.isdigit() else 1
