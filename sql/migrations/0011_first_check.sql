-- A new invoice is asked about in the reconciler's next turn. One whose payer was quick and whose webhook was
-- lost waited for a first check five seconds after it was made, and then for a turn.
ALTER TABLE invoices ALTER COLUMN check_at SET DEFAULT now();
