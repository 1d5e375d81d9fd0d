"""Payments: invoices, incoming money, refunds, and the decisions of admins."""
