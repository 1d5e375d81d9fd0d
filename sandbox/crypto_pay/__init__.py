"""A stand-in for Crypto Pay: its API, its checkout page and its webhooks, in memory."""
