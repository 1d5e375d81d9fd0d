"""Messages owed by a restored copy of the database: perhaps sent before, so an admin decides."""
