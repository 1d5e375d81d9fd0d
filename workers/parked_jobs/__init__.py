"""Jobs that used up their attempts, and admins' decisions about them."""
