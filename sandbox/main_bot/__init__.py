"""A stand-in for Main Bot: it accepts tasks, moves them through their states and reports back; in memory."""
