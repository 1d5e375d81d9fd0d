"""Samples of Instagram links: posts with the expected result, and links that are not posts."""

from __future__ import annotations

from tests.unit.link_samples.ids import CODE

CANONICAL = r"https://www\.instagram\.com/p/[A-Za-z0-9_-]{5,11}/"

ACCEPTED = [
    (f"https://www.instagram.com/p/{CODE}/?igsh=abc", f"https://www.instagram.com/p/{CODE}/"),
    (f"instagram.com/reel/{CODE}", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://m.instagram.com/reels/{CODE}/", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://www.instagram.com/tv/{CODE}/", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://www.instagram.com/some.one_1/p/{CODE}/", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://www.instagram.com/p/{CODE}/c/17912345678901234/", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://www.instagram.com/p/{CODE}/c/1/r/2/", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://www.instagram.com/p/{CODE}/comments/", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://www.instagram.com/p/{CODE}/liked_by/", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://www.instagram.com/p/{CODE}/embed/captioned/", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://www.instagram.com/p/{CODE}/media/?size=l", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://www.instagram.com/user/reel/{CODE}/comments/", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://instagr.am/p/{CODE}/", f"https://www.instagram.com/p/{CODE}/"),
    (f"www.instagr.am/reel/{CODE}", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://www.instagram.com//p//{CODE}//", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://www.instagram.com/p/{CODE}%20", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://www.instagram.com/p/{CODE}/%3Figsh%3Dabc", f"https://www.instagram.com/p/{CODE}/"),
    (f"https://www.instagram.com/%70/{CODE}", f"https://www.instagram.com/p/{CODE}/"),
    (f"Новий рілс: https://www.instagram.com/reel/{CODE}/?igsh=a==", f"https://www.instagram.com/p/{CODE}/"),
    ("https://www.instagram.com/p/-DPx4kQmjR_", "https://www.instagram.com/p/-DPx4kQmjR_/"),
    ("https://www.instagram.com/p/_DPx4kQmjR-", "https://www.instagram.com/p/_DPx4kQmjR-/"),
]

REFUSED = [
    ("https://www.instagram.com/stories/user/123", "story"),
    ("https://www.instagram.com/stories/highlights/123", "story"),
    ("https://www.instagram.com/s/aGlnaGxpZ2h0", "story"),
    ("https://www.instagram.com/share/p/abc", "short_link"),
    ("https://www.instagram.com/share/reel/abc", "short_link"),
    ("https://l.instagram.com/?u=https://x", "short_link"),
    ("https://www.instagram.com/user/", "not_a_post"),
    ("https://www.instagram.com/reels/audio/123", "not_a_post"),
    ("https://www.instagram.com/reels/audio", "not_a_post"),
    ("https://www.instagram.com/explore/tags/x", "not_a_post"),
    ("https://www.instagram.com/p/", "not_a_post"),
    ("https://www.instagram.com/p/abc", "not_a_post"),
    (f"https://www.instagram.com/P/{CODE}", "not_a_post"),
    (f"https://www.instagram.com/p/{CODE}XY", "not_a_post"),
    (f"https://www.instagram.com/p/{CODE}" + "a" * 28, "private"),
    (f"https://www.instagram.com/p/{CODE}" + "a" * 60, "not_a_post"),
    ("https://instagr.am/stories/user/1", "story"),
    ("https://instagr.am/user", "not_a_post"),
    ("https://www.instagram.com/reels/audio/123/comments/", "not_a_post"),
    (f"https://www.instagram.com/p/{CODE}" + "a" * 28 + "/comments/", "private"),
]
