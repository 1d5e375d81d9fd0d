"""Money: invoices, payments, refunds, and the decisions that need a person."""
