"""What the admins are told without asking."""
