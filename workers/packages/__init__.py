"""The packages on sale: what people see and what admins change."""
