"""Handlers for the people who buy."""
