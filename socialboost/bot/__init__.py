"""Telegram's updates in, one job each out.

A handler may write the person's dialogue state and send one job; every text, edit and call to Telegram is a
worker's. `dispatcher.py` is shared by the polling process (`python -m socialboost.bot`) and, in webhook mode,
by web.
"""
