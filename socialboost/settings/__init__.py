"""Every setting of the product, typed, in one place: environment first, then `.env`.

One class per kind of process, holding only what that process may know: the internet-facing ones have no
DATABASE_URL. `X.load()` checks everything at once and raises SettingsError with one line for each variable
that is missing or wrong, naming the format expected and never the value. Names that are not ours are ignored.
Importing this module reads nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final, Literal, NoReturn, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from socialboost.errors import SettingsError
from socialboost.logs import redaction
from socialboost.partners import outbound
from socialboost.settings import formats
from socialboost.settings.formats import Network, Rate

WebUrl = Annotated[str, AfterValidator(formats.web_url)]
SecretWebUrl = Annotated[SecretStr, AfterValidator(formats.secret_web_url)]
WebhookUrl = Annotated[str, AfterValidator(formats.webhook_url)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(formats.database_url)]
RedisUrl = Annotated[SecretStr, AfterValidator(formats.redis_url)]
SmtpUrl = Annotated[SecretStr, AfterValidator(formats.smtp_url)]
Token = Annotated[SecretStr, AfterValidator(formats.token)]
ApiKey = Annotated[SecretStr, AfterValidator(formats.api_key)]
ApiKeys = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(formats.api_keys)]
DataKeys = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(formats.data_keys)]
WebhookSecret = Annotated[SecretStr, AfterValidator(formats.webhook_secret)]
SecretKey = Annotated[SecretStr, AfterValidator(formats.secret_key)]
TelegramIds = Annotated[tuple[int, ...], NoDecode, BeforeValidator(formats.telegram_ids)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(formats.networks)]
RateLimit = Annotated[Rate, NoDecode, BeforeValidator(formats.rate)]
Timezone = Annotated[ZoneInfo, BeforeValidator(formats.timezone)]
LogDirectory = Annotated[Path | None, BeforeValidator(formats.log_directory)]
ApiPath = Annotated[str, AfterValidator(formats.api_path)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s,]+@[^@\s,]+\.[^@\s,]+$", max_length=254)]

WRONG_SETTINGS: Final = 2
"""The exit status of every process that a wrong setting stops."""

_HTTPS = "https://host[:port][/path] (http:// on loopback only)"
_TOKEN = "digits, a colon and the secret part, as the service handed it out"  # noqa: S105 (a format)
_URL_SAFE = "16 to 256 characters of A-Z a-z 0-9 _ -"
_PERCENT_ENCODE = (
    "; percent-encode everything in user and password but letters, digits and - . _ ~"
    " (@ is %40, # %23, / %2F, % %25, a space %20)"
)
_ENV_FILE = "a text file in UTF-8 with one NAME=value a line, or no such file"
_API_KEY = "16 to 256 printable ASCII characters without spaces, quotes, commas and backslashes"


NOT_THERE_YET: Final = {
    "ALERT_EMAIL": "no alert goes by mail yet: the admins' Telegram chats get them all",
    "SMTP_URL": "no alert goes by mail yet: the admins' Telegram chats get them all",
    "ALERT_WEBHOOK_URL": "no alert goes to a web hook yet: the admins' Telegram chats get them all",
    "PUBLIC_URL": "nothing links to web yet",
}
"""Settings that are checked but not used yet, with the message for an operator who sets one."""


class Settings(BaseSettings):
    """The settings of every process: its log."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",  # some editors begin the file with a byte order mark
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        validate_default=False,
    )

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
        BeforeValidator(lambda text: str(text).upper()),
    ] = Field(default="INFO", description="DEBUG, INFO, WARNING, ERROR or CRITICAL")
    log_dir: LogDirectory = Field(
        default=Path("logs"), description="a directory, or - for standard output only"
    )

    @classmethod
    def load(cls) -> Self:
        """Read and check the settings. Raises SettingsError, which lists every wrong or missing variable.

        The log's redaction then masks the secrets.
        """
        try:
            _check_env_file(Path(str(cls.model_config["env_file"])))
            settings = cls()
        except ValidationError as error:
            raise SettingsError(_explain(cls, error)) from None
        redaction.hide(settings.secrets())
        for name in cls.model_fields:
            if name.endswith("_api_url"):
                outbound.proxy_for(getattr(settings, name))  # a proxy we cannot use stops the start as well
        return settings

    def without_effect(self) -> dict[str, str]:
        """Return the variables that are set here but not used yet, each with the reason."""
        return {name: why for name, why in NOT_THERE_YET.items() if getattr(self, name.lower(), None)}

    def secrets(self) -> list[str]:
        """Return every secret value held here."""
        found: list[str] = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            items = value if isinstance(value, tuple) else (value,)
            found += [item.get_secret_value() for item in items if isinstance(item, SecretStr)]
        return found


def _explain(settings: type[Settings], error: ValidationError) -> str:
    """Return one line for each wrong variable: its name and the format expected, without the value."""
    formats_by_variable = {
        str(field.validation_alias or name).upper(): field.description
        for name, field in settings.model_fields.items()
    }
    lines: dict[str, str] = {}
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        variable = str(problem["loc"][0]).upper()
        state = "is missing" if problem["type"] == "missing" else "is wrong"
        advice = _PERCENT_ENCODE if problem["type"] == formats.RAW_SIGNS else ""
        lines[variable] = f"{variable} {state}; expected: {formats_by_variable[variable]}{advice}"
    return "\n".join(lines.values())


def _check_env_file(file: Path) -> None:
    """Raise SettingsError if a `.env` exists and cannot be read. Without one only the environment counts."""
    try:
        if file.is_fifo():  # a secret store's, which can be read once only
            return
        text = file.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise SettingsError(f".env cannot be read ({error.strerror}); expected: {_ENV_FILE}") from None
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise SettingsError(f".env is not UTF-8 (line {line}); expected: {_ENV_FILE}") from None
    if b"\x00" in text:
        raise SettingsError(f".env holds a NUL byte; expected: {_ENV_FILE}")


class RedisSettings(Settings):
    """A process that uses the queue."""

    redis_url: RedisUrl = Field(
        description="redis://[user:password@]host[:port][/database], rediss:// or unix://"
    )


class CacheSettings(RedisSettings):
    """A process that also reads or fills the cache."""

    cache_redis_url: RedisUrl = Field(
        default=SecretStr(""), validate_default=True, description="as REDIS_URL, which is the default"
    )
    cache_ttl: int = Field(default=300, ge=1, le=86400, description="seconds, 1 to 86400")

    @field_validator("cache_redis_url", mode="before")
    @classmethod
    def _default_to_the_queue(cls, value: object, info: ValidationInfo) -> object:
        """Use REDIS_URL if the cache has no URL. A wrong REDIS_URL is reported once, by its own name."""
        if isinstance(value, SecretStr) and not value.get_secret_value():
            return info.data.get("redis_url", SecretStr("redis://127.0.0.1"))
        return value


class TelegramModeSettings(RedisSettings):
    """A process that must know how updates arrive, and who the owners are."""

    telegram_webhook_url: WebhookUrl | None = Field(
        default=None, description="empty for long polling, or " + _HTTPS + "; ports 443, 80, 88 or 8443"
    )
    admin_telegram_ids: TelegramIds = Field(default=(), description="comma-separated numeric Telegram ids")


class TelegramWebhookSettings(TelegramModeSettings):
    """A process that registers the webhook or receives its updates."""

    telegram_webhook_secret: WebhookSecret | None = Field(
        default=None, validate_default=True, description=_URL_SAFE + "; required with TELEGRAM_WEBHOOK_URL"
    )

    @field_validator("telegram_webhook_secret", mode="after")
    @classmethod
    def _required_with_the_address(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Refuse a webhook that accepts updates from anybody."""
        if value is None and info.data.get("telegram_webhook_url"):
            raise PydanticCustomError("missing", "required")
        return value


class WebSettings(TelegramWebhookSettings, CacheSettings):
    """The web process: it verifies, queues and answers. It has no database URL and no bot token."""

    secret_key: SecretKey = Field(description="32 or more random characters")
    host: str = Field(
        default="127.0.0.1", pattern=r"^[A-Za-z0-9.:-]+$", description="an address to listen on"
    )
    port: int = Field(default=8000, ge=1, le=65535, description="a port number, 1 to 65535")
    cryptobot_token: Token = Field(description=_TOKEN)
    cryptobot_webhook_secret: WebhookSecret | None = Field(default=None, description="empty, or " + _URL_SAFE)
    main_bot_api_keys: ApiKeys = Field(
        validation_alias="MAIN_BOT_API_KEY", description="one or more, comma-separated, each " + _API_KEY
    )
    admin_api_key: ApiKey = Field(
        validate_default=True, description=_API_KEY + "; not one of MAIN_BOT_API_KEY"
    )
    rate_limit_api: RateLimit = Field(
        default=Rate(100, 60), description="count/second, /minute, /hour or /day"
    )
    api_ip_allowlist: Networks = Field(
        default=(), description="comma-separated addresses and networks, empty for all"
    )
    trusted_proxy_hops: int = Field(
        default=0, ge=0, le=5, description="how many proxies of ours stand in front, 0 to 5"
    )
    public_url: WebUrl | None = Field(default=None, description="empty, or " + _HTTPS)

    @field_validator("admin_api_key", mode="after")
    @classmethod
    def _of_its_own(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        """Keep the two scopes apart: Main Bot's key must not open the admin's endpoints."""
        if value in info.data.get("main_bot_api_keys", ()):
            raise ValueError("shared")
        return value


class BotSettings(TelegramModeSettings):
    """The long-polling process."""

    telegram_bot_token: Token = Field(description=_TOKEN)
    telegram_api_url: WebUrl = Field(default="https://api.telegram.org", description=_HTTPS)


class DatabaseSettings(Settings):
    """A process that opens the database."""

    database_url: DatabaseUrl = Field(description="postgresql://user:password@host[:port]/database")
    timezone: Timezone = Field(
        default=ZoneInfo("Europe/Kyiv"), description="an IANA zone such as Europe/Kyiv"
    )


class WorkerSettings(TelegramWebhookSettings, CacheSettings, DatabaseSettings):
    """The workers, which do all database and API work."""

    telegram_bot_token: Token = Field(description=_TOKEN)
    telegram_api_url: WebUrl = Field(default="https://api.telegram.org", description=_HTTPS)
    telegram_send_rate: int = Field(
        default=25, ge=1, le=100_000, description="messages a second, 1 to 100000"
    )
    telegram_reserved_rate: int = Field(
        default=5,
        ge=0,
        validate_default=True,
        description="messages a second kept for people, below TELEGRAM_SEND_RATE",
    )
    telegram_chat_burst: int = Field(
        default=15, ge=1, le=100_000, description="answers a person's chat gets at once, 1 to 100000"
    )
    worker_processes: int = Field(
        default=2,
        ge=1,
        le=1000,
        description="how many worker processes run in all, 1 to 1000: each one's share while Redis is away",
    )
    cryptobot_token: Token = Field(description=_TOKEN)
    cryptobot_api_url: WebUrl = Field(default="https://pay.crypt.bot", description=_HTTPS)
    main_bot_api_url: WebUrl = Field(description=_HTTPS)
    main_bot_api_keys: ApiKeys = Field(
        validation_alias="MAIN_BOT_API_KEY",
        description="one or more, comma-separated, each " + _API_KEY + "; the first is the one we send",
    )
    main_bot_tasks_path: ApiPath = Field(default="/api/tasks", description="a path such as /api/tasks")
    main_bot_health_path: ApiPath = Field(default="/health", description="a path such as /health")
    admin_channel_id: int | None = Field(
        default=None, lt=0, description="empty, or a channel's id such as -1001234567890"
    )
    alert_email: Email | None = Field(default=None, description="empty, or one mail address")
    smtp_url: SmtpUrl | None = Field(default=None, description="empty, or smtps://user:password@host[:port]")
    alert_webhook_url: SecretWebUrl | None = Field(default=None, description="empty, or " + _HTTPS)
    rate_limit_add_post: RateLimit = Field(
        default=Rate(10, 3600), description="count/second, /minute, /hour or /day"
    )
    payment_data_key: DataKeys = Field(
        description="one or more keys, comma-separated, each 32 bytes in URL-safe base64 (44 characters)"
    )
    public_url: WebUrl | None = Field(default=None, description="empty, or " + _HTTPS)

    @field_validator("telegram_reserved_rate", mode="after")
    @classmethod
    def _leave_room(cls, value: int, info: ValidationInfo) -> int:
        """Keep a rate above zero for messages that are not answers to a person."""
        if value >= info.data.get("telegram_send_rate", value + 1):
            raise ValueError("no room")
        return value

    @property
    def chats_of_admins(self) -> list[int]:
        """Return the chats that get notices to the admins: each admin's, and their channel if any."""
        channel = [] if self.admin_channel_id is None else [self.admin_channel_id]
        return list(dict.fromkeys([*self.admin_telegram_ids, *channel]))

    @property
    def main_bot_api_key(self) -> SecretStr:
        """The key we present to Main Bot."""
        return self.main_bot_api_keys[0]


class SchedulerSettings(RedisSettings):
    """periodiq: it only enqueues."""


class OwnerSettings(DatabaseSettings):
    """migrate and seed, run by the database's owner."""


def refuse_to_start(error: SettingsError) -> NoReturn:
    """Print the error and end the process.

    It is printed to the original standard error, because Dramatiq has replaced sys.stderr by a pipe that may
    not be read completely.
    """
    sys.__stderr__.write(f"{error}\n") if sys.__stderr__ else None
    sys.exit(WRONG_SETTINGS)


def redis_url_from_environment() -> str:
    """Return REDIS_URL for a process that needs nothing else yet; SettingsError when missing or malformed."""
    return RedisSettings.load().redis_url.get_secret_value()
