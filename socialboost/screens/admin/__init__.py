"""Screens of the admins."""
