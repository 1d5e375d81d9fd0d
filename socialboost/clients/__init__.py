"""Thin clients of the three services the workers talk to: Telegram, Crypto Pay and Main Bot.

Each raises the errors of socialboost/errors.py for the service's failures, and does not use the database.
"""
