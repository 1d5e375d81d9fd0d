DROP TABLE broadcast_recipients, broadcasts, admin_actions, settings, leases, job_ledger, tasks, posts,
    activations, payments, invoices, orders, packages, balance_entries, users;
