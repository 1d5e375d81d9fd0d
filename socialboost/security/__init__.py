"""Encryption of data that must not be readable in Redis or at rest."""
