"""The queue on Redis: the broker, its middleware, and what is known about Redis's state."""
