"""Broadcasts: composed by an admin, sent to each recipient at most once."""
