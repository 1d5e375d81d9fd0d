"""Notices: messages that admins and buyers get unasked."""
