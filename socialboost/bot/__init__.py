"""The bot process: turns Telegram's updates into jobs.

A handler may write the person's dialogue state and send one job. Workers do everything else: texts, edits
and calls to Telegram. `dispatcher.py` is shared by the polling process (`python -m socialboost.bot`) and, in
webhook mode, by web.
"""
