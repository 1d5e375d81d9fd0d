"""The queue on Redis: the broker, its middleware, and a latch for outages of Redis."""
