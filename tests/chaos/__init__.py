"""The chaos rig: it breaks servers and services while people buy, and checks every payment afterwards.

Its command is `./run chaos`. docs/reliability.md describes the method and the results.
"""
