"""Samples of X links: posts with the expected result, and links that are not posts."""

from __future__ import annotations

from tests.unit.link_samples.ids import TWEET

CANONICAL = r"https://x\.com/[a-z0-9_]{1,15}/status/[1-9][0-9]*"

ACCEPTED = [
    (f"https://x.com/User_1/status/{TWEET}?s=20", f"https://x.com/user_1/status/{TWEET}"),
    (f"https://twitter.com/user/statuses/{TWEET}", f"https://x.com/user/status/{TWEET}"),
    (f"https://mobile.twitter.com/user/status/{TWEET}/photo/1", f"https://x.com/user/status/{TWEET}"),
    (f"https://x.com/user/status/{TWEET}/video/2", f"https://x.com/user/status/{TWEET}"),
    (f"https://x.com/i/web/status/{TWEET}", f"https://x.com/i/status/{TWEET}"),
    (f"https://x.com/i/status/{TWEET}", f"https://x.com/i/status/{TWEET}"),
    (f"https://x.com/user/status/{TWEET}/analytics", f"https://x.com/user/status/{TWEET}"),
    (f"https://x.com/user/status/{TWEET}/history", f"https://x.com/user/status/{TWEET}"),
    (f"https://x.com/user/status/{TWEET}/likes", f"https://x.com/user/status/{TWEET}"),
    (f"https://x.com/user/status/{TWEET}/retweets/with_comments", f"https://x.com/user/status/{TWEET}"),
    (f"https://x.com/user/status/{TWEET}/mediaViewer?currentTweet=1", f"https://x.com/user/status/{TWEET}"),
    (f"https://x.com/user/status/{TWEET}/photo/1/large", f"https://x.com/user/status/{TWEET}"),
    (f"https://twitter.com/#!/User/status/{TWEET}", f"https://x.com/user/status/{TWEET}"),
    (f"https://twitter.com/#!/user/statuses/{TWEET}?s=1", f"https://x.com/user/status/{TWEET}"),
    (f"https://twitter.com/statuses/{TWEET}", f"https://x.com/i/status/{TWEET}"),
    (f"https://x.com/i/web/status/{TWEET}/analytics", f"https://x.com/i/status/{TWEET}"),
    (f"https://x.com/user/status/{TWEET}&s=20", f"https://x.com/user/status/{TWEET}"),
    (f"https://x.com/user//status/{TWEET}", f"https://x.com/user/status/{TWEET}"),
    (f"https://x.com/user/status/{TWEET})", f"https://x.com/user/status/{TWEET}"),
    (f"RT: https://twitter.com/user/status/{TWEET} !", f"https://x.com/user/status/{TWEET}"),
]

REFUSED = [
    ("https://t.co/abc", "short_link"),
    ("https://x.com/user", "not_a_post"),
    ("https://x.com/user/status/", "not_a_post"),
    ("https://x.com/user/status/abc", "not_a_post"),
    (f"https://x.com/a_name_far_too_long/status/{TWEET}", "not_a_post"),
    (f"https://x.com/us-er/status/{TWEET}", "not_a_post"),
    (f"https://x.com/user/STATUS/{TWEET}", "not_a_post"),
    ("https://x.com/i/spaces/1abc", "not_a_post"),
    ("https://x.com/intent/post?text=x", "not_a_post"),
    ("https://twitter.com/#!/user", "not_a_post"),
    ("https://twitter.com/#!/user/status/", "not_a_post"),
    (f"https://x.com/user/likes/{TWEET}", "not_a_post"),
    ("https://t.co/abc.", "short_link"),
]
