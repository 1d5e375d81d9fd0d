"""`value` with the types of what the functions of decisions answer; tests/db/test_answers.py compares them.

JSON has no types that the database could describe, so these are written by hand. Where a function answers in
two shapes, mypy tells them apart as the code does: by `success`, `ended` or the presence of `changed`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, TypedDict, final, overload


class Done(TypedDict):
    """A decision was carried out, without further data."""

    success: Literal[True]


class Refused(TypedDict):
    """A decision was not carried out."""

    success: Literal[False]
    error: str


class _Resolved(TypedDict):
    success: Literal[True]
    reason: str | None
    payment_id: str
    telegram_id: int | None
    package_name: str | None
    amount: Decimal | None
    asset: str | None


class PaymentActivated(_Resolved):
    """resolve_payment gave the order its days."""

    action: Literal["activate"]
    order_id: str
    refund_id: None
    refund_round: None
    refunded: Literal[False]


class RefundWanted(_Resolved):
    """resolve_payment recorded that the money must be sent back."""

    action: Literal["refund"]
    order_id: str | None
    refund_id: str
    refund_round: int
    refunded: Literal[False]


class PaymentRefunded(_Resolved):
    """resolve_payment returned the money to the balance, so there is no transfer."""

    action: Literal["refund"]
    order_id: str | None
    refund_id: None
    refund_round: None
    refunded: Literal[True]


class PaymentClosed(_Resolved):
    """resolve_payment credited the money, or gave nothing for it."""

    action: Literal["credit", "dismiss"]
    order_id: str | None
    refund_id: None
    refund_round: None
    refunded: Literal[False]


PaymentResolved = PaymentActivated | RefundWanted | PaymentRefunded | PaymentClosed


class PaymentNotResolved(TypedDict):
    """resolve_payment refused. It has the payment's present state."""

    success: Literal[False]
    error: str
    state: str | None
    resolution: str | None


class OwnerNamed(TypedDict):
    """name_payment_owner recorded the owner."""

    success: Literal[True]
    telegram_id: int


class BroadcastMoved(TypedDict):
    """The answer of move_broadcast, changed or not: the broadcast's present state."""

    moved: bool
    status: str
    chunk: int
    begun: bool
    wait: Decimal | int
    """The seconds until the next chunk."""


@final
class JobSettled(TypedDict):
    """settle_parked_job settled the job."""

    key: str
    actor: str
    queue: str
    args: dict[str, Any]
    error: str | None


@final
class JobChanged(TypedDict):
    """settle_parked_job found that the job has changed since it was seen."""

    changed: Literal[True]


class TaskAbandoned(TypedDict):
    """abandon_task ended the task."""

    ended: Literal[True]
    status: str
    post_id: str


class TaskNotAbandoned(TypedDict):
    """abandon_task found no task, or one that has ended."""

    ended: Literal[False]
    status: str | None
    post_id: str | None


class Values:
    """Reads single values by named queries. Subclasses decide how the queries run."""

    @overload
    def value(
        self, name: Literal["resolve_payment"], /, **arguments: object
    ) -> PaymentResolved | PaymentNotResolved: ...
    @overload
    def value(self, name: Literal["name_payment_owner"], /, **arguments: object) -> OwnerNamed | Refused: ...
    @overload
    def value(self, name: Literal["change_package"], /, **arguments: object) -> Done | Refused: ...
    @overload
    def value(self, name: Literal["move_broadcast"], /, **arguments: object) -> BroadcastMoved | None: ...
    @overload
    def value(
        self, name: Literal["settle_parked_job"], /, **arguments: object
    ) -> JobSettled | JobChanged | None: ...
    @overload
    def value(
        self, name: Literal["abandon_task"], /, **arguments: object
    ) -> TaskAbandoned | TaskNotAbandoned: ...
    @overload
    def value(self, name: str, /, **arguments: object) -> Any: ...
    def value(self, name: str, /, **arguments: object) -> Any:
        """Return the first column of a `:value` query's row; None without a row."""
        return self._value(name, arguments)

    def _value(self, name: str, arguments: dict[str, object]) -> Any:
        raise NotImplementedError
