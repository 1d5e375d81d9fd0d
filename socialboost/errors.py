"""Every error this product raises on purpose.

SocialBoostError
├── SettingsError            a setting is wrong or missing; names the variable
├── QueueUnavailableError    Redis did not take the job
├── NoAnswerError            no worker answered a question in time
├── BusyError                too many questions are in flight in this process
├── MigrationError           the database cannot be brought to this version
├── PostponeError            not now: run the job again later, without using up an attempt
├── ParkError                never: park the job at once, because an admin must decide
├── DiscardError             never: end the job, because its work is stored and tried elsewhere
└── ServiceError             another service did not do what was asked
    ├── UnreachableError     nothing was accepted (no connection, circuit open, a proxy answered instead)
    │   ├── RefusesUsError   the service refuses us, not this request: key, path, rate, our balance
    │   └── UnknownYetError  it may have been accepted; the job looks that up before its next try
    ├── ThrottledError       429: wait; nothing was accepted
    ├── RejectedError        a final "no" in the service's own envelope: asking again would not help
    │   └── MigratedError    Telegram: the chat has another id now, which the error names
    └── AmbiguousError       unknown whether it was accepted (timeout or reset after sending, 5xx)
        └── UnaskedError     the answer is about something else than the request
"""

from __future__ import annotations


class SocialBoostError(Exception):
    """Base of every error raised on purpose."""


class SettingsError(SocialBoostError):
    """A setting is missing or malformed; the message names each variable and the format expected."""


class QueueUnavailableError(SocialBoostError):
    """Redis did not confirm the job. It may still be queued, so the sender repeats it with the same key."""


class NoAnswerError(SocialBoostError):
    """No worker answered within the deadline."""


class BusyError(SocialBoostError):
    """This process already has as many questions in flight as it allows itself."""


class MigrationError(SocialBoostError):
    """A migration file was edited after it was applied, is missing, or cannot be undone."""


class OldDatabaseError(MigrationError):
    """The database was made by migrations that no longer exist, so no migration leads to this version."""


class PostponeError(SocialBoostError):
    """Run this job again after `seconds`, giving back the attempt that this run took.

    `outage`: a service is down for an unknown time. The wait then grows with the time that the job has been
    waiting, from 2 s to a minute, and is never below `seconds`.
    """

    def __init__(self, seconds: float, reason: str, *, outage: bool = False) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.reason = reason
        self.outage = outage


class ParkError(SocialBoostError):
    """Park this job now: a repeat cannot help, and an admin must decide."""


class DiscardError(SocialBoostError):
    """Discard this job now, with the reason: its work is stored elsewhere, so nobody needs to decide."""


class ServiceError(SocialBoostError):
    """Another service did not do what was asked.

    `service` is telegram, crypto_pay or main_bot; `status` the HTTP status (0 when there was none);
    `code` the service's own error name. The message never has a URL, because URLs carry tokens.
    """

    def __init__(self, service: str, message: str, *, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.service = service
        self.status = status
        self.code = code


class UnreachableError(ServiceError):
    """Nothing was accepted, and the service did not refuse: there was no connection, the circuit is open,
    or a proxy in front of the service answered 3xx or 4xx (then `status` is set)."""


class RefusesUsError(UnreachableError):
    """The service refuses us, not this request: our key, path, method, rate or balance.

    It ends no order, post or message. `setting` names the variable or account that an operator must check.
    """

    def __init__(self, service: str, message: str, *, setting: str, status: int = 0, code: str = "") -> None:
        super().__init__(service, message, status=status, code=code)
        self.setting = setting


class UnknownYetError(UnreachableError):
    """An outage in a job that looks up what it may have done before it repeats it.

    The attempt is given back, and the next run starts with the look-up.
    """

    @classmethod
    def of(cls, error: ServiceError) -> UnknownYetError:
        """Return this error for an error after which the request may have taken effect."""
        return cls(error.service, str(error), status=error.status, code=error.code)


class ThrottledError(ServiceError):
    """HTTP 429. Nothing was accepted; `retry_after` is in seconds.

    `chat_id` is the chat of a call to Telegram, if the call was about one.
    """

    def __init__(self, service: str, message: str, *, retry_after: float, chat_id: int | None = None) -> None:
        super().__init__(service, message, status=429)
        self.retry_after = retry_after
        self.chat_id = chat_id


class RejectedError(ServiceError):
    """A final refusal, from the service itself, in its own envelope."""


class MigratedError(RejectedError):
    """Telegram: this group is a supergroup now. Nothing was accepted; `chat_id` is its new id."""

    def __init__(self, service: str, message: str, *, chat_id: int, status: int = 0) -> None:
        super().__init__(service, message, status=status, code="migrated")
        self.chat_id = chat_id


class AmbiguousError(ServiceError):
    """Unknown whether the request took effect: a timeout or reset after sending, a 5xx, an unreadable 2xx.

    `by_front` marks a 502 or 503 without the service's envelope: a proxy could not reach the service.
    Receipts and notices count that as not accepted; nothing else does.
    """

    def __init__(
        self, service: str, message: str, *, status: int = 0, code: str = "", by_front: bool = False
    ) -> None:
        super().__init__(service, message, status=status, code=code)
        self.by_front = by_front


class UnaskedError(AmbiguousError):
    """A well-formed answer that is not about the request: another sum, order, task or link.

    No part of it is used. It uses an attempt, because a service that answers so will do it again.
    """
