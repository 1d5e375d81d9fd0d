"""Orders, from the tap that opens one to the moment it can no longer be paid."""
