"""The measured queues, one small program for each: its worker, and a `sender` that enqueues one no-op.

They run in separate processes, the other libraries in virtual environments of their own, and do not depend on
each other. All record the start of a job by `marks.mark`.
"""
