"""Tasks: handed to Main Bot, leased by it, reported on by it."""
