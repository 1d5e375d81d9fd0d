"""Orders, from the tap that opens one until it can no longer be paid."""
