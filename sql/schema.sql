-- The whole schema, in reading order: what tables and functions share, then each topic's tables with the reason of
-- every rule, then all functions by topic, and at the end who may do what.
--
-- Written by hand. What `python -m socialboost migrate` builds must be the same: a test compares the two catalogues.
-- Lines `\ir file` are psql's own and put that file here. How to change anything: sql/README.md.
--
-- Four rules hold everywhere:
--   * Time is the database's and carries its zone (timestamptz).
--   * Money is numeric, never a float.
--   * A state is text with a CHECK that lists its values. It moves in sql/functions only; where a trigger
--     refuse_transition names the moves, the table refuses every other one (docs/states.md draws them).
--   * Rows are locked in the order user, order, task, post.


-- Shared ================================================================================================================

\ir functions/jobs/attempt_limit.sql
\ir functions/orders/order_lifetime.sql
\ir functions/operations/refuse_transition.sql
\ir functions/operations/refuse_change.sql


-- People ================================================================================================================

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    telegram_id bigint NOT NULL UNIQUE,
    username varchar(100),
    first_name varchar(100),
    last_name varchar(100),
    -- The sum of balance_entries, kept equal by their trigger. The triggers below refuse every other writer. Nobody
    -- owes the shop: a purchase that is too dear fails here, whatever was checked before.
    balance numeric(10, 2) NOT NULL DEFAULT 0 CHECK (balance >= 0),
    referrer_id uuid REFERENCES users (id),
    referral_code varchar(20) NOT NULL UNIQUE DEFAULT right(replace(gen_random_uuid()::text, '-', ''), 15),
    referral_bonus numeric(10, 2) NOT NULL DEFAULT 0 CHECK (referral_bonus >= 0),
    -- The payload of the first /start: where this person came from.
    start_payload varchar(64),
    -- The code of a language that the bot speaks. The worker chooses it from what Telegram says. It has no
    -- default here: socialboost/locales has the languages and which of them is the default.
    language varchar(16) NOT NULL,
    -- True once the person chose a language: then Telegram's language_code no longer overwrites it.
    language_chosen boolean NOT NULL DEFAULT false,
    -- The time since which messages no longer reach this person.
    blocked_at timestamptz,
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_nobody_refers_themselves CHECK (referrer_id <> id)
);

-- The first two repeat a UNIQUE constraint; the specification names them (10.2).
CREATE INDEX idx_users_telegram_id ON users (telegram_id);
CREATE INDEX idx_users_referral_code ON users (referral_code);
CREATE INDEX idx_users_referrer_id ON users (referrer_id);
-- A broadcast lists its audience from the newest person to the oldest.
CREATE INDEX idx_users_newest ON users (created_at DESC, id DESC);
-- find_breaches compares every balance with the sum of its entries, from the indexes alone.
CREATE INDEX idx_users_with_balance ON users (id) INCLUDE (balance) WHERE balance <> 0;

-- Every change of a balance. Rows are only added.
CREATE TABLE balance_entries (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id),
    -- An entry of zero would record a fact without an effect.
    amount numeric(10, 2) NOT NULL CHECK (amount <> 0),
    kind varchar(50) NOT NULL,
    -- The fact that this entry records, for example `order:<id>`. A fact is entered once.
    reference varchar(200) NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX idx_balance_entries_user_id ON balance_entries (user_id, created_at) INCLUDE (amount);
CREATE INDEX idx_balance_entries_created_at ON balance_entries (created_at);

\ir functions/people/apply_balance_entry.sql
\ir functions/people/refuse_balance_write.sql

CREATE TRIGGER apply_balance_entry AFTER INSERT ON balance_entries
    FOR EACH ROW EXECUTE FUNCTION apply_balance_entry();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON balance_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_balance_update BEFORE UPDATE OF balance ON users
    FOR EACH ROW WHEN (OLD.balance IS DISTINCT FROM NEW.balance) EXECUTE FUNCTION refuse_balance_write();
CREATE TRIGGER refuse_balance_insert BEFORE INSERT ON users
    FOR EACH ROW WHEN (NEW.balance <> 0) EXECUTE FUNCTION refuse_balance_write();


-- Packages ==============================================================================================================

CREATE TABLE packages (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- Part of callback data, so it is short and plain.
    slug varchar(50) NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name varchar(100) NOT NULL,
    description text,
    -- A package for nothing could not be invoiced.
    price numeric(10, 2) NOT NULL CHECK (price > 0),
    currency varchar(10) NOT NULL DEFAULT 'USD',
    posts_per_day integer NOT NULL DEFAULT 1 CHECK (posts_per_day > 0),
    views_range varchar(50),
    reactions_range varchar(50),
    comments_range varchar(50),
    reposts_range varchar(50),
    -- Not used here: Main Bot gets it with every task.
    features jsonb NOT NULL DEFAULT '{}',
    category varchar(50),
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX idx_packages_on_sale ON packages (price) WHERE is_active;


-- Orders ================================================================================================================

CREATE TABLE orders (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id),
    package_id uuid NOT NULL REFERENCES packages (id),
    amount numeric(10, 2) NOT NULL CHECK (amount > 0),
    currency varchar(10) NOT NULL DEFAULT 'USD',
    status varchar(50) NOT NULL DEFAULT 'pending' CHECK (status IN (
        'pending',     -- can be paid until deadline_at
        'paid',        -- its days run, or wait behind those of another order
        'processing',  -- the money came, but an admin must decide about it
        'completed',   -- its days are over
        'failed',      -- no invoice could be made
        'cancelled',   -- by its buyer, or past the deadline
        'refunded'     -- its money went back
    )),
    payment_method varchar(50),
    payment_data jsonb,
    -- The order's days: active means paid and activated_at <= now < expires_at. Both move when another package is
    -- bought or refunded (activate_order, refund_order).
    activated_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deadline_at timestamptz NOT NULL DEFAULT now() + order_lifetime(),
    -- When it was cancelled or failed. Null again if money arrived afterwards.
    ended_at timestamptz,
    -- When the right to make this order's invoice was given (want_invoice).
    invoice_wanted_at timestamptz,
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
    CONSTRAINT orders_days_have_a_length CHECK (expires_at > activated_at),
    -- A paid order has days, even if they are over.
    CONSTRAINT orders_paid_means_days CHECK (
        status NOT IN ('paid', 'completed') OR (activated_at IS NOT NULL AND expires_at IS NOT NULL)
    )
);

CREATE INDEX idx_orders_user_id ON orders (user_id);
CREATE INDEX idx_orders_status ON orders (status);
-- Tapping "buy" twice finds the same order.
CREATE UNIQUE INDEX idx_orders_one_pending ON orders (user_id, package_id) WHERE status = 'pending';
CREATE INDEX idx_orders_live ON orders (user_id, expires_at) WHERE status = 'paid';
-- For completing orders whose days are over.
CREATE INDEX idx_orders_expires_at ON orders (expires_at, user_id) WHERE status = 'paid';
CREATE INDEX idx_orders_deadline_at ON orders (deadline_at) WHERE status = 'pending';
CREATE INDEX idx_orders_invoice_wanted ON orders (user_id, invoice_wanted_at) WHERE invoice_wanted_at IS NOT NULL;
-- A person's history is read from this alone, without the rows.
CREATE INDEX idx_orders_history ON orders (user_id, created_at DESC, id);
CREATE INDEX idx_orders_created_at ON orders (created_at DESC);
-- For find_breaches, which reads what happened since its last run.
CREATE INDEX idx_orders_refunded ON orders (updated_at) WHERE status = 'refunded';

CREATE TRIGGER refuse_transition BEFORE UPDATE OF status ON orders
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION refuse_transition(
        'status',
        'pending>paid', 'pending>cancelled', 'pending>failed', 'pending>processing',
        -- Late money still counts, automatically or by an admin's decision.
        'cancelled>paid', 'cancelled>processing', 'failed>paid', 'failed>processing',
        'processing>paid', 'processing>refunded', 'processing>cancelled',
        'paid>completed', 'paid>refunded', 'completed>refunded'
    );

-- Every activation, as granted. orders.activated_at and expires_at have the days as later purchases moved them.
CREATE TABLE activations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- An order is activated once.
    order_id uuid NOT NULL UNIQUE REFERENCES orders (id),
    user_id uuid NOT NULL REFERENCES users (id),
    -- The first order of an unbroken run of the same package: a run has one daily quota.
    run_id uuid NOT NULL REFERENCES orders (id),
    kind varchar(20) NOT NULL CHECK (kind IN ('first', 'extension', 'switch')),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- When the order was refunded.
    revoked_at timestamptz,
    CONSTRAINT activations_days_have_a_length CHECK (ends_at > starts_at)
);

CREATE INDEX idx_activations_user_id ON activations (user_id);
CREATE INDEX idx_activations_run_id ON activations (run_id);
CREATE INDEX idx_activations_created_at ON activations (created_at);

-- The messages that offer an order which can be paid. When the order ends they lose those buttons, even after a wipe
-- of Redis, unless a later tap showed something else in the message.
CREATE TABLE order_cards (
    chat_id bigint NOT NULL,
    message_id bigint NOT NULL,
    order_id uuid NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    -- The sequence number of the tap that showed it.
    seq bigint NOT NULL,
    PRIMARY KEY (chat_id, message_id)
);

CREATE INDEX idx_order_cards_order_id ON order_cards (order_id);


-- Payments ==============================================================================================================

CREATE TABLE invoices (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id uuid NOT NULL REFERENCES orders (id),
    provider varchar(50) NOT NULL DEFAULT 'crypto_pay',
    invoice_id varchar(100) NOT NULL,
    -- As quoted to the payer. A payment is compared with it.
    asset varchar(20) NOT NULL,
    amount numeric(20, 8) NOT NULL CHECK (amount > 0),
    pay_url text,
    status varchar(20) NOT NULL DEFAULT 'active' CHECK (status IN (
        'active', 'paid', 'expired',
        'withdrawn'  -- it cannot be paid any more, as Crypto Pay confirmed
    )),
    -- Its payment came before the invoice was recorded. It was found by the order id in the payment.
    adopted boolean NOT NULL DEFAULT false,
    expires_at timestamptz,
    -- When the reconciler next asks Crypto Pay about it.
    check_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (provider, invoice_id)
);

CREATE INDEX idx_invoices_order_id ON invoices (order_id);
-- Nobody can pay one order twice through two links.
CREATE UNIQUE INDEX idx_invoices_one_open ON invoices (order_id) WHERE status = 'active';
CREATE INDEX idx_invoices_check_at ON invoices (check_at) WHERE status = 'active';
CREATE INDEX idx_invoices_created_at ON invoices (created_at);

CREATE TABLE payments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    provider varchar(50) NOT NULL,
    invoice_id varchar(100) NOT NULL,
    -- Null: the money is for an order that we do not know.
    order_id uuid REFERENCES orders (id),
    -- The owner of the money, as an admin said, if there is no order.
    user_id uuid REFERENCES users (id),
    asset varchar(20),
    -- Null: what was reported is not an amount; raw_event has it. NaN is greater than every number, so it needs a
    -- rule of its own.
    amount numeric(20, 8) CHECK (amount >= 0 AND amount <> 'NaN'),
    refunded_amount numeric(20, 8) NOT NULL DEFAULT 0,
    state varchar(20) NOT NULL CHECK (state IN (
        'applied',    -- it activated its order
        'exception',  -- it did not, and waits for an admin
        'resolved'    -- an admin decided
    )),
    -- Why it is an exception, or that it was applied late.
    reason varchar(50) CHECK (reason IN
        ('late', 'wrong_amount', 'wrong_asset', 'second_payment', 'unknown_order', 'too_late')),
    -- The buyer cancelled the order before its deadline and paid anyway.
    after_cancel boolean NOT NULL DEFAULT false,
    -- What the admin decided.
    resolution varchar(20) CHECK (resolution IN ('activated', 'credited', 'refunded', 'dismissed')),
    -- Who reported it: webhook, reconciler or balance.
    source varchar(50) NOT NULL,
    -- The provider's signed event, encrypted by the worker.
    raw_event bytea,
    paid_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    -- When the reconciler saw it paid at the provider, or found that it was not and notified the admins.
    verified_at timestamptz,
    doubted_at timestamptz,
    -- The same payment, reported by webhook and reconciler, is recorded once.
    UNIQUE (provider, invoice_id),
    CONSTRAINT payments_refunded_at_most_whole CHECK (refunded_amount >= 0 AND refunded_amount <= amount),
    -- Only money of a known amount for a known order activates something.
    CONSTRAINT payments_applied_is_known CHECK (
        state <> 'applied' OR (order_id IS NOT NULL AND asset IS NOT NULL AND amount IS NOT NULL)
    ),
    CONSTRAINT payments_exception_has_a_reason CHECK (state <> 'exception' OR reason IS NOT NULL),
    CONSTRAINT payments_resolved_says_how CHECK (
        state <> 'resolved' OR (resolved_at IS NOT NULL AND resolution IS NOT NULL)
    )
);

CREATE INDEX idx_payments_order_id ON payments (order_id);
-- An order is paid once; every later payment is an exception.
CREATE UNIQUE INDEX idx_payments_one_applied ON payments (order_id) WHERE state = 'applied';
CREATE INDEX idx_payments_exceptions ON payments (created_at) WHERE state = 'exception';
-- Includes payments not found at the provider: they are few, and the daily report counts them.
CREATE INDEX idx_payments_unverified ON payments (created_at) WHERE verified_at IS NULL AND provider = 'crypto_pay';
CREATE INDEX idx_payments_created_at ON payments (created_at);
CREATE INDEX idx_payments_resolved_at ON payments (resolved_at) WHERE resolved_at IS NOT NULL;

CREATE TRIGGER refuse_transition BEFORE UPDATE OF state ON payments
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION refuse_transition('state', 'exception>applied', 'exception>resolved');
-- No default: the first state of a payment depends on its order.
COMMENT ON COLUMN payments.state IS 'new>applied, new>exception';

-- Money sent back. One row for each payment, so its spend_id never changes: Crypto Pay accepts each spend_id once.
CREATE TABLE refunds (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    payment_id uuid NOT NULL UNIQUE REFERENCES payments (id),
    user_id uuid NOT NULL REFERENCES users (id),
    asset varchar(20) NOT NULL,
    amount numeric(20, 8) NOT NULL CHECK (amount > 0),
    spend_id varchar(64) NOT NULL UNIQUE GENERATED ALWAYS AS ('refund-' || id::text) STORED,
    state varchar(20) NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'sent', 'refused')),
    -- How often it was wanted: each time is a job of its own.
    round integer NOT NULL DEFAULT 1 CHECK (round > 0),
    transfer_id varchar(100),
    -- Crypto Pay's code for its refusal.
    refusal varchar(100),
    admin_telegram_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT refunds_refused_says_why CHECK (state <> 'refused' OR refusal IS NOT NULL)
);

CREATE INDEX idx_refunds_created_at ON refunds (created_at);

CREATE TRIGGER refuse_transition BEFORE UPDATE OF state ON refunds
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION refuse_transition(
        'state',
        'wanted>sent', 'wanted>refused',
        'refused>wanted'  -- an admin tries again, with the same spend_id
    );


-- Posts =================================================================================================================

CREATE TABLE posts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id),
    order_id uuid NOT NULL REFERENCES orders (id),
    -- The canonical link: two spellings of one link are one post.
    url text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
    platform varchar(50) NOT NULL DEFAULT 'telegram',
    -- With the platform, the identity of the post: one post has several links (post_ref, socialboost/links).
    post_ref text NOT NULL CHECK (length(post_ref) BETWEEN 1 AND 2000),
    -- Follows the status of its task.
    status varchar(50) NOT NULL DEFAULT 'pending' CHECK (status IN
        ('pending', 'processing', 'completed', 'failed', 'cancelled')),
    metadata jsonb,
    -- The local day whose quota this post takes, fixed when it is added.
    local_day date NOT NULL,
    -- How much of that day's quota was used, including this post: part of the first answer, which a repeat gets
    -- again.
    quota_used integer NOT NULL CHECK (quota_used > 0),
    -- The job that added it. A repeat of that job gets the first answer.
    request_id varchar(200) UNIQUE,
    fail_reason text,
    -- Completed after it was reported failed. Its link may have been added again in between.
    late_success boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    processed_at timestamptz
);

CREATE INDEX idx_posts_user_id ON posts (user_id, status);
CREATE INDEX idx_posts_status ON posts (status);
CREATE INDEX idx_posts_quota ON posts (order_id, local_day);
-- A post is sold once a day, whatever its link, unless it failed.
CREATE UNIQUE INDEX idx_posts_one_post_a_day ON posts (order_id, local_day, platform, post_ref)
    WHERE status NOT IN ('failed', 'cancelled') AND NOT late_success;
-- A person's history is read from this index alone, without the rows.
CREATE INDEX idx_posts_history ON posts (user_id, created_at DESC, id);
CREATE INDEX idx_posts_created_at ON posts (created_at);

CREATE TRIGGER refuse_transition BEFORE UPDATE OF status ON posts
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION refuse_transition(
        'status',
        'pending>processing', 'pending>completed', 'pending>failed', 'pending>cancelled',
        'processing>completed', 'processing>failed', 'processing>cancelled',
        'failed>completed'  -- Main Bot corrected itself
    );


-- Tasks =================================================================================================================

CREATE TABLE tasks (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- A post has one task.
    post_id uuid NOT NULL UNIQUE REFERENCES posts (id),
    -- A status may be skipped but never goes back. The only way out of a final status is failed > completed.
    status varchar(50) NOT NULL DEFAULT 'created' CHECK (status IN
        ('created', 'sent', 'processing', 'completed', 'failed', 'cancelled')),
    external_task_id varchar(100),
    -- The task as Main Bot gets it, fixed at creation, so every repeat has the same body.
    request_data jsonb NOT NULL,
    response_data jsonb,
    -- Hand-overs that began, counted before the call, so a crash in the middle gives no extra attempt.
    attempts integer NOT NULL DEFAULT 0,
    -- When it may be handed over (again). Null once Main Bot is known to have it.
    due_at timestamptz DEFAULT now(),
    -- Which push or pull is handing it over, and until when.
    lease_owner varchar(200),
    lease_until timestamptz,
    handed_over_by varchar(10) CHECK (handed_over_by IN ('push', 'pull')),
    -- Until when the answer that hands it over may be sent. Null when it is known to have been sent, or no limit
    -- was given.
    answer_by timestamptz,
    -- When Main Bot was last asked about a task that it has not reported.
    asked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    completed_at timestamptz,
    CONSTRAINT tasks_attempts_check CHECK (attempts BETWEEN 0 AND attempt_limit()),
    CONSTRAINT tasks_lease_is_whole CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CONSTRAINT tasks_end_has_its_time CHECK (
        (status IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL)
    )
);

CREATE INDEX idx_tasks_status ON tasks (status);
-- Repeats the UNIQUE constraint; the specification names it (10.2).
CREATE INDEX idx_tasks_post_id ON tasks (post_id);
CREATE INDEX idx_tasks_due_at ON tasks (due_at) WHERE due_at IS NOT NULL AND attempts < attempt_limit();
CREATE INDEX idx_tasks_silent ON tasks (greatest(sent_at, asked_at)) WHERE status IN ('sent', 'processing');
CREATE INDEX idx_tasks_answer_by ON tasks (answer_by) WHERE answer_by IS NOT NULL AND status = 'sent';

CREATE TRIGGER refuse_transition BEFORE UPDATE OF status ON tasks
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION refuse_transition(
        'status',
        'created>sent', 'created>processing', 'created>completed', 'created>failed', 'created>cancelled',
        'sent>processing', 'sent>completed', 'sent>failed', 'sent>cancelled',
        'processing>completed', 'processing>failed', 'processing>cancelled',
        'failed>completed'
    );


-- Broadcasts ============================================================================================================

CREATE TABLE broadcasts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    admin_telegram_id bigint NOT NULL,
    -- A text is Telegram's HTML. Any other message of an admin is copied: from_chat_id, message_id.
    body text CHECK (length(body) BETWEEN 1 AND 65536),
    from_chat_id bigint,
    message_id bigint,
    -- Each is {"text", "url"}; each has a row of its own.
    buttons jsonb NOT NULL DEFAULT '[]',
    -- The segment of recipients. The list of languages is not kept in the database.
    segment varchar(20) NOT NULL DEFAULT 'all' CHECK (
        segment ~ '^(all|active|expired|never_bought|language_[a-z]{2,3}|seen_[1-9][0-9]{0,3})$'
    ),
    status varchar(20) NOT NULL DEFAULT 'draft' CHECK (status IN
        ('draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled', 'failed')),
    -- Why it failed or was paused, unless an admin did it.
    reason text,
    -- The job that created the draft. A repeat of that job finds it.
    request_id varchar(200) UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    scheduled_at timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    -- Its job is broadcast:<id>:<chunk>. `runner` is the one attempt that may send now.
    chunk integer NOT NULL DEFAULT 1,
    chunk_settled integer NOT NULL DEFAULT 0,
    runner text,
    runner_until timestamptz,
    -- Its first answers were checked, or an admin knows of the refusals and resumed it.
    judged boolean NOT NULL DEFAULT false,
    -- Chunks in a row that ended because Telegram was down. The next wait grows with them.
    waits integer NOT NULL DEFAULT 0,
    -- The audience is listed from the newest person to the oldest: the position, and whether the end is reached.
    cursor_created_at timestamptz,
    cursor_id uuid,
    listed boolean NOT NULL DEFAULT false,
    -- How many people were in the segment when the admin was asked.
    audience integer NOT NULL DEFAULT 0,
    -- The number of rows in broadcast_recipients, and of those in each final status.
    recipients integer NOT NULL DEFAULT 0,
    sent integer NOT NULL DEFAULT 0,
    blocked integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    unknown integer NOT NULL DEFAULT 0,
    skipped integer NOT NULL DEFAULT 0,
    -- As measured by the runner.
    per_minute integer NOT NULL DEFAULT 0,
    CONSTRAINT broadcasts_text_or_copy CHECK ((body IS NULL) <> (message_id IS NULL)),
    CONSTRAINT broadcasts_copy_is_whole CHECK ((from_chat_id IS NULL) = (message_id IS NULL)),
    -- Nobody is counted twice.
    CONSTRAINT broadcasts_counts_fit CHECK (
        status NOT IN ('completed', 'cancelled') OR recipients >= sent + blocked + failed + unknown + skipped
    )
);

CREATE INDEX idx_broadcasts_created_at ON broadcasts (created_at DESC);

CREATE TRIGGER refuse_transition BEFORE UPDATE OF status ON broadcasts
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION refuse_transition(
        'status',
        'draft>scheduled', 'draft>running', 'draft>cancelled',
        'scheduled>running', 'scheduled>cancelled',
        'running>paused', 'running>completed', 'running>cancelled', 'running>failed',
        'paused>running', 'paused>cancelled'
    );

CREATE TABLE broadcast_recipients (
    broadcast_id uuid NOT NULL REFERENCES broadcasts (id),
    user_id uuid NOT NULL REFERENCES users (id),
    status varchar(20) NOT NULL DEFAULT 'pending' CHECK (status IN (
        'pending',
        'sending',  -- committed before the call
        'sent', 'blocked', 'failed',
        'unknown',  -- was `sending` when its runner died: the outcome is unknown, so it is not sent again
        'skipped'   -- certainly not sent: blocked the bot before their turn, or the broadcast ended
    )),
    error text,
    -- The order of sending.
    position integer NOT NULL DEFAULT 0,
    -- The attempt that made the call: only it knows the outcome.
    runner text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- Nobody gets the same broadcast twice.
    PRIMARY KEY (broadcast_id, user_id)
);

CREATE INDEX idx_broadcast_recipients_pending ON broadcast_recipients (broadcast_id, position)
    WHERE status = 'pending';
CREATE INDEX idx_broadcast_recipients_sending ON broadcast_recipients (broadcast_id) WHERE status = 'sending';
CREATE INDEX idx_broadcast_recipients_unknown ON broadcast_recipients (broadcast_id, position)
    WHERE status = 'unknown';

-- The message that shows a broadcast in a chat: one for each chat.
CREATE TABLE broadcast_cards (
    broadcast_id uuid NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    chat_id bigint NOT NULL,
    message_id bigint NOT NULL,
    -- The previous card, until its buttons are removed.
    previous_id bigint,
    PRIMARY KEY (broadcast_id, chat_id)
);


-- Notices to the admins =================================================================================================

-- Notices that are kept until somebody has received them, whatever happened to the single messages.
CREATE TABLE owed_notices (
    key text PRIMARY KEY,
    kind text NOT NULL,
    data jsonb NOT NULL DEFAULT '{}',
    -- How often it was sent as a probe, to find out whether anybody can be reached again.
    rounds integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    -- After a restore it is unknown whether an admin received it: the panel shows it, and it is not sent as a
    -- probe.
    withheld boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- The first chat that received it. The messages to other chats are independent of it.
    told_at timestamptz,
    told_chat_id bigint
);

CREATE INDEX idx_owed_notices_untold ON owed_notices (rounds, created_at) WHERE told_at IS NULL;
CREATE INDEX idx_owed_notices_told_at ON owed_notices (told_at) WHERE told_at IS NOT NULL;


-- Telegram ==============================================================================================================

-- Messages that a later tap must not edit: receipts, messages about money, accepted posts. Redis has them too, but a
-- wiped Redis would let a buyer's receipt turn into a menu.
CREATE TABLE lasting_messages (
    chat_id bigint NOT NULL,
    message_id bigint NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (chat_id, message_id)
);

CREATE INDEX idx_lasting_messages_sent ON lasting_messages (sent_at);

-- Admin chats to which Telegram has given another id (migrate_to_chat_id). The setting is not changed.
CREATE TABLE moved_chats (
    chat_id bigint PRIMARY KEY,
    moved_to bigint NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now()
);


-- Jobs ==================================================================================================================

-- Every job that must not be lost. Redis carries messages about jobs; these rows decide.
CREATE TABLE job_ledger (
    key text PRIMARY KEY,
    actor text NOT NULL,
    queue text NOT NULL,
    args jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'queued' CHECK (state IN (
        'queued',    -- to run from run_at on
        'running',   -- claimed until lease_until
        'done',
        'parked',    -- an admin must decide
        'discarded', -- given up, with the reason in error
        'withheld'   -- a message that may have been sent before a restore: an admin must decide
    )),
    -- Attempts that began, counted before the work, so a crash in the middle gives no extra attempt.
    attempts integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL DEFAULT attempt_limit() CHECK (max_attempts > 0),
    run_at timestamptz NOT NULL DEFAULT now(),
    -- When the rescuer next looks at a queued row. It differs from run_at, because a message on its way must find
    -- the job due, however often it was sent.
    wake_at timestamptz NOT NULL DEFAULT now(),
    -- Since when an outage has stopped this job: its wait grows with that time. Null if no outage stopped the
    -- last run.
    waiting_since timestamptz,
    lease_until timestamptz,
    -- The claim that holds it. Whoever finishes the job names its claim, so a lost claim changes nothing.
    worker text,
    error text,
    -- The result of a decision, for a repeat under the same key.
    value jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    CONSTRAINT job_ledger_attempts_check CHECK (attempts BETWEEN 0 AND max_attempts)
);

-- No trigger checks these transitions, because they are the most frequent of all; each statement names the states it
-- starts from. A queued job is finished by a worker whose lease ended during the work. A finished job restarts when
-- its cause occurs again (owe_job_again).
COMMENT ON COLUMN job_ledger.state IS
    'queued>running, queued>done, queued>parked, queued>discarded, running>queued, running>done, running>parked, '
    'running>discarded, parked>queued, parked>discarded, done>queued, discarded>queued, new>withheld, '
    'queued>withheld, running>withheld, withheld>queued, withheld>discarded';

CREATE INDEX idx_job_ledger_wake ON job_ledger (wake_at) WHERE state = 'queued';
CREATE INDEX idx_job_ledger_lease ON job_ledger (lease_until) WHERE state = 'running';
CREATE INDEX idx_job_ledger_parked ON job_ledger (updated_at) WHERE state = 'parked';
-- A parked job is identified by the digest of its key: a button carries 64 bytes, and a key may be longer.
CREATE INDEX idx_job_ledger_parked_ref ON job_ledger (md5(key)) WHERE state = 'parked';
CREATE INDEX idx_job_ledger_withheld ON job_ledger (created_at, key) WHERE state = 'withheld';
CREATE INDEX idx_job_ledger_settled ON job_ledger (done_at) WHERE state IN ('done', 'discarded');
-- For find_breaches, which looks for jobs that were claimed too often.
CREATE INDEX idx_job_ledger_overdone ON job_ledger (created_at) WHERE attempts > attempt_limit();
-- The notices that wait for a chat are read from the oldest on, a page at a time, however many there are.
CREATE INDEX idx_job_ledger_notices ON job_ledger (((args ->> 'chat_id')::bigint), created_at, key)
    WHERE state = 'queued' AND actor = 'send_admin_notice';

-- Messages that Dramatiq gave up (unknown actor, damaged). Redis forgets them after a week, this table does not.
CREATE TABLE dead_letters (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    queue text NOT NULL,
    message_id text NOT NULL,
    actor text,
    body bytea NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'replayed', 'discarded')),
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    UNIQUE (queue, message_id)
);

CREATE INDEX idx_dead_letters_waiting ON dead_letters (created_at) WHERE state = 'waiting';

-- Who alone may do something now: a leader's lease, or a time for which Telegram asked for silence.
CREATE TABLE leases (
    name text PRIMARY KEY,
    owner text NOT NULL,
    until timestamptz NOT NULL
);

-- Which service refuses us (our key, path, rate or balance), since when, and the setting to check. Admins are
-- notified once for each `since`.
CREATE TABLE service_refusals (
    service text NOT NULL,
    setting text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service, setting)
);


-- Operations ============================================================================================================

CREATE TABLE settings (
    key varchar(100) PRIMARY KEY,
    value text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Every decision of an admin: who decided what about which subject. Rows are only added.
CREATE TABLE admin_actions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    admin_telegram_id bigint NOT NULL,
    action varchar(100) NOT NULL,
    subject varchar(200),
    data jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX idx_admin_actions_created_at ON admin_actions (created_at DESC);
CREATE INDEX idx_admin_actions_subject ON admin_actions (subject);

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON admin_actions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- People who work for the shop besides the owners in ADMIN_TELEGRAM_IDS, who need no row. Each role's rights are in
-- workers/people/rights.py. Only set_admin and remove_admin write rows, and they record each change.
CREATE TABLE admins (
    telegram_id bigint PRIMARY KEY CHECK (telegram_id > 0),
    role text NOT NULL CHECK (role IN ('owner', 'manager', 'support')),
    -- 0: added by a command on the server.
    added_by bigint NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now()
);

-- The health check asks whether the database can write, and a SELECT does not show that.
CREATE TABLE heartbeats (
    name text PRIMARY KEY,
    beat_at timestamptz NOT NULL
);

-- Figures that are kept up to date instead of counted on request. A figure is the sum of its rows. Each backend adds
-- to a row of its own, because with one row for all every order would wait for the one before it. Row 0 has the sum
-- made by fold_figures.
CREATE TABLE figures (
    name text NOT NULL,
    backend integer NOT NULL,
    amount numeric NOT NULL,
    PRIMARY KEY (name, backend)
) WITH (fillfactor = 50);  -- room on the page for the next version, so no index entry is written

\ir functions/operations/revenue_figure.sql
\ir functions/operations/count_users.sql
\ir functions/operations/count_orders.sql
\ir functions/operations/count_payments.sql
\ir functions/operations/count_posts.sql
\ir functions/operations/fold_figures.sql
\ir functions/operations/recount_figures.sql

CREATE TRIGGER count_users AFTER INSERT OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION count_users();
CREATE TRIGGER count_inserted AFTER INSERT ON orders
    REFERENCING NEW TABLE AS new_orders
    FOR EACH STATEMENT EXECUTE FUNCTION count_orders();
CREATE TRIGGER count_updated AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS old_orders NEW TABLE AS new_orders
    FOR EACH STATEMENT EXECUTE FUNCTION count_orders();
CREATE TRIGGER count_deleted AFTER DELETE ON orders
    REFERENCING OLD TABLE AS old_orders
    FOR EACH STATEMENT EXECUTE FUNCTION count_orders();
CREATE TRIGGER count_payments AFTER INSERT OR DELETE ON payments
    FOR EACH ROW EXECUTE FUNCTION count_payments();
CREATE TRIGGER count_moved AFTER UPDATE OF state, amount, refunded_amount ON payments
    FOR EACH ROW EXECUTE FUNCTION count_payments();
CREATE TRIGGER count_posts AFTER INSERT OR DELETE ON posts
    FOR EACH ROW EXECUTE FUNCTION count_posts();
CREATE TRIGGER count_moved AFTER UPDATE OF status ON posts
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION count_posts();


-- Functions, each after those it uses ===================================================================================

-- People: /start, and the local day.
\ir functions/posts/local_day.sql
\ir functions/people/register_user.sql

-- Packages: what is on sale, and an admin's change of it.
\ir functions/packages/get_available_packages.sql
\ir functions/packages/package_seen.sql
\ir functions/packages/change_package.sql

-- Orders: from "buy" to the last of its days.
\ir functions/orders/lock_order.sql
\ir functions/orders/create_order.sql
\ir functions/orders/cancel_order.sql
\ir functions/orders/fail_order.sql
\ir functions/orders/expire_orders.sql
\ir functions/orders/current_order.sql
\ir functions/orders/orders_of_run.sql
\ir functions/orders/end_of_run.sql
\ir functions/orders/waiting_packages.sql
\ir functions/orders/activate_order.sql
\ir functions/orders/complete_orders.sql
\ir functions/orders/refund_order.sql
\ir functions/orders/reopen_order.sql
\ir functions/orders/close_decided_order.sql
\ir functions/orders/pay_from_balance.sql

-- Payments: invoices, incoming money, decisions about payments, refunds.
\ir functions/payments/want_invoice.sql
\ir functions/payments/attach_invoice.sql
\ir functions/payments/note_withdrawal.sql
\ir functions/payments/postpone_invoice_checks.sql
\ir functions/payments/paid_order.sql
\ir functions/operations/told_before.sql
\ir functions/payments/payment_answer.sql
\ir functions/payments/apply_payment.sql
\ir functions/payments/verify_payments.sql
\ir functions/payments/doubt_payment.sql
\ir functions/payments/payment_seen.sql
\ir functions/payments/want_refund.sql
\ir functions/payments/settle_refund.sql
\ir functions/payments/resolve_payment.sql
\ir functions/payments/name_payment_owner.sql

-- Posts and their tasks, from a link to Main Bot's last report.
\ir functions/posts/post_ref.sql
\ir functions/posts/quota_used.sql
\ir functions/posts/post_answer.sql
\ir functions/posts/move_post.sql
\ir functions/tasks/create_task.sql
\ir functions/posts/add_user_post_v2.sql
\ir functions/tasks/begin_dispatch.sql
\ir functions/tasks/record_dispatch.sql
\ir functions/tasks/get_pending_tasks.sql
\ir functions/tasks/confirm_pull.sql
\ir functions/tasks/update_task_status.sql
\ir functions/tasks/ask_about_silent_tasks.sql
\ir functions/tasks/reissue_task.sql
\ir functions/tasks/abandon_task.sql

-- Broadcasts: recipients, one runner at a time, an admin's decisions.
\ir functions/broadcasts/count_audience.sql
\ir functions/broadcasts/list_recipients.sql
\ir functions/broadcasts/begin_broadcast.sql
\ir functions/broadcasts/take_recipients.sql
\ir functions/broadcasts/record_recipients.sql
\ir functions/broadcasts/skip_recipients.sql
\ir functions/broadcasts/stop_broadcast.sql
\ir functions/broadcasts/move_broadcast.sql

-- Jobs: claiming a job, rescuing abandoned jobs, decisions about parked and withheld jobs.
\ir functions/jobs/claim_job.sql
\ir functions/jobs/take_lease.sql
\ir functions/jobs/sweep_jobs.sql
\ir functions/parked_jobs/job_seen.sql
\ir functions/parked_jobs/settle_parked_job.sql
\ir functions/operations/note_restore.sql
\ir functions/parked_jobs/withheld_seen.sql
\ir functions/parked_jobs/settle_withheld.sql

-- Admins: adding, changing and removing them.
\ir functions/people/set_admin.sql
\ir functions/people/remove_admin.sql

-- Figures: one person's and the shop's.
\ir functions/people/get_user_stats.sql
\ir functions/operations/get_admin_stats.sql


-- Rights
-- ==============================================================================================================

\ir rights.sql
