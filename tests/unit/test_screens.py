"""Tests of screens: the contract's texts, buttons, money, times, and hostile values everywhere."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from socialboost import links
from socialboost.chat import callbacks, languages
from socialboost.kinds import LINK_CODES
from socialboost.screens import notices, texts
from socialboost.screens.admin import payments
from socialboost.screens.buyer import menu, orders, packages, posts, stats, support
from socialboost.screens.core import Button, Screen, visible_units
from tests.unit.screen_samples import KYIV, NOON, ORDER_ID, World, every_screen, tags

LANGUAGES = languages.SHOP.codes
WORLD = World()
MENU = [callbacks.SELECT_PACKAGES, callbacks.ADD_POST, callbacks.MY_STATS, callbacks.SUPPORT]
LASTING = (
    "decision ",
    "receipt",
    "payment_notice",
    "post_accepted",
    "post_completed",
    "post_failed",
    "post_cancelled",
    "notice",
)


def callbacks_of(screen: Screen) -> list[str | None]:
    return [button.callback for row in screen.keyboard for button in row]


def labels(screen: Screen) -> list[str]:
    return [button.text for row in screen.keyboard for button in row]


# --- every screen -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_is_sound(language: str) -> None:
    for name, draw in every_screen(WORLD):
        screen = draw(language)
        tags(screen.text)
        json.dumps(screen.keyboard_markup()).encode()
        assert screen.text == screen.text.strip(), name
        assert "\n\n\n" not in screen.text, name
        assert screen.lasting == name.startswith(LASTING), name
        is_main_menu = name.split()[0] in ("welcome", "menu")
        if name not in ("notice channel", "broadcast moved") and not is_main_menu:
            assert callbacks_of(screen)[-1] == callbacks.BACK_TO_MENU, name


# --- the texts the contract fixes ---------------------------------------------------------------------


def test_the_welcome_has_its_text_and_buttons() -> None:
    screen = menu.welcome(None, "uk", KYIV)
    assert screen.text == "🚀 Вітаємо в SocialBoost Bot!\n\nОберіть пакет для просування ваших постів:"
    assert menu.welcome(WORLD.figures, "uk", KYIV).text.startswith(screen.text)


@pytest.mark.parametrize("show", [menu.welcome, menu.menu])
def test_the_main_menu_has_its_four_buttons(show: type[menu.welcome]) -> None:
    screen = show(None, "uk", KYIV)
    assert labels(screen) == ["📦 Вибрати пакет", "🔗 Додати пост", "📊 Моя статистика", "⚙️ Підтримка"]
    assert callbacks_of(screen) == MENU
    assert callbacks_of(show(None, "en", KYIV)) == MENU


def test_the_package_menu_is_the_specifications() -> None:
    rows = (
        ("starter-mini", "Starter Mini", "starter", "99.99"),
        ("pro-advanced", "Pro Advanced", "professional", "299.99"),
        ("enterprise-elite", "Enterprise Elite", "enterprise", "999.99"),
    )
    sale = [
        WORLD.package | {"slug": slug, "name": name, "category": category, "price": Decimal(price)}
        for slug, name, category, price in rows
    ]
    screen = packages.packages(sale, "uk")
    assert labels(screen) == [
        "━━━ ⭐ STARTER ━━━",
        "🥉 Starter Mini - $99.99",
        "━━━ 🔥 PROFESSIONAL ━━━",
        "🥈 Pro Advanced - $299.99",
        "━━━ 🚀 ENTERPRISE ━━━",
        "🥇 Enterprise Elite - $999.99",
        "« Назад до меню",
    ]
    assert callbacks_of(screen)[:2] == [callbacks.NOOP, "pkg_starter-mini"]


def test_many_packages_fit_in_one_keyboard() -> None:
    sale = [WORLD.package | {"slug": f"p-{n}", "category": f"c{n}"} for n in range(200)]
    assert len(callbacks_of(packages.packages(sale, "uk"))) == 2 * packages.SHOWN + 1


def test_a_package_shows_its_terms_and_what_buying_it_does() -> None:
    screen = packages.package(WORLD.package, "uk")
    assert "💰 Ціна: <b>$99.99</b>" in screen.text
    assert "2 пости" in screen.text
    assert callbacks_of(screen) == ["confirm_pro-advanced", callbacks.SELECT_PACKAGES, callbacks.BACK_TO_MENU]
    same = packages.package(WORLD.package, "uk", WORLD.current | {"slug": "pro-advanced"})
    assert "додасть ще 30 днів" in same.text
    assert "почне діяти одразу" in packages.package(WORLD.package, "uk", WORLD.current).text
    assert (
        WORLD.package["features"]["randomization"]
        not in packages.package(
            WORLD.package
            | {"description": ""}
            | {f"{name}_range": "" for name in ("views", "reactions")}
            | {"comments_range": None, "reposts_range": None},
            "uk",
        ).text
    )  # features are Main Bot's business


def test_the_order_card_shows_its_terms() -> None:
    screen = orders.order_card(WORLD.order | {"deadline_at": NOON.isoformat()}, "uk", KYIV)
    assert "$99.99" in screen.text
    assert "99.99 USDT" in screen.text
    assert "22.12.2026, 14:30 (EET)" in screen.text
    assert callbacks_of(screen) == [f"pay_{ORDER_ID}", f"cancel_{ORDER_ID}", callbacks.BACK_TO_MENU]


def test_the_pay_link_is_a_button_that_ends_with_the_earlier_of_the_two_deadlines() -> None:
    order = WORLD.order | {"invoice_expires_at": NOON + timedelta(minutes=5)}
    screen = orders.pay_link(order, "uk", KYIV)
    assert screen.keyboard_markup()["inline_keyboard"][0] == [
        {"text": "💳 Оплатити в CryptoBot", "url": order["pay_url"]}
    ]
    assert callbacks_of(screen)[1:] == [f"cancel_{ORDER_ID}", callbacks.BACK_TO_MENU]
    assert "14:30" in screen.text
    sooner = orders.pay_link(order | {"invoice_expires_at": NOON - timedelta(minutes=5)}, "uk", KYIV)
    assert "14:25" in sooner.text


def test_the_receipt_shows_what_was_bought() -> None:
    text = orders.receipt(WORLD.order | {"is_late": False, "amount": Decimal("99.99000000")}, "uk", KYIV).text
    assert text.startswith("✅ Оплата успішна!\n\nВаш пакет активовано.\n")
    for line in ("Starter Mini", "22.12.2026, 14:30 (EET)", "2 пости", "99.99 USDT", ORDER_ID):
        assert line in text
    assert "після строку" not in text
    assert "після строку" in orders.receipt(WORLD.order, "uk", KYIV).text


def test_nothing_but_the_receipt_starts_like_it() -> None:
    for language in LANGUAGES:
        for name, draw in every_screen(WORLD):
            text = draw(language).text
            is_receipt = name.startswith("receipt")
            assert text.startswith(("✅ Оплата", "✅ Payment")) == is_receipt, name
            assert text.startswith(("🚀 Вітаємо", "🚀 Welcome")) == name.startswith("welcome"), name


def test_the_answer_to_an_accepted_post_shows_the_rest_of_the_limit() -> None:
    screen = posts.post_accepted({"limit": 2, "remaining": 1}, WORLD.url, "telegram", "uk")
    assert screen.text == (
        "✅ Пост успішно додано!\n\n🔗 URL: https://t.me/channel/123\n⚙️ Платформа: Telegram\n"
        "📊 Залишилося сьогодні: 1 пост з 2\n\n🚀 Просування розпочнеться незабаром!"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_about_a_post_shows_its_link(language: str) -> None:
    about = (
        "post_accepted",
        "post_completed",
        "post_failed",
        "post_cancelled",
        "duplicate",
        "daily_limit of",
        "rate_limit",
    )
    shown = [draw(language).text for name, draw in every_screen(WORLD) if name.startswith(about)]
    assert len(shown) == 11
    assert all(WORLD.url in text for text in shown)


def test_a_links_ampersand_is_escaped() -> None:
    url = "https://www.facebook.com/permalink.php?story_fbid=1&id=2"
    assert "story_fbid=1&amp;id=2" in posts.duplicate_post(url, "uk").text


# --- posts --------------------------------------------------------------------------------------------


QUOTAS = {"uk": {"Денний ліміт не витрачено."}, "en": {"This does not count towards your daily limit."}}
"""Languages that come later say it in their own words."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("platform", callbacks.PLATFORMS)
def test_a_refused_link_gets_one_sentence_a_real_example_and_no_quota_used(
    platform: str, language: str
) -> None:
    for code in LINK_CODES:
        text = posts.post_rejected(code, platform, "tiktok", language).text
        sentence, blank, example, last = text.split("\n")
        assert sentence.startswith("⚠️ ")
        assert sentence.count(". ") == 0
        assert sentence.endswith(".")
        assert blank == ""
        assert last in QUOTAS.get(language, {last})
        found = re.search("<code>(.*)</code>", example)
        assert found
        assert links.parse(found[1], platform).url == found[1]


def test_platforms_are_all_offered_two_in_a_row() -> None:
    screen = posts.platforms(WORLD.current, "uk")
    assert callbacks_of(screen)[:7] == [f"platform_{name}" for name in callbacks.PLATFORMS]
    assert [len(row) for row in screen.keyboard] == [2, 2, 2, 1, 1, 1]
    assert callbacks_of(screen)[7:] == [callbacks.CANCEL_ACTION, callbacks.BACK_TO_MENU]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (1500, True),
        (0, False),
        (-1, False),
        (True, False),
        ("9", False),
        (10**13, False),
        (Decimal(5), False),
    ],
)
def test_only_whole_numbers_of_main_bot_are_shown(number: object, shown: bool) -> None:
    text = posts.post_completed(WORLD.post | {"response_data": {"views_added": number}}, "uk").text
    assert ("Додано переглядів" in text) == shown


@pytest.mark.parametrize("response", [None, [], "x", 5, {"views_added": None}])
def test_any_response_of_main_bot_can_be_reported(response: object) -> None:
    assert WORLD.url in posts.post_completed(WORLD.post | {"response_data": response}, "uk").text


def test_a_failed_post_names_the_reason_and_gives_the_quota_back() -> None:
    text = posts.post_failed(WORLD.post | {"fail_reason": "post <deleted>"}, "uk").text
    assert "Причина: <code>post &lt;deleted&gt;</code>" in text
    assert "не зараховано до денного ліміту" in text
    assert "Причину не вказано." in posts.post_failed(WORLD.post | {"fail_reason": " \u200b"}, "uk").text


# --- stats, pages, notices ----------------------------------------------------------------------------


def test_history_is_shown_in_pages() -> None:
    def turn(count: int, page: int) -> list[str]:
        found = callbacks_of(stats.history([WORLD.history[1]] * count, page, "uk", KYIV))
        return [data for data in found if data and data.startswith(callbacks.HISTORY_PREFIX)]

    assert turn(stats.ENTRIES, 0) == []
    assert turn(stats.ENTRIES + 1, 0) == ["history_1"]
    assert turn(stats.ENTRIES + 1, 1) == ["history_0", "history_2"]
    assert turn(1, 2) == ["history_1"]
    assert turn(0, 1) == ["history_0"]


def test_support_leads_to_what_the_menu_does_not_show() -> None:
    assert callbacks_of(support.support("uk")) == [
        callbacks.SHOW_FAQ,
        callbacks.SHOW_PRIVACY,
        callbacks.SHOW_LANGUAGES,
        callbacks.BACK_TO_MENU,
    ]
    offered = callbacks_of(menu.languages("uk"))
    assert offered[:-1] == [f"language_{code}" for code in LANGUAGES]
    assert {"language_uk", "language_en"} <= set(offered)
    assert callbacks.HISTORY_PREFIX + "0" in callbacks_of(stats.stats(WORLD.figures, "uk", KYIV))


def test_spent_money_is_shown_by_asset() -> None:
    spent = {
        "total_spent": Decimal("99.99"),
        "spent_by_asset": {"TON": Decimal("12.5"), "BTC": Decimal("0.001")},
    }
    text = stats.stats(WORLD.figures | spent, "uk", KYIV).text
    assert "Витрачено: $99.99 · 0.001 BTC · 12.50 TON\n" in text
    kept_by_the_release_before = {k: v for k, v in (WORLD.figures | spent).items() if k != "spent_by_asset"}
    assert "Витрачено: $99.99\n" in stats.stats(kept_by_the_release_before, "uk", KYIV).text


def test_a_contact_is_shown_where_people_look_for_one() -> None:
    for name in ("support", "faq", "privacy", "paysupport", "help"):
        assert "@shop_help" in support.page(name, "uk", "@shop_help").text
        assert "описі цього бота" in support.page(name, "uk").text


def test_commands_have_descriptions_in_every_language() -> None:
    for language in LANGUAGES:
        commands = menu.bot_commands(language)
        assert [name for name, _ in commands] == ["start", "help", "privacy", "paysupport"]
        assert all(1 <= len(description) <= 256 for _, description in commands)
        assert all(f"/{name}" in support.page("help", language).text for name, _ in commands)


def test_the_answer_while_an_invoice_is_made_fits_a_callbacks_answer() -> None:
    for language in LANGUAGES:
        text = orders.invoice_busy(language).text
        assert tags(text) == []
        assert len(text) <= 200


def test_an_open_order_is_not_shown_as_closed() -> None:
    with pytest.raises(ValueError, match="pending"):
        orders.order_closed(WORLD.order, "uk")


# --- limits, money, time ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "", "callback": "a"},
        {"text": "  ", "callback": "a"},
        {"text": "x" * 65, "callback": "a"},
        {"text": "a\nb", "callback": "a"},
        {"text": "a"},
        {"text": "a", "callback": "a", "url": "https://t.me"},
        {"text": "a", "callback": ""},
        {"text": "a", "callback": "ї" * 33},
        {"text": "a", "url": "javascript:alert(1)"},
        {"text": "a", "url": "https://t.me/x y"},
    ],
)
def test_a_button_telegram_would_refuse_cannot_be_made(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"button|callback"):
        Button(**wrong)


def test_a_message_is_measured_as_telegram_does() -> None:
    assert visible_units("<b>a</b>&amp;😀") == 4
    assert Screen("😀" * 2048)
    assert Screen("<b>" + "&lt;" * 4096 + "</b>")
    button = Button("a", "a")
    for text, keyboard in (
        ("😀" * 2048 + "a", ()),
        ("", ()),
        ("<b></b>", ()),
        ("a", ((button,) * 9,)),
        ("a", ((),)),
        ("a", ((button,),) * 101),
    ):
        with pytest.raises(ValueError, match=r"message|row|keyboard"):
            Screen(text, keyboard)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *((Decimal("99.99"), "99.99"), ("99.9900", "99.99"), (5, "5.00"), (Decimal("0.1"), "0.10")),
        *((Decimal("12.49375312"), "12.49375312"), (Decimal("1E+2"), "100.00"), (Decimal("0E-8"), "0.00")),
        *((Decimal("1000000.00"), "1000000.00"), (Decimal("1.10500"), "1.105"), (0, "0.00")),
    ],
)
def test_money_is_written_exactly(value: Decimal | str | int, shown: str) -> None:
    assert texts.price(value) == f"${shown}"
    assert texts.price(value, "eur") == f"{shown} EUR"
    assert texts.crypto(value) == f"{shown} USDT"


@pytest.mark.parametrize(("value", "error"), [(99.99, TypeError), (True, TypeError), (None, TypeError)])
def test_money_is_never_a_float(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        texts.price(value)


@pytest.mark.parametrize("value", ["NaN", "Infinity", Decimal("-Infinity")])
def test_money_is_finite(value: Decimal | str) -> None:
    with pytest.raises(ValueError, match="finite"):
        texts.price(value)


def test_times_are_shown_in_the_shop_s_zone() -> None:
    uk, en = texts.texts("uk"), texts.texts("en")
    assert uk.moment(NOON, KYIV) == "22.12.2026, 14:30 (EET)"
    assert en.moment("2026-07-01T21:05:00Z", KYIV) == "2026-07-02, 00:05 (EEST)"
    assert uk.moment(NOON, ZoneInfo("America/New_York")) == "22.12.2026, 07:30 (EST)"
    with pytest.raises(ValueError, match="UTC offset"):
        uk.moment(datetime(2026, 1, 1), KYIV)  # noqa: DTZ001 (the mistake being refused)
    with pytest.raises(ValueError, match="UTC offset"):
        uk.moment("2026-01-01T00:00:00", KYIV)
    assert texts.instant("2026-12-22T12:30:00+00:00") == datetime(2026, 12, 22, 12, 30, tzinfo=UTC)


def test_an_admins_notice_reads_amount_and_time_and_survives_odd_ones() -> None:
    data = {"amount": "99.99000000", "expires_at": NOON.isoformat(), "status": ""}
    text = notices.admin_notice("order_paid", data, "uk", KYIV).text
    assert text.endswith("Сума: <code>99.99</code>\nДіє до: <code>22.12.2026, 14:30 (EET)</code>")
    odd = notices.admin_notice("order_paid", {"amount": "a lot", "expires_at": "soon"}, "uk", KYIV).text
    assert odd.endswith("Сума: <code>a lot</code>\nДіє до: <code>soon</code>")


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("uk", ("Сума: <code>42.51 USDT</code>", "Стан замовлення: <code>", "ні</code>",
                "Сума замовлення: <code>$99.99</code>", "Причина: <code>інша сума</code>")),
        ("en", ("Amount: <code>42.51 USDT</code>", "Order status: <code>", "no</code>",
                "Order amount: <code>$99.99</code>", "Reason: <code>wrong amount</code>")),
    ],
)  # fmt: skip
def test_an_admins_notice_says_sums_states_and_reasons_in_words(
    language: str, lines: tuple[str, ...]
) -> None:
    data = {
        "amount": "42.51000000",
        "asset": "USDT",
        "order_amount": "99.99000000",
        "order_status": "processing",
        "reason": "wrong_amount",
        "is_late": "False",
        "payment_id": ORDER_ID,
    }
    screen = notices.admin_notice("payment_exception", data, language, KYIV)
    for line in lines:
        assert line in screen.text, line
    for raw in ("processing", "wrong_amount", "False", "42.51000000", "99.99000000"):
        assert raw not in screen.text, raw
    assert "42.51 USDT" in labels(screen)[0]
    unknown = notices.admin_notice(
        "payment_exception", {"reason": "moon", "order_status": "x"}, language, KYIV
    )
    assert "<code>moon</code>" in unknown.text, "one that has no words yet is shown as it came"
    assert "<code>x</code>" in unknown.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_and_its_question_have_words_only(language: str) -> None:
    row = WORLD.payment | {"amount": Decimal("42.51000000"), "order_amount": Decimal("99.99000000")}
    for reason in payments.REASONS:
        for screen in (
            payments.payment(row | {"reason": reason}, language, KYIV),
            payments.sure(row | {"reason": reason}, "refund", language, KYIV),
            payments.exceptions([row | {"reason": reason}], 0, language),
        ):
            shown = " ".join((screen.text, *labels(screen)))
            assert not re.search(r"[a-z]_[a-z]|processing|exception\b|\d00000", shown), shown
            assert "42.51 USDT" in shown


@pytest.mark.parametrize("action", callbacks.DECISIONS)
def test_the_question_names_the_money_the_person_and_the_package(action: str) -> None:
    for row, person in (
        (WORLD.payment, "@Starter Mini · 7"),
        (WORLD.payment | {"username": None, "first_name": "Оля"}, "Оля · 7"),
        (WORLD.payment | {"username": None}, "<b>7</b>"),
    ):
        screen = payments.sure(row, action, "uk", KYIV)
        for words in ("100.99 USDT", person, "Starter Mini"):
            assert words in screen.text, words
        assert callbacks_of(screen)[:2] == [
            f"payment_{action}_{ORDER_ID}_{row['seen']}", f"payment_{ORDER_ID}",
        ]  # fmt: skip


@pytest.mark.parametrize("word", ["balance", "app", "methods"])
def test_the_advice_about_crypto_pay_is_in_the_admin_s_language(word: str) -> None:
    data = {"setting": f"crypto_pay_{word}"}
    assert "застосун" in notices.admin_notice("refuses_us", data, "uk").text
    assert "the app" in notices.admin_notice("refuses_us", data, "en").text
