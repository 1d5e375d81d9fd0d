"""Formats shared by bot, web and workers: callback data and dialogue states."""
