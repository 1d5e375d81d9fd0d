-- Every table, its constraints and its indexes.
--
-- Rules: time is the database's and carries its zone (timestamptz); money is NUMERIC and never negative;
-- a status is text with a CHECK that lists its values, and moves only in sql/functions. Rows are locked in
-- the order user, order, task, post.

-- People -----------------------------------------------------------------------------------------------

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    telegram_id bigint NOT NULL UNIQUE,
    username varchar(100),
    first_name varchar(100),
    last_name varchar(100),
    -- Kept equal to the sum of balance_entries by their trigger; never written directly.
    balance numeric(10, 2) NOT NULL DEFAULT 0 CHECK (balance >= 0),
    referrer_id uuid REFERENCES users (id),
    referral_code varchar(20) NOT NULL UNIQUE DEFAULT right(replace(gen_random_uuid()::text, '-', ''), 15),
    referral_bonus numeric(10, 2) NOT NULL DEFAULT 0 CHECK (referral_bonus >= 0),
    -- What followed the first /start: where this person came from.
    start_payload varchar(64),
    language varchar(16) NOT NULL DEFAULT 'uk',
    -- True once the person chose a language: then Telegram's language_code no longer overwrites it.
    language_chosen boolean NOT NULL DEFAULT false,
    blocked_at timestamptz,
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (referrer_id <> id)
);

CREATE INDEX idx_users_telegram_id ON users (telegram_id);
CREATE INDEX idx_users_referral_code ON users (referral_code);
CREATE INDEX idx_users_referrer_id ON users (referrer_id);

CREATE TABLE balance_entries (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id),
    amount numeric(10, 2) NOT NULL CHECK (amount <> 0),
    kind varchar(50) NOT NULL,
    -- What this entry stands for; the same fact is entered once.
    reference varchar(200) NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX idx_balance_entries_user_id ON balance_entries (user_id, created_at);

-- What is sold -----------------------------------------------------------------------------------------

CREATE TABLE packages (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug varchar(50) NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name varchar(100) NOT NULL,
    description text,
    price numeric(10, 2) NOT NULL CHECK (price > 0),
    currency varchar(10) NOT NULL DEFAULT 'USD',
    posts_per_day integer NOT NULL DEFAULT 1 CHECK (posts_per_day > 0),
    views_range varchar(50),
    reactions_range varchar(50),
    comments_range varchar(50),
    reposts_range varchar(50),
    -- Opaque to us: travels to Main Bot with every task.
    features jsonb NOT NULL DEFAULT '{}',
    category varchar(50),
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX idx_packages_on_sale ON packages (price) WHERE is_active;

-- Orders and money -------------------------------------------------------------------------------------

CREATE TABLE orders (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id),
    package_id uuid NOT NULL REFERENCES packages (id),
    amount numeric(10, 2) NOT NULL CHECK (amount > 0),
    currency varchar(10) NOT NULL DEFAULT 'USD',
    -- pending -> paid -> completed; pending -> cancelled | failed; cancelled | failed -> paid (late money);
    -- processing: its money came but a person must decide; paid | completed -> refunded.
    status varchar(50) NOT NULL DEFAULT 'pending' CHECK (status IN
        ('pending', 'paid', 'processing', 'completed', 'failed', 'cancelled', 'refunded')),
    payment_method varchar(50),
    payment_data jsonb,
    -- The order's days: active means paid and activated_at <= now < expires_at. Both move when another
    -- package is bought or refunded (activate_order, refund_order).
    activated_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deadline_at timestamptz NOT NULL DEFAULT now() + interval '1 hour',
    ended_at timestamptz,
    -- The right money came after the order had been cancelled, had failed or was past its deadline.
    is_late boolean NOT NULL DEFAULT false,
    -- The terms as bought: editing a package does not change what was ordered.
    package_slug varchar(50) NOT NULL,
    package_name varchar(100) NOT NULL,
    posts_per_day integer NOT NULL CHECK (posts_per_day > 0),
    views_range varchar(50),
    reactions_range varchar(50),
    comments_range varchar(50),
    reposts_range varchar(50),
    features jsonb NOT NULL DEFAULT '{}',
    duration_days integer NOT NULL DEFAULT 30 CHECK (duration_days > 0),
    CHECK (expires_at > activated_at),
    CHECK (status NOT IN ('paid', 'completed') OR (activated_at IS NOT NULL AND expires_at IS NOT NULL))
);

CREATE INDEX idx_orders_user_id ON orders (user_id);
CREATE INDEX idx_orders_status ON orders (status);
-- A double press on "buy" finds the same order.
CREATE UNIQUE INDEX idx_orders_one_pending ON orders (user_id, package_id) WHERE status = 'pending';
CREATE INDEX idx_orders_live ON orders (user_id, expires_at) WHERE status = 'paid';
CREATE INDEX idx_orders_expires_at ON orders (expires_at) WHERE status = 'paid';
CREATE INDEX idx_orders_deadline_at ON orders (deadline_at) WHERE status = 'pending';
CREATE INDEX idx_orders_history ON orders (user_id, created_at DESC);
CREATE INDEX idx_orders_created_at ON orders (created_at DESC);

CREATE TABLE invoices (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id uuid NOT NULL REFERENCES orders (id),
    provider varchar(50) NOT NULL DEFAULT 'crypto_pay',
    invoice_id varchar(100) NOT NULL,
    -- As quoted to the payer: what a payment is compared with.
    asset varchar(20) NOT NULL,
    amount numeric(20, 8) NOT NULL CHECK (amount > 0),
    pay_url text,
    status varchar(20) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paid', 'expired')),
    -- Its payment came before we had recorded the invoice; found by the order id it carries.
    adopted boolean NOT NULL DEFAULT false,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (provider, invoice_id)
);

CREATE INDEX idx_invoices_order_id ON invoices (order_id);
CREATE INDEX idx_invoices_active ON invoices (created_at) WHERE status = 'active';

CREATE TABLE payments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    provider varchar(50) NOT NULL,
    invoice_id varchar(100) NOT NULL,
    -- Null: money for an order we do not know.
    order_id uuid REFERENCES orders (id),
    asset varchar(20),
    -- Null: the amount reported was not an amount; it is in raw_event.
    amount numeric(20, 8) CHECK (amount >= 0 AND amount <> 'NaN'),
    refunded_amount numeric(20, 8) NOT NULL DEFAULT 0 CHECK (refunded_amount >= 0 AND refunded_amount <= amount),
    -- applied: an activation. exception: listed for an admin. resolved: an admin decided.
    state varchar(20) NOT NULL CHECK (state IN ('applied', 'exception', 'resolved')),
    reason varchar(50) CHECK (reason IN
        ('late', 'wrong_amount', 'wrong_asset', 'second_payment', 'unknown_order', 'too_late')),
    source varchar(50) NOT NULL,
    -- The provider's signed event, encrypted by the worker.
    raw_event bytea,
    paid_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    UNIQUE (provider, invoice_id),
    CHECK (state <> 'applied' OR (order_id IS NOT NULL AND asset IS NOT NULL AND amount IS NOT NULL)),
    CHECK (state <> 'exception' OR reason IS NOT NULL),
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL))
);

CREATE INDEX idx_payments_order_id ON payments (order_id);
-- One order is paid for once; everything after that is an exception.
CREATE UNIQUE INDEX idx_payments_one_applied ON payments (order_id) WHERE state = 'applied';
CREATE INDEX idx_payments_exceptions ON payments (created_at) WHERE state = 'exception';

CREATE TABLE activations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id uuid NOT NULL UNIQUE REFERENCES orders (id),
    user_id uuid NOT NULL REFERENCES users (id),
    -- The first order of an unbroken run of the same package; a run has one daily quota.
    run_id uuid NOT NULL REFERENCES orders (id),
    kind varchar(20) NOT NULL CHECK (kind IN ('first', 'extension', 'switch')),
    -- The days as granted; orders.activated_at and expires_at are where later purchases moved them.
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    CHECK (ends_at > starts_at)
);

CREATE INDEX idx_activations_user_id ON activations (user_id);
CREATE INDEX idx_activations_run_id ON activations (run_id);

-- Posts and tasks --------------------------------------------------------------------------------------

CREATE TABLE posts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id),
    order_id uuid NOT NULL REFERENCES orders (id),
    -- Canonical: two spellings of one link are one post.
    url text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
    platform varchar(50) NOT NULL DEFAULT 'telegram',
    -- pending -> processing -> completed | failed | cancelled; follows its task.
    status varchar(50) NOT NULL DEFAULT 'pending' CHECK (status IN
        ('pending', 'processing', 'completed', 'failed', 'cancelled')),
    metadata jsonb,
    -- The local day whose quota this post takes, fixed when it is added.
    local_day date NOT NULL,
    -- How much of that day's quota was used with this post: part of the first answer, given again.
    quota_used integer NOT NULL CHECK (quota_used > 0),
    request_id varchar(200) UNIQUE,
    fail_reason text,
    -- Completed after it had been reported failed: by then its link may have been added again.
    late_success boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    processed_at timestamptz
);

CREATE INDEX idx_posts_user_id ON posts (user_id);
CREATE INDEX idx_posts_status ON posts (status);
CREATE INDEX idx_posts_quota ON posts (order_id, local_day);
CREATE UNIQUE INDEX idx_posts_one_link_a_day ON posts (order_id, local_day, url)
    WHERE status NOT IN ('failed', 'cancelled') AND NOT late_success;
CREATE INDEX idx_posts_history ON posts (user_id, created_at DESC);

CREATE TABLE tasks (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    post_id uuid NOT NULL UNIQUE REFERENCES posts (id),
    -- created -> sent -> processing -> completed | failed | cancelled; ranks may be skipped, never fall;
    -- the one way out of an end is failed -> completed.
    status varchar(50) NOT NULL DEFAULT 'created' CHECK (status IN
        ('created', 'sent', 'processing', 'completed', 'failed', 'cancelled')),
    external_task_id varchar(100),
    -- The task as Main Bot gets it, fixed at creation: every repeat has the same body.
    request_data jsonb NOT NULL,
    response_data jsonb,
    -- Hand-overs begun, counted before the call.
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 3),
    -- When it may be handed over (again); null once Main Bot is known to have it.
    due_at timestamptz DEFAULT now(),
    lease_owner varchar(200),
    lease_until timestamptz,
    handed_over_by varchar(10) CHECK (handed_over_by IN ('push', 'pull')),
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    completed_at timestamptz,
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CHECK ((status IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL))
);

CREATE INDEX idx_tasks_status ON tasks (status);
CREATE INDEX idx_tasks_post_id ON tasks (post_id);
CREATE INDEX idx_tasks_due_at ON tasks (due_at) WHERE due_at IS NOT NULL AND attempts < 3;

-- Jobs -------------------------------------------------------------------------------------------------

CREATE TABLE job_ledger (
    key text PRIMARY KEY,
    actor text NOT NULL,
    queue text NOT NULL,
    args jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'parked', 'discarded')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND max_attempts),
    max_attempts integer NOT NULL DEFAULT 3 CHECK (max_attempts > 0),
    run_at timestamptz NOT NULL DEFAULT now(),
    -- When the sweeper looks at a queued row next. Apart from run_at: a message on its way must find the job
    -- due, however often it was sent.
    wake_at timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    worker text,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz
);

CREATE INDEX idx_job_ledger_wake ON job_ledger (wake_at) WHERE state = 'queued';
CREATE INDEX idx_job_ledger_lease ON job_ledger (lease_until) WHERE state = 'running';
CREATE INDEX idx_job_ledger_parked ON job_ledger (updated_at) WHERE state = 'parked';
CREATE INDEX idx_job_ledger_settled ON job_ledger (done_at) WHERE state IN ('done', 'discarded');

CREATE TABLE leases (
    name text PRIMARY KEY,
    owner text NOT NULL,
    until timestamptz NOT NULL
);

-- Administration ---------------------------------------------------------------------------------------

CREATE TABLE settings (
    key varchar(100) PRIMARY KEY,
    value text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE admin_actions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    admin_telegram_id bigint NOT NULL,
    action varchar(100) NOT NULL,
    subject varchar(200),
    data jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX idx_admin_actions_created_at ON admin_actions (created_at DESC);

CREATE TABLE broadcasts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    admin_telegram_id bigint NOT NULL,
    body text NOT NULL CHECK (length(body) BETWEEN 1 AND 4096),
    status varchar(20) NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'running', 'completed', 'cancelled')),
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    ended_at timestamptz
);

CREATE TABLE broadcast_recipients (
    broadcast_id uuid NOT NULL REFERENCES broadcasts (id),
    user_id uuid NOT NULL REFERENCES users (id),
    -- sending is committed before the call; a row found there after a crash becomes unknown, never re-sent.
    status varchar(20) NOT NULL DEFAULT 'pending' CHECK (status IN
        ('pending', 'sending', 'sent', 'blocked', 'failed', 'unknown')),
    error text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (broadcast_id, user_id)
);

CREATE INDEX idx_broadcast_recipients_open ON broadcast_recipients (broadcast_id, status)
    WHERE status IN ('pending', 'sending');
