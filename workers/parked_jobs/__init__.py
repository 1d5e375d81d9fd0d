"""Jobs that used up their attempts, and what an admin decides about them."""
