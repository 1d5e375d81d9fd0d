"""The engine that makes jobs crash-safe: claims, outbox, leases, retries, watchdog. It knows no topic."""
