"""Walks through the shop as a buyer, from /start to a finished post, using only Telegram.

Every step prints what the person saw and how long the bot took: from the tap reaching the Telegram
stand-in to the bot's answer reaching it, both read from its wire log.
"""

from __future__ import annotations

import shutil
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from sandbox.person import NotSeenError, Person, Seen, buttons
from sandbox.world import World

PACKAGE = "starter-mini"
POST = "https://t.me/durov/123"
NOT_A_POST = "https://example.com/holiday"
COLUMN = 26


@dataclass(frozen=True)
class Step:
    """One line of the walk."""

    did: str
    saw: str
    took_ms: float


class Walk:
    """One buyer. `steps` yields as it goes, so that a reader sees each step when it has happened."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.person = Person(world.telegram_url, "Олена", username="olena_walks")
        self.order_id = ""
        self.checkout = ""

    def steps(self) -> Iterator[Step]:
        """Make the whole walk. Raises NotSeenError, which says where it ended early."""
        yield from self._choose()
        yield from self._pay()
        yield from self._add_post()
        yield from self._follow_post()
        self.person.close()

    def _choose(self) -> Iterator[Step]:
        person = self.person
        person.write("/start")
        yield self._step("/start", starts("🚀 Вітаємо"), "the welcome")
        yield self._tapped("select_packages", f"pkg_{PACKAGE}", "📦 packages")
        yield self._tapped(f"pkg_{PACKAGE}", f"confirm_{PACKAGE}", "package details")
        yield self._tapped(f"confirm_{PACKAGE}", "pay_", "confirm the order")
        card = person.find(lambda message: carries(message, "pay_"))
        self.order_id = next(data for data in buttons(card) if data.startswith("pay_")).removeprefix("pay_")

    def _pay(self) -> Iterator[Step]:
        person, data = self.person, f"pay_{self.order_id}"
        person.tap_twice(data)
        seen = person.wait_for(
            lambda message: any(button["kind"] == "url" for row in message["keyboard"] for button in row),
            "the pay link",
        )
        # Both taps are one job, and its screen answers both. A worker that is killed between them may leave
        # the second spinner to Telegram's own time limit.
        person.wait_for_answered_taps(1)
        yield Step("pay, tapped twice", seen.first_line, seen.took_ms)
        self.checkout = person.url_button()
        yield self._open_checkout()
        invoices = requests.get(
            f"{self.world.crypto_pay_url}/sim/invoices", params={"payload": self.order_id}, timeout=10
        ).json()["items"]
        if len(invoices) != 1:
            raise NotSeenError(f"two taps made {len(invoices)} invoices, not one")
        paid_at_ms = time.time() * 1000
        requests.post(f"{self.checkout}/pay", timeout=10).raise_for_status()
        receipt = person.wait_for(starts("✅ Оплата успішна"), "the receipt", since_ms=paid_at_ms)
        yield Step("pay → receipt", receipt.first_line, receipt.took_ms)

    def _open_checkout(self) -> Step:
        """The link is opened in a browser: it must be the checkout page, with the sum on it."""
        if urlsplit(self.checkout).netloc != urlsplit(self.world.crypto_pay_url).netloc:
            raise NotSeenError(f"the pay link leads elsewhere: {self.checkout}")
        opened = time.monotonic()
        page = requests.get(self.checkout, timeout=10)
        took_ms = (time.monotonic() - opened) * 1000
        if page.status_code != 200 or " USDT" not in page.text:
            raise NotSeenError(f"the checkout page answered {page.status_code}")
        amount = page.text.partition('class="sum">')[2].partition("<")[0]
        return Step("open the pay link", f"Checkout: {amount}", took_ms)

    def _add_post(self) -> Iterator[Step]:
        person = self.person
        yield self._tapped("add_post", "platform_telegram", "🔗 add a post")
        person.tap("platform_telegram")
        seen = person.wait_for(lambda message: "platform_telegram" not in buttons(message), "the question")
        person.wait_for_answered_taps(1)
        yield Step("choose Telegram", seen.first_line, seen.took_ms)
        person.write(NOT_A_POST)
        yield self._step("a link to no post", is_correction, "the correction")
        person.write(POST)
        yield self._step("a link to a post", is_accepted, "the acceptance")

    def _follow_post(self) -> Iterator[Step]:
        person = self.person
        accepted = person.find(is_accepted)

        def is_notice(message: dict[str, object]) -> bool:
            return POST in str(message["text"]) and message["message_id"] != accepted["message_id"]

        seen = person.wait_for(is_notice, "the notice that the post is finished")
        reported = self._reported_completed_ms()
        yield Step("Main Bot done → notice", seen.first_line, seen.called_at_ms - reported)
        yield self._tapped("my_stats", "back_to_menu", "📊 statistics")

    def _reported_completed_ms(self) -> float:
        """When Main Bot began to tell the shop that the post is done; it notes that once it is answered."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            lines = requests.get(f"{self.world.main_bot_url}/sim/wire", timeout=10).json()["lines"]
            for line in reversed(lines):
                reported = line["event"] == "shop_called" and line["request"]
                if reported and line["request"]["status"] == "completed":
                    return float(line["sent_at"]) * 1000
            time.sleep(0.05)
        raise NotSeenError("the person was told of an end that Main Bot has not reported")

    def _tapped(self, data: str, leads_to: str, did: str) -> Step:
        """Tap a callback button; the answer shows a button of the next screen and the spinner stops."""
        self.person.tap(data)
        step = self._step(did, lambda message: carries(message, leads_to), f"a screen with {leads_to}")
        self.person.wait_for_answered_taps(1)
        return step

    def _step(self, did: str, matches: Callable[[dict[str, object]], bool], what: str) -> Step:
        seen: Seen = self.person.wait_for(matches, what)
        return Step(did, seen.first_line, seen.took_ms)


def starts(text: str) -> Callable[[dict[str, object]], bool]:
    """Matches a message that begins with `text`."""
    return lambda message: str(message["text"]).startswith(text)


is_accepted = starts("✅ Пост успішно додано")
"""Matches the message that accepts a post."""
is_correction = starts("⚠️ Це не сайт Telegram")
"""Matches the message that rejects NOT_A_POST. An order's card may be redrawn at the same time."""


def carries(message: dict[str, object], data: str) -> bool:
    """True if a button's callback data begins with `data`."""
    return any(one.startswith(data) for one in buttons(message))


def narrate(world: World, say: Callable[[str], None]) -> None:
    """Walk and print each step as a line of a table. Raises NotSeenError after printing where it ended."""
    width = max(40, min(shutil.get_terminal_size((100, 24)).columns, 110) - COLUMN - 14)
    say(f"{'step':<{COLUMN}}  {'what the person saw':<{width}}  {'time':>9}")
    count, slowest = 0, 0.0
    for step in Walk(world).steps():
        count, slowest = count + 1, max(slowest, step.took_ms)
        say(f"{pad(step.did, COLUMN)}  {pad(step.saw, width)}  {step.took_ms:>6.0f} ms")
    say(f"{count} steps done; the slowest answer took {slowest:.0f} ms.")


def pad(text: str, width: int) -> str:
    """Cut or fill to `width` columns of a terminal, where most emoji take two and joiners none."""
    shown, used = "", 0
    for character, following in zip(text, text[1:] + " ", strict=True):
        cells = cell_width(character, following)
        if used + cells > width - 1:
            shown, used = shown + "…", used + 1
            break
        shown, used = shown + character, used + cells
    return shown + " " * (width - used)


def cell_width(character: str, following: str) -> int:
    """Columns a character takes; a variation selector after it asks for its wide, coloured form."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    wide = unicodedata.east_asian_width(character) in ("W", "F")
    return 2 if wide or following == "\N{VARIATION SELECTOR-16}" else 1
