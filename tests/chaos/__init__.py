"""The chaos rig: it breaks servers and services while people buy, and checks every payment afterwards.

`./run chaos` is its command; docs/reliability.md says what it does and what came out.
"""
