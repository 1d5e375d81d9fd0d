"""Tells the owner a post's result. The message is sent after answers and money (docs/adr/0007)."""

from __future__ import annotations

from socialboost import jobs, logs
from socialboost.errors import ParkError
from socialboost.screens import texts
from socialboost.screens.buyer import posts
from workers.engine import resources
from workers.engine.actors import Attempt, actor
from workers.telegram import answers, repeats

log = logs.get(__name__)


@actor(jobs.NotifyPost)
def notify_post(job: jobs.NotifyPost, attempt: Attempt) -> None:
    """Tell the owner how the post ended."""
    post = resources.db().one("get_post_result", post_id=job.post_id)
    if post is None:
        raise ParkError("no such post")
    if not job.key.endswith(f":{post['status']}"):  # completed after it had failed: that end has its own job
        log.info("post_moved_on", post_id=job.post_id, status=post["status"])
        return
    language = texts.language(post["language"])
    screen = posts.post_completed if post["status"] == "completed" else posts.post_failed
    with repeats.allowed(attempt.number, post["telegram_id"]):
        answers.notify(post["telegram_id"], screen(post, language))
