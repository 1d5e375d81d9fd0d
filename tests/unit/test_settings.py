"""Tests of settings: what is accepted, what stops the start, and the text of a refusal."""

from __future__ import annotations

import base64
import re
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import quote

import pytest

from socialboost import settings
from socialboost.errors import SettingsError
from socialboost.settings import (
    BotSettings,
    OwnerSettings,
    SchedulerSettings,
    Settings,
    WebSettings,
    WorkerSettings,
)
from socialboost.settings.formats import Rate
from tests.unit.settings_environment import SEALING_KEY, VALID

PROCESSES = [WebSettings, BotSettings, WorkerSettings, SchedulerSettings, OwnerSettings]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def nothing_but_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each test from a valid environment, in a directory without .env."""
    monkeypatch.chdir(tmp_path)
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    for name, value in VALID.items():
        monkeypatch.setenv(name, value)


def variables() -> dict[str, object]:
    """Return every variable of the product with its default; None when it has none."""
    found: dict[str, object] = {}
    for process in PROCESSES:
        for name, field in process.model_fields.items():
            found[str(field.validation_alias or name).upper()] = (
                None if field.is_required() else field.default
            )
    return found


def fields_of(variable: str) -> set[str]:
    """Under which names the variable's value is kept."""
    return {
        name
        for process in PROCESSES
        for name, field in process.model_fields.items()
        if str(field.validation_alias or name).upper() == variable
    }


def refusal(process: type[Settings]) -> str:
    with pytest.raises(SettingsError) as error:
        process.load()
    return str(error.value)


@pytest.mark.parametrize("process", PROCESSES)
def test_a_valid_environment_is_accepted(process: type[Settings]) -> None:
    assert process.load()


def test_every_setting_has_its_default() -> None:
    web, worker = WebSettings.load(), WorkerSettings.load()
    assert (web.host, web.port, web.cache_ttl, web.rate_limit_api) == ("127.0.0.1", 8000, 300, Rate(100, 60))
    assert (worker.telegram_api_url, worker.cryptobot_api_url) == (
        "https://api.telegram.org",
        "https://pay.crypt.bot",
    )
    assert worker.rate_limit_add_post == Rate(10, 3600)
    sending = (worker.telegram_send_rate, worker.telegram_reserved_rate, worker.telegram_chat_burst)
    assert sending == (25, 5, 15)
    assert str(worker.timezone) == "Europe/Kyiv"
    assert worker.log_dir == Path("logs")
    assert worker.cache_redis_url == worker.redis_url
    assert web.telegram_webhook_url is None


def test_lists_and_first_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_TELEGRAM_IDS", "123456789, 987654321")
    monkeypatch.setenv("ADMIN_CHANNEL_ID", "-1001234567890")
    monkeypatch.setenv("API_IP_ALLOWLIST", "10.0.0.0/8,2001:db8::/32")
    monkeypatch.setenv("CACHE_REDIS_URL", "unix:///run/cache.sock")
    worker, web = WorkerSettings.load(), WebSettings.load()
    assert worker.admin_telegram_ids == (123456789, 987654321)
    assert worker.admin_channel_id == -1001234567890
    assert worker.main_bot_api_key.get_secret_value() == "main-bot-key-0000001"
    assert [key.get_secret_value() for key in web.main_bot_api_keys] == VALID["MAIN_BOT_API_KEY"].split(",")
    assert web.api_ip_allowlist == (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))
    assert web.cache_redis_url.get_secret_value() == "unix:///run/cache.sock"


def test_web_bot_and_scheduler_need_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    for process in (WebSettings, BotSettings, SchedulerSettings):
        assert "database_url" not in process.model_fields
        process.load()


def test_web_holds_no_bot_token_and_bot_no_payment_token() -> None:
    assert "telegram_bot_token" not in WebSettings.model_fields
    assert not {"cryptobot_token", "payment_data_key"} & set(BotSettings.model_fields)


@pytest.mark.parametrize(
    ("process", "required"),
    [
        (WebSettings, {"REDIS_URL", "SECRET_KEY", "CRYPTOBOT_TOKEN", "MAIN_BOT_API_KEY", "ADMIN_API_KEY"}),
        (BotSettings, {"REDIS_URL", "TELEGRAM_BOT_TOKEN"}),
        (SchedulerSettings, {"REDIS_URL"}),
        (OwnerSettings, {"DATABASE_URL"}),
        (WorkerSettings, set(VALID) - {"SECRET_KEY", "ADMIN_API_KEY"}),
    ],
)
def test_everything_missing_is_named_at_once(
    process: type[Settings], required: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VALID:
        monkeypatch.setenv(name, "")
    lines = refusal(process).splitlines()
    assert {line.split()[0] for line in lines} == required
    assert all(" is missing; expected: " in line for line in lines)


BROKEN = [
    (WebSettings, "SECRET_KEY", "short"),
    (WebSettings, "SECRET_KEY", "your-secret-key-change-in-production-use-32-chars-min"),
    (WebSettings, "CRYPTOBOT_TOKEN", "your-cryptobot-token"),
    (WebSettings, "CRYPTOBOT_TOKEN", "731946"),
    (WebSettings, "CRYPTOBOT_TOKEN", "731946:"),
    (WebSettings, "CRYPTOBOT_TOKEN", "731946:short"),
    (WebSettings, "CRYPTOBOT_WEBHOOK_SECRET", "too-short"),
    (WebSettings, "CRYPTOBOT_WEBHOOK_SECRET", "with/slash/and/more"),
    (WebSettings, "MAIN_BOT_API_KEY", "short"),
    (WebSettings, "MAIN_BOT_API_KEY", "main-bot-key-0000001,"),
    (WebSettings, "MAIN_BOT_API_KEY", "main-bot-key-0000001,main-bot-key-0000001"),
    (WebSettings, "MAIN_BOT_API_KEY", 'with"quote-00000000001'),
    (WebSettings, "ADMIN_API_KEY", "main-bot-key-0000002"),
    (WebSettings, "PORT", "0"),
    (WebSettings, "PORT", "http"),
    (WebSettings, "HOST", "a host"),
    (WebSettings, "RATE_LIMIT_API", "100"),
    (WebSettings, "RATE_LIMIT_API", "0/minute"),
    (WebSettings, "RATE_LIMIT_API", "100/fortnight"),
    (WebSettings, "API_IP_ALLOWLIST", "10.0.0.0/33"),
    (WebSettings, "TRUSTED_PROXY_HOPS", "-1"),
    (WebSettings, "CACHE_TTL", "0"),
    (WebSettings, "PUBLIC_URL", "http://shop.example.com"),
    (WebSettings, "TELEGRAM_WEBHOOK_URL", "http://shop.example.com"),
    (WebSettings, "TELEGRAM_WEBHOOK_URL", "https://shop.example.com:8080"),
    (WebSettings, "REDIS_URL", "http://127.0.0.1:6379"),
    (WebSettings, "REDIS_URL", "redis://127.0.0.1:6379/first"),
    (WebSettings, "REDIS_URL", "redis://127.0.0.1:99999/0"),
    (WebSettings, "REDIS_URL", "REDIS://127.0.0.1:6379/0"),
    (WebSettings, "REDIS_URL", "unix:/run/redis.sock"),
    (OwnerSettings, "DATABASE_URL", "PostgreSQL://worker@127.0.0.1/socialboost"),
    (WebSettings, "CACHE_REDIS_URL", "memcached://127.0.0.1"),
    (BotSettings, "TELEGRAM_BOT_TOKEN", "AAHtestTelegramTokenOfNobody000000000"),
    (BotSettings, "TELEGRAM_API_URL", "http://api.telegram.org"),
    (BotSettings, "TELEGRAM_API_URL", "https://user:pass@api.telegram.org"),
    (BotSettings, "LOG_LEVEL", "LOUD"),
    (OwnerSettings, "DATABASE_URL", "https://yourproject.supabase.co"),
    (OwnerSettings, "DATABASE_URL", "postgresql://127.0.0.1"),
    (OwnerSettings, "TIMEZONE", "Europe/Atlantis"),
    (OwnerSettings, "TIMEZONE", "../../etc/passwd"),
    (WorkerSettings, "CRYPTOBOT_API_URL", "http://pay.crypt.bot"),
    (WorkerSettings, "MAIN_BOT_API_URL", "main-bot.example.com"),
    (WorkerSettings, "MAIN_BOT_TASKS_PATH", "api/v2/tasks"),
    (WorkerSettings, "ADMIN_TELEGRAM_IDS", "@somebody"),
    (WorkerSettings, "ADMIN_TELEGRAM_IDS", "123456789,,"),
    (WorkerSettings, "ADMIN_CHANNEL_ID", "1009876543210"),
    (WorkerSettings, "ALERT_EMAIL", "nobody"),
    (WorkerSettings, "ALERT_WEBHOOK_URL", "http://chat.example.com/hook"),
    (WorkerSettings, "SMTP_URL", "smtp://user:password@mail.example.com"),
    (WorkerSettings, "PAYMENT_DATA_KEY", "not base64 at all"),
    (WorkerSettings, "PAYMENT_DATA_KEY", base64.urlsafe_b64encode(b"sixteen bytes!!!").decode()),
    (WorkerSettings, "PAYMENT_DATA_KEY", f"{SEALING_KEY},short"),
    (WorkerSettings, "TELEGRAM_SEND_RATE", "0"),
    (WorkerSettings, "TELEGRAM_RESERVED_RATE", "25"),
    (WorkerSettings, "TELEGRAM_CHAT_BURST", "0"),
]


@pytest.mark.parametrize(("process", "name", "value"), BROKEN)
def test_a_wrong_value_stops_the_start_and_is_not_shown(
    process: type[Settings], name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    text = refusal(process)
    assert re.fullmatch(rf"{name} is wrong; expected: .+", text)
    if len(value) > 8:
        assert value not in text


CANARY = "Kanarek7Secret"
RAW = [
    "{c}@{c}",
    "{c}#{c}",
    "{c}/{c}",
    "{c}?{c}",
    "{c}%{c}",
    "{c}%",
    "{c} {c}",
    "{c}[{c}",
    '{c}"{c}',
    "{c}\\{c}",
    "{c}пароль",
    "12#34{c}",
    "12/34@{c}",
]
ADDRESSES = [
    (OwnerSettings, "DATABASE_URL", "postgresql://worker:{}@db.example.com:5432/socialboost"),
    (WorkerSettings, "DATABASE_URL", "postgres://worker:{}@db.example.com/socialboost?sslmode=require"),
    (OwnerSettings, "DATABASE_URL", "postgresql:///socialboost?host=/run&user=worker&password={}@x"),
    (SchedulerSettings, "REDIS_URL", "redis://:{}@redis.example.com:6379/0"),
    (WebSettings, "REDIS_URL", "rediss://socialboost_entry:{}@redis.example.com/0"),
    (WebSettings, "CACHE_REDIS_URL", "redis://:{}@cache.example.com:6379/0"),
    (WorkerSettings, "CACHE_REDIS_URL", "unix:///run/cache.sock?password={}@x"),
    (WorkerSettings, "SMTP_URL", "smtps://shop:{}@mail.example.com:465"),
]


@pytest.mark.parametrize("password", RAW)
def test_unescaped_characters_in_a_password_are_refused_with_advice(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libraries would split such an address elsewhere and log a part of the password as the host."""
    for process, name, address in ADDRESSES:
        with monkeypatch.context() as changed:
            changed.setenv(name, address.format(password.format(c=CANARY)))
            text = refusal(process)
            assert re.fullmatch(rf"{name} is wrong; expected: .+; percent-encode .+", text), (name, text)
            assert CANARY not in text
            changed.setenv(name, address.format(quote(password.format(c=CANARY), safe="")).replace("@x", ""))
            assert process.load()


@pytest.mark.parametrize(
    "value", [f"host=db.example.com password={CANARY} dbname=x", f"host=h password='{CANARY} @#' dbname=x"]
)
def test_a_connection_string_of_keywords_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", value)
    text = refusal(OwnerSettings)
    assert text.startswith("DATABASE_URL is wrong; expected: postgresql://")
    assert CANARY not in text


def test_several_wrong_values_are_reported_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "many")
    monkeypatch.setenv("CRYPTOBOT_TOKEN", "")
    monkeypatch.setenv("TELEGRAM_WEBHOOK_URL", "ftp://shop.example.com")
    lines = refusal(WebSettings).splitlines()
    assert {line.split(";")[0] for line in lines} == {
        "PORT is wrong",
        "CRYPTOBOT_TOKEN is missing",
        "TELEGRAM_WEBHOOK_URL is wrong",
    }


def test_a_wrong_redis_url_is_reported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "localhost")
    assert refusal(WebSettings).splitlines() == [
        "REDIS_URL is wrong; expected: redis://[user:password@]host[:port][/database], rediss:// or unix://"
    ]


def test_a_webhook_without_its_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_WEBHOOK_URL", "https://shop.example.com/")
    assert refusal(WebSettings).startswith("TELEGRAM_WEBHOOK_SECRET is missing")
    assert refusal(WorkerSettings).startswith("TELEGRAM_WEBHOOK_SECRET is missing")
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", "a-secret-of-20-chars")
    assert WebSettings.load().telegram_webhook_url == "https://shop.example.com"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "[::1]"])
def test_http_is_accepted_on_loopback(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_API_URL", f"http://{host}:8081")
    assert BotSettings.load().telegram_api_url == f"http://{host}:8081"


@pytest.mark.parametrize("host", ["127.0.0.1.example.com", "localhost.example.com", "128.0.0.1", "10.0.0.1"])
def test_http_is_refused_on_what_only_looks_like_loopback(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_API_URL", f"http://{host}:8081")
    assert refusal(BotSettings).startswith("TELEGRAM_API_URL is wrong")


def test_names_that_are_not_ours_are_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLASK_ENV", "development")
    (tmp_path / ".env").write_text("SUPABASE_URL=https://x.supabase.co\nPORT=9001\n")
    assert WebSettings.load().port == 9001


def test_an_env_file_with_a_byte_order_mark_is_read_from_its_first_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9001\n", encoding="utf-8-sig")
    assert WebSettings.load().port == 9001


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("PORT=9001\n# рядок\n".encode("cp1251"), ".env is not UTF-8 (line 2)"),
        (b"PORT=9001\n\x00", ".env holds a NUL byte"),
        (None, ".env cannot be read (Is a directory)"),
    ],
)
def test_an_env_file_that_cannot_be_read_stops_the_start(
    content: bytes | None, words: str, tmp_path: Path
) -> None:
    if content is None:
        (tmp_path / ".env").mkdir()
    else:
        (tmp_path / ".env").write_bytes(content)
    text = refusal(WebSettings)
    assert text.startswith(f"{words}; expected: ")
    assert len(text.splitlines()) == 1


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9001\n")
    monkeypatch.setenv("PORT", "9002")
    assert WebSettings.load().port == 9002


def test_no_secret_is_in_the_settings_text() -> None:
    for process in PROCESSES:
        loaded = process.load()
        shown = f"{loaded!r} {loaded}"
        assert loaded.secrets() or process is Settings
        assert not [secret for secret in loaded.secrets() if secret in shown]


def test_redis_url_alone_is_enough_for_the_workers_module(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VALID:
        if name != "REDIS_URL":
            monkeypatch.delenv(name)
    assert settings.redis_url_from_environment() == VALID["REDIS_URL"]
    monkeypatch.delenv("REDIS_URL")
    with pytest.raises(SettingsError, match="REDIS_URL is missing"):
        settings.redis_url_from_environment()


def test_the_example_file_names_every_setting_with_its_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert set(example) == set(variables())
    for name, default in variables().items():
        if example[name] and name != "REDIS_URL":
            assert example[name] == str(default), name
    for name, value in {**VALID, **{name: value for name, value in example.items() if value}}.items():
        monkeypatch.setenv(name, value)
    for process in PROCESSES:
        process.load()
