ALTER TABLE invoices ALTER COLUMN check_at SET DEFAULT now() + interval '5 seconds';
