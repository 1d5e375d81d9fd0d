"""Handlers for the admins."""
