"""What keeps the worker processes and the shop running: start, clock, polling, panel."""
