"""A stand-in for Main Bot: takes tasks, works them through their states, reports back; in memory."""
