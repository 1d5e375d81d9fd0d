"""Records what the processes of this release write to Redis and to job_ledger, for the next one to read.

`python -m tests.recordings` replaces tests/vectors/version_before.json. Run it at a release, before
the code changes again: tests/flows/engine/test_version_before.py then shows that the next one
still understands all of it.
"""
