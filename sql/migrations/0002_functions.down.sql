DROP TRIGGER refuse_change ON admin_actions;
DROP TRIGGER refuse_change ON balance_entries;
DROP TRIGGER refuse_balance_insert ON users;
DROP TRIGGER refuse_balance_update ON users;
DROP TRIGGER apply_balance_entry ON balance_entries;

DROP FUNCTION
    refuse_change,
    refuse_balance_write,
    apply_balance_entry,
    sweep_jobs,
    take_lease,
    claim_job,
    get_admin_stats,
    get_user_stats,
    update_task_status,
    record_dispatch,
    move_post,
    begin_dispatch,
    get_pending_tasks,
    add_user_post_v2,
    create_task,
    post_answer,
    quota_used,
    orders_of_run,
    current_order,
    apply_payment,
    payment_answer,
    paid_order,
    complete_orders,
    expire_orders,
    refund_order,
    activate_order,
    end_of_run,
    fail_order,
    attach_invoice,
    cancel_order,
    create_order,
    get_available_packages,
    register_user,
    lock_order,
    local_day;
