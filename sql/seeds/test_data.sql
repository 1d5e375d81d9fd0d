-- The specification's test people (15.1.1), with numeric ids; their balances are ledger entries.
-- The command says in which language they are spoken to.
WITH people (telegram_id, username, first_name, balance) AS (
    VALUES
        (900000001::bigint, 'testuser1', 'Test', 100.00),
        (900000002, 'testuser2', 'User', 50.00),
        (900000003, 'admin', 'Admin', 1000.00)
), added AS (
    INSERT INTO users (telegram_id, username, first_name, language)
    SELECT telegram_id, username, first_name, %(language)s FROM people
    ON CONFLICT (telegram_id) DO NOTHING
    RETURNING id, telegram_id
)
INSERT INTO balance_entries (user_id, amount, kind, reference)
SELECT added.id, people.balance, 'test_data', 'test_data:' || people.telegram_id
FROM added JOIN people USING (telegram_id);
