"""Messages of a restored database that may have been sent before the restore, so an admin decides."""
