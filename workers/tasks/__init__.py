"""Tasks: handing them to Main Bot, leasing them to it, and its reports."""
