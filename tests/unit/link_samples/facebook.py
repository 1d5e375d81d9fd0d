"""Samples of Facebook links: posts with the expected result, and links that are not posts."""

from __future__ import annotations

from tests.unit.link_samples.ids import PFBID

PHOTO = "https://www.facebook.com/photo.php?fbid=9"

CANONICAL = (
    r"https://www\.facebook\.com/("
    r"(groups/)?[a-z0-9][a-z0-9.-]*/posts/[A-Za-z0-9]+|[a-z0-9][a-z0-9.-]*/videos/[0-9]+|reel/[0-9]+"
    r"|watch/\?v=[0-9]+|photo\.php\?fbid=[0-9]+|permalink\.php\?story_fbid=[A-Za-z0-9]+&id=[0-9]+)"
)

ACCEPTED = [
    ("https://www.facebook.com/Some.Page/posts/123", "https://www.facebook.com/some.page/posts/123"),
    (f"https://facebook.com/page/posts/{PFBID}", f"https://www.facebook.com/page/posts/{PFBID}"),
    ("https://fb.com/page/posts/a-title/123", "https://www.facebook.com/page/posts/123"),
    ("https://m.facebook.com/page/videos/123/", "https://www.facebook.com/page/videos/123"),
    ("https://www.facebook.com/reel/123", "https://www.facebook.com/reel/123"),
    ("https://www.facebook.com/watch/?v=123&ref=x", "https://www.facebook.com/watch/?v=123"),
    ("https://www.facebook.com/watch/live/?v=123", "https://www.facebook.com/watch/?v=123"),
    (
        f"https://m.facebook.com/story.php?id=42&story_fbid={PFBID}&__tn__=R",
        f"https://www.facebook.com/permalink.php?story_fbid={PFBID}&id=42",
    ),
    (
        "https://www.facebook.com/permalink.php?story_fbid=1&id=42",
        "https://www.facebook.com/permalink.php?story_fbid=1&id=42",
    ),
    ("https://www.facebook.com/photo/?fbid=9&set=a.1", PHOTO),
    ("https://www.facebook.com/groups/G1/permalink/9/", "https://www.facebook.com/groups/g1/posts/9"),
    ("https://www.facebook.com/groups/1/posts/9", "https://www.facebook.com/groups/1/posts/9"),
    ("https://www.facebook.com/Page/photos/a.1.2.3/9", PHOTO),
    ("https://www.facebook.com/page/photos/a.1.2.3/9/?type=3", PHOTO),
    ("https://www.facebook.com/page/photos/pcb.1/9", PHOTO),
    ("https://www.facebook.com/page/photos/9", PHOTO),
    ("https://www.facebook.com/page/photos/a-title/9", PHOTO),
    ("https://www.facebook.com/photos/9", PHOTO),
    ("https://www.facebook.com/photo?fbid=9", PHOTO),
    ("https://www.facebook.com/groups/G1/?multi_permalinks=9", "https://www.facebook.com/groups/g1/posts/9"),
    (
        "https://facebook.com/groups/1?multi_permalinks=9&ref=share",
        "https://www.facebook.com/groups/1/posts/9",
    ),
    ("https://m.facebook.com/groups/G1?view=permalink&id=9", "https://www.facebook.com/groups/g1/posts/9"),
    ("https://m.facebook.com/groups/1/?view=permalink&amp;id=9", "https://www.facebook.com/groups/1/posts/9"),
    ("https://facebook.com/groups/1/posts/9/?comment_id=2", "https://www.facebook.com/groups/1/posts/9"),
    ("https://facebook.com/groups/1/permalink/9/comments/2", "https://www.facebook.com/groups/1/posts/9"),
    (f"https://facebook.com/groups/1/posts/{PFBID}", f"https://www.facebook.com/groups/1/posts/{PFBID}"),
    ("https://www.facebook.com/reels/123", "https://www.facebook.com/reel/123"),
    ("https://www.facebook.com/reel/123/?s=single_unit", "https://www.facebook.com/reel/123"),
    ("https://www.facebook.com/page/reels/123", "https://www.facebook.com/reel/123"),
    ("https://www.facebook.com/watch?v=123", "https://www.facebook.com/watch/?v=123"),
    ("https://www.facebook.com/video.php?v=123", "https://www.facebook.com/watch/?v=123"),
    ("https://www.facebook.com/page/videos/a-title/123", "https://www.facebook.com/page/videos/123"),
    ("https://www.facebook.com/page/videos/vb.42/123/?type=2", "https://www.facebook.com/page/videos/123"),
    ("https://uk-ua.facebook.com/page/posts/123", "https://www.facebook.com/page/posts/123"),
    ("https://pt-br.facebook.com/page/posts/123", "https://www.facebook.com/page/posts/123"),
    ("https://beta.facebook.com/page/posts/123", "https://www.facebook.com/page/posts/123"),
    ("https://business.facebook.com/page/posts/123", "https://www.facebook.com/page/posts/123"),
    ("https://touch.facebook.com/#!/page/posts/123", "https://www.facebook.com/page/posts/123"),
    ("https://m.fb.com/page/posts/123", "https://www.facebook.com/page/posts/123"),
    ("https://www.facebook.com/page/posts/123/comments", "https://www.facebook.com/page/posts/123"),
    (f"https://www.facebook.com/page/posts/a-title/{PFBID}/", f"https://www.facebook.com/page/posts/{PFBID}"),
    ("https://www.facebook.com/some%2Epage/posts/123", "https://www.facebook.com/some.page/posts/123"),
    ("Пост: <https://www.facebook.com/page/posts/123>", "https://www.facebook.com/page/posts/123"),
]

REFUSED = [
    ("https://fb.watch/abc", "short_link"),
    ("https://fb.me/abc", "short_link"),
    ("https://www.facebook.com/share/p/abc", "short_link"),
    ("https://www.facebook.com/share/v/abc/", "short_link"),
    ("https://l.facebook.com/l.php?u=https://evil.com", "short_link"),
    ("https://www.facebook.com/l.php?u=https://evil.com", "short_link"),
    ("https://www.facebook.com/stories/1/2", "story"),
    ("https://www.facebook.com/page", "not_a_post"),
    ("https://www.facebook.com/../posts/1", "not_a_post"),
    ("https://www.facebook.com/page/posts/abc", "not_a_post"),
    ("https://www.facebook.com/page/posts/pfbid", "not_a_post"),
    ("https://www.facebook.com/watch/?v=abc", "not_a_post"),
    ("https://www.facebook.com/watch/?v=1&v=2", "not_a_post"),
    ("https://www.facebook.com/permalink.php?story_fbid=1", "not_a_post"),
    ("https://www.facebook.com/permalink.php?story_fbid=1&id=x", "not_a_post"),
    ("https://www.facebook.com/photo.php?fbid=", "not_a_post"),
    ("https://www.facebook.com/events/123", "not_a_post"),
    ("https://www.facebook.com/sharer/sharer.php?u=x", "not_a_post"),
    ("https://www.facebook.com/login/posts/1", "not_a_post"),
    ("https://www.facebook.com/groups/g", "not_a_post"),
    ("https://uk-ua.facebook.com/page", "not_a_post"),
    ("https://business.facebook.com/latest/home", "not_a_post"),
    ("https://www.facebook.com/page/photos", "not_a_post"),
    ("https://www.facebook.com/page/photos/a.1.2.3", "not_a_post"),
    ("https://www.facebook.com/groups/g?multi_permalinks=a", "not_a_post"),
    ("https://www.facebook.com/groups/g?view=members&id=9", "not_a_post"),
    ("https://www.facebook.com/groups/g?multi_permalinks=1&multi_permalinks=2", "not_a_post"),
    ("https://www.facebook.com/groups/g/members/9", "not_a_post"),
    ("https://www.facebook.com/reels/abc", "not_a_post"),
    ("https://fb.gg/v/abc", "short_link"),
]
