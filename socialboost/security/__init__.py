"""Encryption of what may not be read on its way."""
