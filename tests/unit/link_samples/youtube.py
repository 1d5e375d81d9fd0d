"""Samples of YouTube links: posts with the expected result, and links that are not posts."""

from __future__ import annotations

from tests.unit.link_samples.ids import VIDEO

WATCH = f"https://www.youtube.com/watch?v={VIDEO}"

CANONICAL = r"https://www\.youtube\.com/watch\?v=[A-Za-z0-9_-]{11}"

ACCEPTED = [
    (f"https://www.youtube.com/watch?v={VIDEO}", WATCH),
    (f"https://youtube.com/watch?app=m&v={VIDEO}&t=4", WATCH),
    (f"https://youtu.be/{VIDEO}?si=abc", WATCH),
    (f"https://youtube.com/shorts/{VIDEO}", WATCH),
    (f"https://m.youtube.com/live/{VIDEO}", WATCH),
    (f"https://www.youtube-nocookie.com/embed/{VIDEO}", WATCH),
    (f"https://music.youtube.com/watch?v={VIDEO}", WATCH),
    (f"https://www.youtube.com/v/{VIDEO}", WATCH),
    (f"https://www.youtube.com/watch?v={VIDEO}%26t=3s", WATCH),
    (f"https://www.youtube.com/watch?v={VIDEO}?t=3s", WATCH),
    (f"https://www.youtube.com/watch?v={VIDEO}%3Fsi%3Dabc", WATCH),
    (f"https://www.youtube.com/watch?feature=share&amp;v={VIDEO}", WATCH),
    (f"https://www.youtube.com/watch?feature=share&amp;amp;v={VIDEO}", WATCH),
    (f"https://www.youtube.com/watch?feature=share&#38;v={VIDEO}", WATCH),
    (f"https://www.youtube.com/watch?feature=share?v={VIDEO}", WATCH),
    (f"https://www.youtube.com/watch?v={VIDEO}&v={VIDEO}", WATCH),
    ("https://www.youtube.com/watch?v=%64Qw4w9WgXcQ", WATCH),
    (f"https://www.youtube.com/watch%3Fv%3D{VIDEO}", WATCH),
    (f"https://www.youtube.com/watch&v={VIDEO}", WATCH),
    (f"https://www.youtube.com/watch/{VIDEO}", WATCH),
    (f"https://www.youtube.com/watch/?v={VIDEO}", WATCH),
    (f"https://www.youtube.com//watch?v={VIDEO}", WATCH),
    (f"https://m.youtube.com/#/watch?v={VIDEO}", WATCH),
    (f"https://gaming.youtube.com/watch?v={VIDEO}", WATCH),
    (f"https://www.youtubekids.com/watch?v={VIDEO}", WATCH),
    (f"https://studio.youtube.com/video/{VIDEO}/edit", WATCH),
    (f"https://youtube.googleapis.com/v/{VIDEO}", WATCH),
    (f"https://www.youtube.com/e/{VIDEO}", WATCH),
    (f"https://www.youtube.com/shorts/{VIDEO}/?feature=share", WATCH),
    (f"https://www.youtube.com/embed/{VIDEO}/extra", WATCH),
    (f"https://youtu.be/{VIDEO}&feature=share", WATCH),
    (f"https://youtu.be/{VIDEO}/", WATCH),
    (f"https://youtu.be/watch?v={VIDEO}", WATCH),
    (f"https://youtu.be/shorts/{VIDEO}", WATCH),
    (f"https://www.youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3D{VIDEO}%26feature%3Dshare", WATCH),
    (f"https://www.youtube.com/watch?v={VIDEO}&origin=https%3A%2F%2Fsite.com%2F%3Fv%3D5", WATCH),
    (f"https://www.youtube.com/watch?v={VIDEO}&origin=https%3A%2F%2Fsite.com%2F%3Fa%3D1%26v%3D5", WATCH),
    (f"«Відео» https://youtu.be/{VIDEO}?si=abc.", WATCH),
    ("https://youtu.be/-Qw4w9WgXc_", "https://www.youtube.com/watch?v=-Qw4w9WgXc_"),
    ("https://www.youtube.com/watch?v=_Qw4w9WgXc-", "https://www.youtube.com/watch?v=_Qw4w9WgXc-"),
]

REFUSED = [
    ("https://www.youtube.com/watch", "not_a_post"),
    ("https://www.youtube.com/watch?v=short", "not_a_post"),
    (f"https://www.youtube.com/watch?v={VIDEO}x", "not_a_post"),
    (f"https://www.youtube.com/watch?V={VIDEO}", "not_a_post"),
    ("https://www.youtube.com/embed/videoseries?list=1", "not_a_post"),
    ("https://www.youtube.com/embed/live_stream?channel=1", "not_a_post"),
    ("https://www.youtube.com/@channel", "not_a_post"),
    ("https://www.youtube.com/playlist?list=PL1", "not_a_post"),
    ("https://www.youtube.com/redirect?q=https://evil.com", "not_a_post"),
    ("https://youtu.be/", "not_a_post"),
    (f"https://www.youtube.com/watch?v={VIDEO}&v=aaaaaaaaaaa", "not_a_post"),
    (f"https://www.youtube.com/redirect?q=https://www.youtube.com/watch?v={VIDEO}", "not_a_post"),
    ("https://gaming.youtube.com/", "not_a_post"),
    (f"https://www.youtube.com/video/{VIDEO}", "not_a_post"),
]
