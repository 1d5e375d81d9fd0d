"""Screens of the people who buy."""
