"""The rig that breaks everything a shop stands on while people buy, and counts what became of their money.

`./run chaos` is its command; docs/reliability.md says what it does and what came out.
"""
