"""The HTTP API that Main Bot calls."""
