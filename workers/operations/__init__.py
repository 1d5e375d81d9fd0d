"""Operations of the worker processes and the shop: start, scheduled jobs, polling, admin panel."""
