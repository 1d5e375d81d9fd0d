-- Back to nothing but the runner's own table. The role stays: other databases of this server may use it.
DROP FUNCTION
    settle_rights, settle_withheld, withheld_seen, note_restore, get_admin_stats, get_user_stats, settle_parked_job, job_seen, sweep_jobs, take_lease, claim_job,
    move_broadcast, stop_broadcast, skip_recipients, record_recipients, take_recipients, begin_broadcast,
    list_recipients, count_audience, abandon_task, reissue_task, ask_about_silent_tasks, update_task_status,
    confirm_pull, get_pending_tasks, record_dispatch, begin_dispatch, add_user_post_v2, create_task, move_post,
    post_answer, quota_used, post_ref, name_payment_owner, resolve_payment, settle_refund, want_refund,
    payment_seen, doubt_payment, verify_payments, apply_payment, payment_answer, told_before, paid_order,
    postpone_invoice_checks, note_withdrawal, attach_invoice, want_invoice, pay_from_balance, close_decided_order,
    reopen_order, refund_order, complete_orders, activate_order, waiting_packages, end_of_run, orders_of_run,
    current_order, expire_orders, fail_order, cancel_order, create_order, lock_order, change_package, package_seen,
    get_available_packages, register_user, local_day, recount_figures, fold_figures;
DROP TABLE
    figures, heartbeats, admin_actions, settings, service_refusals, leases, dead_letters, job_ledger, moved_chats,
    lasting_messages, owed_notices, broadcast_cards, broadcast_recipients, broadcasts, tasks, posts, refunds,
    payments, invoices, order_cards, activations, orders, packages, balance_entries, users;
-- What the tables used.
DROP FUNCTION
    refuse_transition, refuse_change, apply_balance_entry, refuse_balance_write, count_users, count_orders,
    count_payments, count_posts, revenue_figure, attempt_limit, order_lifetime;

REVOKE ALL ON schema_migrations FROM socialboost_worker;
REVOKE ALL ON SCHEMA public FROM socialboost_worker;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
GRANT USAGE ON SCHEMA public TO PUBLIC;
