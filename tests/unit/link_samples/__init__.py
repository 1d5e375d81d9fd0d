"""Samples of links from people and attackers, with the expected result: one module for each network."""

from __future__ import annotations

from tests.unit.link_samples import (
    anywhere,
    facebook,
    instagram,
    telegram,
    threads,
    tiktok,
    x,
    youtube,
)
from tests.unit.link_samples.ids import CODE, PFBID, TWEET, VIDEO

NETWORKS = {
    "telegram": telegram,
    "instagram": instagram,
    "tiktok": tiktok,
    "youtube": youtube,
    "x": x,
    "facebook": facebook,
    "threads": threads,
}
CANONICAL = {name: network.CANONICAL for name, network in NETWORKS.items()}
ACCEPTED = [(name, text, url) for name, network in NETWORKS.items() for text, url in network.ACCEPTED]
REFUSED = [
    *anywhere.REFUSED,
    *((name, text, code) for name, network in NETWORKS.items() for text, code in network.REFUSED),
]

ONE_POST = {
    "telegram": [
        ("durov/909", ["https://t.me/durov/909", "t.me/s/Durov/909", "durov.t.me/909", "t.me/durov/7/909"]),
    ],
    "instagram": [
        (CODE, [f"instagram.com/p/{CODE}", f"instagram.com/reel/{CODE}", f"instagr.am/someone/tv/{CODE}/"]),
    ],
    "tiktok": [
        ("742", ["tiktok.com/@a/video/742", "tiktok.com/@b/photo/742", "m.tiktok.com/v/742.html"]),
    ],
    "youtube": [
        (VIDEO, [f"youtu.be/{VIDEO}", f"youtube.com/shorts/{VIDEO}", f"youtube.com/live/{VIDEO}?t=1"]),
    ],
    "x": [
        (
            TWEET,
            [f"x.com/a/status/{TWEET}", f"x.com/i/status/{TWEET}", f"twitter.com/b/status/{TWEET}/photo/1"],
        ),
    ],
    "facebook": [
        ("123", ["facebook.com/reel/123", "facebook.com/watch?v=123", "facebook.com/page/videos/title/123"]),
        ("9", ["facebook.com/photo.php?fbid=9", "facebook.com/a/photos/a.1/9", "m.facebook.com/b/photos/9"]),
        (
            "77",
            [
                "facebook.com/a/posts/77",
                "facebook.com/story.php?story_fbid=77&id=1",
                "facebook.com/b/posts/t/77",
            ],
        ),
        ("88", ["facebook.com/groups/g/posts/88", "facebook.com/groups/1/?multi_permalinks=88"]),
        (PFBID, [f"facebook.com/a/posts/{PFBID}", f"facebook.com/permalink.php?story_fbid={PFBID}&id=1"]),
    ],
    "threads": [
        (CODE, [f"threads.net/@a/post/{CODE}", f"threads.com/t/{CODE}", f"threads.com/@b/post/{CODE}/media"]),
    ],
}
"""What names a post on its network, and links that all lead to it."""
