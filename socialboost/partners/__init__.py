"""Code about partners that several processes share: parsing Main Bot's reports, and proxies."""
