"""Reads parameters by the same rules from a query string, a form or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.crypto_pay.errors import ApiError

ASSETS = ("USDT", "TON", "BTC", "ETH", "LTC", "BNB", "TRX", "USDC")
FIATS = ("USD", "EUR", "RUB", "BYN", "UAH", "GBP", "CNY", "KZT", "PLN", "TRY")
USD_RATES: Mapping[str, Decimal] = {
    "USDT": Decimal(1),
    "USDC": Decimal(1),
    "TON": Decimal("3.2"),
    "BTC": Decimal(91000),
    "ETH": Decimal(3100),
    "LTC": Decimal(95),
    "BNB": Decimal(870),
    "TRX": Decimal("0.28"),
}
DECIMALS = 8


class Fields:
    """The parameters of one call; every reader raises ApiError(<NAME>_INVALID) on a bad value."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: value for name, value in values.items() if value not in (None, "")}

    def text(self, name: str, longest: int) -> str | None:
        """A string of at most `longest` characters, or None."""
        value = self._values.get(name)
        if value is not None and len(str(value)) > longest:
            raise self._invalid(name)
        return None if value is None else str(value)

    def required(self, name: str, longest: int) -> str:
        """A string that must be there."""
        value = self.text(name, longest)
        if value is None:
            raise self._invalid(name)
        return value

    def one_of(self, name: str, allowed: tuple[str, ...], default: str | None = None) -> str | None:
        """One of the given values."""
        value = self._values.get(name, default)
        if value is not None and value not in allowed:
            raise self._invalid(name)
        return value

    def integer(self, name: str, low: int, high: int, default: int | None = None) -> int | None:
        """A whole number between `low` and `high`, as a number or its digits."""
        value = self._values.get(name)
        if value is None:
            return default
        try:
            number = int(str(value))
        except ValueError:
            raise self._invalid(name) from None
        if not low <= number <= high:
            raise self._invalid(name)
        return number

    def flag(self, name: str, default: bool) -> bool:
        """A boolean, as JSON or as text in a form."""
        value = self._values.get(name)
        if value is None:
            return default
        return str(value).lower() in ("true", "1")

    def amount(self, name: str = "amount") -> Decimal:
        """A positive amount with at most eight decimals."""
        try:
            value = Decimal(str(self._values[name]))
        except (KeyError, InvalidOperation):
            raise self._invalid(name) from None
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -DECIMALS or not 0 < value < Decimal("1e15"):
            raise self._invalid(name)
        return value

    def listed(self, name: str) -> list[str] | None:
        """A comma-separated list, or a JSON one."""
        value = self._values.get(name)
        if value is None:
            return None
        parts = value if isinstance(value, list) else str(value).split(",")
        return [str(part).strip() for part in parts]

    @staticmethod
    def _invalid(name: str) -> ApiError:
        return ApiError(f"{name.upper()}_INVALID")


def plain(value: Decimal) -> str:
    """An amount as the service writes it: no exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def iso(seconds: float) -> str:
    """Unix time as the service writes it: UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
