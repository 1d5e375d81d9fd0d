"""Samples of Threads links: posts with the expected result, and links that are not posts."""

from __future__ import annotations

from tests.unit.link_samples.ids import CODE

CANONICAL = r"https://www\.threads\.com/(@[a-z0-9_.]{1,30}/post|t)/[A-Za-z0-9_-]{5,11}"

ACCEPTED = [
    (f"https://www.threads.net/@User.1/post/{CODE}?xmt=1", f"https://www.threads.com/@user.1/post/{CODE}"),
    (f"threads.com/@user/post/{CODE}", f"https://www.threads.com/@user/post/{CODE}"),
    (f"https://www.threads.net/t/{CODE}/", f"https://www.threads.com/t/{CODE}"),
    (f"https://www.threads.com/@user/post/{CODE}/media", f"https://www.threads.com/@user/post/{CODE}"),
    (f"https://www.threads.com/@user/post/{CODE}/embed/", f"https://www.threads.com/@user/post/{CODE}"),
    (f"https://www.threads.com/%40User/post/{CODE}", f"https://www.threads.com/@user/post/{CODE}"),
    (f"https://www.threads.net//@user/post/{CODE}", f"https://www.threads.com/@user/post/{CODE}"),
    (f"threads.net/t/{CODE}/media", f"https://www.threads.com/t/{CODE}"),
    (f"Мій тред — https://www.threads.net/t/{CODE}.", f"https://www.threads.com/t/{CODE}"),
    ("https://www.threads.com/t/-DPx4kQmjR_", "https://www.threads.com/t/-DPx4kQmjR_"),
]

REFUSED = [
    ("https://www.threads.net/share/abc", "short_link"),
    ("https://l.threads.net/?u=x", "short_link"),
    ("https://www.threads.com/@user", "not_a_post"),
    (f"https://www.threads.com/user/post/{CODE}", "not_a_post"),
    ("https://www.threads.com/@user/post/a", "not_a_post"),
    (f"https://www.threads.com/@user/post/{CODE}" + "a" * 28, "private"),
    ("https://www.threads.com/@user/replies", "not_a_post"),
    (f"https://www.threads.com/@user/posts/{CODE}", "not_a_post"),
    ("https://www.threads.com/share/abc/", "short_link"),
]
