"""One small program a queue: its worker, and a `sender` that enqueues one no-op.

They run in processes of their own, the other libraries' in virtual environments of their own, and know
nothing of each other. All say when a job began by `marks.mark`.
"""
