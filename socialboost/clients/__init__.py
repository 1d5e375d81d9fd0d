"""Thin clients of the three services the workers talk to: Telegram, Crypto Pay and Main Bot.

Each turns foreign failures into the tree of socialboost/errors.py and knows nothing of the database.
"""
