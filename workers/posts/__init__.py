"""Posts: from the choice of a network to an accepted link."""
