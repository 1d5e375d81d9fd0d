"""The types of the rows that queries answer with, a module a topic (socialboost/db/row_types.py)."""
