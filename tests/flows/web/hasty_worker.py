"""Runs the web server's worker with short deadlines or little room, so that tests do not wait."""

from socialboost.web.server import WholeRequestWorker


class HastyWorker(WholeRequestWorker):
    """Closes an incomplete request in the next turn of its loop."""

    head_seconds = 0.5
    body_seconds = 0.5


class CrampedWorker(WholeRequestWorker):
    """Keeps four incomplete requests, for as long as nothing else needs the room."""

    head_seconds = 3600.0
    most_arriving = 4
