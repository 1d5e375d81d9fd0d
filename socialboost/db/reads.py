"""`one` and `many` with the type of each query's rows. Written by `python -m socialboost describe`."""

from __future__ import annotations

from typing import Any, Literal, overload

from socialboost.db.rows import (
    broadcasts,
    invariants,
    jobs,
    migrations,
    notices,
    operations,
    orders,
    packages,
    parked_jobs,
    payments,
    people,
    posts,
    tasks,
    telegram,
)


class Reads:
    """Reads rows by named queries; whoever runs them says how."""

    @overload
    def one(
        self,
        name: Literal["create_broadcast"],
        /,
        *,
        telegram_id: object,
        body: object,
        from_chat_id: object,
        message_id: object,
        request_id: object,
    ) -> broadcasts.CreateBroadcast | None: ...
    @overload
    def one(
        self, name: Literal["get_broadcast"], /, *, broadcast_id: object
    ) -> broadcasts.GetBroadcast | None: ...
    @overload
    def one(
        self,
        name: Literal["end_chunk"],
        /,
        *,
        reason: object,
        away: object,
        answered: object,
        broadcast_id: object,
        runner: object,
    ) -> broadcasts.EndChunk | None: ...
    @overload
    def one(
        self,
        name: Literal["claim_job"],
        /,
        *,
        key: object,
        actor: object,
        queue: object,
        args: object,
        max_attempts: object,
        lease_seconds: object,
        worker: object,
        tells: object,
    ) -> jobs.ClaimJob | None: ...
    @overload
    def one(
        self, name: Literal["park_job"], /, *, error: object, key: object, worker: object
    ) -> jobs.ParkJob | None: ...
    @overload
    def one(
        self, name: Literal["park_exhausted_job"], /, *, error: object, key: object
    ) -> jobs.ParkExhaustedJob | None: ...
    @overload
    def one(
        self, name: Literal["park_unreadable_job"], /, *, error: object, key: object
    ) -> jobs.ParkUnreadableJob | None: ...
    @overload
    def one(
        self, name: Literal["pick_untold_notice"], /, *, wait_seconds: object
    ) -> notices.PickUntoldNotice | None: ...
    @overload
    def one(
        self,
        name: Literal["claim_admin_notice"],
        /,
        *,
        page: object,
        chat_id: object,
        ahead_seconds: object,
        key: object,
        limit: object,
        actor: object,
        queue: object,
        args: object,
        max_attempts: object,
        lease_seconds: object,
        worker: object,
        tells: object,
    ) -> notices.ClaimAdminNotice | None: ...
    @overload
    def one(self, name: Literal["count_machinery"], /) -> operations.CountMachinery | None: ...
    @overload
    def one(self, name: Literal["count_open_matters"], /) -> operations.CountOpenMatters | None: ...
    @overload
    def one(
        self, name: Literal["get_daily_report"], /, *, day: object, timezone: object
    ) -> operations.GetDailyReport | None: ...
    @overload
    def one(
        self, name: Literal["get_order"], /, *, order_id: object, telegram_id: object
    ) -> orders.GetOrder | None: ...
    @overload
    def one(
        self, name: Literal["get_notice_order"], /, *, order_id: object
    ) -> orders.GetNoticeOrder | None: ...
    @overload
    def one(self, name: Literal["get_receipt"], /, *, order_id: object) -> orders.GetReceipt | None: ...
    @overload
    def one(
        self, name: Literal["get_any_package"], /, *, package_id: object
    ) -> packages.GetAnyPackage | None: ...
    @overload
    def one(self, name: Literal["get_parked_job"], /, *, ref: object) -> parked_jobs.GetParkedJob | None: ...
    @overload
    def one(
        self, name: Literal["get_dead_letter"], /, *, letter_id: object
    ) -> parked_jobs.GetDeadLetter | None: ...
    @overload
    def one(
        self, name: Literal["get_withheld_message"], /, *, ref: object
    ) -> parked_jobs.GetWithheldMessage | None: ...
    @overload
    def one(self, name: Literal["count_withheld"], /) -> parked_jobs.CountWithheld | None: ...
    @overload
    def one(self, name: Literal["get_payment"], /, *, payment_id: object) -> payments.GetPayment | None: ...
    @overload
    def one(self, name: Literal["get_refund"], /, *, refund_id: object) -> payments.GetRefund | None: ...
    @overload
    def one(self, name: Literal["count_recent_sources"], /) -> payments.CountRecentSources | None: ...
    @overload
    def one(
        self,
        name: Literal["claim_and_register_user"],
        /,
        *,
        telegram_id: object,
        username: object,
        first_name: object,
        last_name: object,
        language: object,
        start_payload: object,
        key: object,
        actor: object,
        queue: object,
        args: object,
        max_attempts: object,
        lease_seconds: object,
        worker: object,
        tells: object,
    ) -> people.ClaimAndRegisterUser | None: ...
    @overload
    def one(self, name: Literal["get_user"], /, *, telegram_id: object) -> people.GetUser | None: ...
    @overload
    def one(self, name: Literal["get_post_result"], /, *, post_id: object) -> posts.GetPostResult | None: ...
    def one(self, name: str, /, **arguments: object) -> Any:
        """Return the row of a `:one` query, or None."""
        return self._one(name, arguments)

    @overload
    def many(
        self, name: Literal["list_broadcasts"], /, *, limit: object, offset: object
    ) -> list[broadcasts.ListBroadcasts]: ...
    @overload
    def many(
        self, name: Literal["get_pending_recipients"], /, *, broadcast_id: object, limit: object
    ) -> list[broadcasts.GetPendingRecipients]: ...
    @overload
    def many(
        self, name: Literal["get_broadcast_cards"], /, *, broadcast_id: object
    ) -> list[broadcasts.GetBroadcastCards]: ...
    @overload
    def many(
        self, name: Literal["find_breaches"], /, *, since: object, late_seconds: object
    ) -> list[invariants.FindBreaches]: ...
    @overload
    def many(
        self, name: Literal["finish_jobs"], /, *, keys: object, workers: object
    ) -> list[jobs.FinishJobs]: ...
    @overload
    def many(
        self, name: Literal["join_jobs"], /, *, lease_seconds: object, keys: object, workers: object
    ) -> list[jobs.JoinJobs]: ...
    @overload
    def many(
        self, name: Literal["get_orders_told_before"], /, *, order_ids: object
    ) -> list[jobs.GetOrdersToldBefore]: ...
    @overload
    def many(
        self,
        name: Literal["sweep_jobs"],
        /,
        *,
        owner: object,
        lease_seconds: object,
        queues: object,
        limit: object,
        resend_seconds: object,
    ) -> list[jobs.SweepJobs]: ...
    @overload
    def many(self, name: Literal["get_schema_migrations"], /) -> list[migrations.GetSchemaMigrations]: ...
    @overload
    def many(self, name: Literal["list_states"], /) -> list[migrations.ListStates]: ...
    @overload
    def many(self, name: Literal["list_columns"], /) -> list[migrations.ListColumns]: ...
    @overload
    def many(self, name: Literal["list_types"], /) -> list[migrations.ListTypes]: ...
    @overload
    def many(
        self, name: Literal["get_untold_for_chat"], /, *, chat_id: object, limit: object
    ) -> list[notices.GetUntoldForChat]: ...
    @overload
    def many(
        self, name: Literal["get_untold_notices"], /, *, limit: object
    ) -> list[notices.GetUntoldNotices]: ...
    @overload
    def many(
        self,
        name: Literal["owe_admin_notices"],
        /,
        *,
        max_attempts: object,
        grace_seconds: object,
        chat_ids: object,
        keys: object,
        args: object,
        ahead_seconds: object,
        longest_seconds: object,
    ) -> list[notices.OweAdminNotices]: ...
    @overload
    def many(self, name: Literal["expire_orders"], /, *, limit: object) -> list[orders.ExpireOrders]: ...
    @overload
    def many(
        self, name: Literal["get_linkless_orders"], /, *, order_ids: object, keys: object
    ) -> list[orders.GetLinklessOrders]: ...
    @overload
    def many(self, name: Literal["get_loose_ends"], /, *, order_ids: object) -> list[orders.GetLooseEnds]: ...
    @overload
    def many(
        self, name: Literal["get_order_cards"], /, *, order_id: object
    ) -> list[orders.GetOrderCards]: ...
    @overload
    def many(self, name: Literal["get_every_package"], /) -> list[packages.GetEveryPackage]: ...
    @overload
    def many(
        self, name: Literal["get_parked_jobs"], /, *, limit: object, offset: object
    ) -> list[parked_jobs.GetParkedJobs]: ...
    @overload
    def many(
        self, name: Literal["get_dead_letters"], /, *, limit: object, offset: object
    ) -> list[parked_jobs.GetDeadLetters]: ...
    @overload
    def many(
        self, name: Literal["get_withheld"], /, *, limit: object, offset: object
    ) -> list[parked_jobs.GetWithheld]: ...
    @overload
    def many(
        self, name: Literal["get_exceptions"], /, *, limit: object, offset: object
    ) -> list[payments.GetExceptions]: ...
    @overload
    def many(
        self, name: Literal["get_settled_transfers"], /, *, transfer_ids: object, refund_id: object
    ) -> list[payments.GetSettledTransfers]: ...
    @overload
    def many(
        self, name: Literal["get_due_invoices"], /, *, limit: object
    ) -> list[payments.GetDueInvoices]: ...
    @overload
    def many(
        self, name: Literal["get_unrecorded_payments"], /, *, invoice_ids: object
    ) -> list[payments.GetUnrecordedPayments]: ...
    @overload
    def many(
        self, name: Literal["get_unverified_payments"], /, *, age_seconds: object, limit: object
    ) -> list[payments.GetUnverifiedPayments]: ...
    @overload
    def many(
        self, name: Literal["get_history"], /, *, telegram_id: object, limit: object, offset: object
    ) -> list[people.GetHistory]: ...
    @overload
    def many(self, name: Literal["list_admins"], /) -> list[people.ListAdmins]: ...
    @overload
    def many(
        self, name: Literal["ask_about_silent_tasks"], /, *, silent_seconds: object, limit: object
    ) -> list[tasks.AskAboutSilentTasks]: ...
    @overload
    def many(self, name: Literal["get_chat_pauses"], /) -> list[telegram.GetChatPauses]: ...
    def many(self, name: str, /, **arguments: object) -> Any:
        """Return the rows of a `:many` query."""
        return self._many(name, arguments)

    def _one(self, name: str, arguments: dict[str, object]) -> Any:
        raise NotImplementedError

    def _many(self, name: str, arguments: dict[str, object]) -> Any:
        raise NotImplementedError
