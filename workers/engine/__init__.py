"""What makes a job crash-safe: claims, the outbox, leases, retries, the watchdog. Knows no topic."""
