"""Samples of TikTok links: posts with the expected result, and links that are not posts."""

from __future__ import annotations

CANONICAL = r"https://www\.tiktok\.com/@[a-z0-9_.-]{0,40}/(video|photo)/[1-9][0-9]*"

ACCEPTED = [
    ("https://www.tiktok.com/@User.1/video/742?_r=1", "https://www.tiktok.com/@user.1/video/742"),
    ("https://m.tiktok.com/@user/photo/742", "https://www.tiktok.com/@user/photo/742"),
    ("https://www.tiktok.com/%40User.1/video/742", "https://www.tiktok.com/@user.1/video/742"),
    ("https://www.tiktok.com/%2540user/video/742", "https://www.tiktok.com/@user/video/742"),
    ("https://www.tiktok.com/@/video/742", "https://www.tiktok.com/@/video/742"),
    ("https://m.tiktok.com/v/742.html?_t=1", "https://www.tiktok.com/@/video/742"),
    ("https://m.tiktok.com/v/742", "https://www.tiktok.com/@/video/742"),
    ("https://www.tiktok.com/embed/742", "https://www.tiktok.com/@/video/742"),
    ("https://www.tiktok.com/embed/v2/742?lang=uk", "https://www.tiktok.com/@/video/742"),
    ("https://www.tiktok.com/embed/v3/742", "https://www.tiktok.com/@/video/742"),
    ("https://www.tiktok.com/player/v1/742", "https://www.tiktok.com/@/video/742"),
    ("https://www.tiktok.com/share/video/742", "https://www.tiktok.com/@/video/742"),
    ("https://www.tiktokv.com/share/video/742/", "https://www.tiktok.com/@/video/742"),
    ("https://www.tiktok.com/@user/video/742/", "https://www.tiktok.com/@user/video/742"),
    ("https://www.tiktok.com/@user/photo/742/1", "https://www.tiktok.com/@user/photo/742"),
    ("https://lite.tiktok.com/@user/video/742", "https://www.tiktok.com/@user/video/742"),
    ("https://www.tiktok.com/@user/video/742&_r=1", "https://www.tiktok.com/@user/video/742"),
    ("[тікток](https://www.tiktok.com/@user/video/742)", "https://www.tiktok.com/@user/video/742"),
]

REFUSED = [
    ("https://vm.tiktok.com/ZMabc/", "short_link"),
    ("https://vt.tiktok.com/ZSabc", "short_link"),
    ("https://www.tiktok.com/t/ZTabc/", "short_link"),
    ("https://www.tiktok.com/@user", "not_a_post"),
    ("https://www.tiktok.com/@user/live", "not_a_post"),
    ("https://www.tiktok.com/user/video/742", "not_a_post"),
    ("https://www.tiktok.com/@user/video/abc", "not_a_post"),
    ("https://www.tiktok.com/@user/video/74200000000000000000000", "not_a_post"),
    ("https://www.tiktok.com/music/x-1", "not_a_post"),
    ("https://lite.tiktok.com/t/ZSabc/", "short_link"),
    ("https://lite.tiktok.com/t/Z", "short_link"),
    ("https://m.tiktok.com/v/abc.html", "short_link"),
    ("https://www.tiktok.com/embed/v2/abc", "not_a_post"),
    ("https://www.tiktok.com/share/user/742", "not_a_post"),
    ("https://www.tiktok.com/@us/er/video/742", "not_a_post"),
]
