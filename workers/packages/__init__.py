"""The packages: their screens for buyers, and the changes by admins."""
