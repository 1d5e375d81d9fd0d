"""Renders the stand-ins' small pages with one style sheet, readable on a phone, light and dark."""

from __future__ import annotations

from html import escape

from aiohttp import web

STYLE = """
:root{color-scheme:light dark;--ink:#16202a;--soft:#667380;--paper:#f3f5f7;--card:#fff;--line:#dfe4e8;
--go:#1f7a4d;--stop:#b3372f;--link:#2563b0}
@media(prefers-color-scheme:dark){:root{--ink:#e8edf1;--soft:#93a0ab;--paper:#12171b;--card:#1b2228;
--line:#2d373f;--go:#23804f;--stop:#d25b52;--link:#7ab0ee}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:44rem;margin:0 auto;padding:1.25rem 1rem 3rem}main.narrow{max-width:26rem}
h1{font-size:1.2rem;margin:.2rem 0 1rem}a{color:var(--link)}.soft{color:var(--soft)}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1rem;margin:0 0 .75rem}
.sum{font-size:2rem;font-weight:650;margin:.2rem 0}.row{display:flex;gap:.5rem;flex-wrap:wrap;
align-items:center;justify-content:space-between}form{display:inline}
button{font:inherit;font-weight:600;min-height:2.75rem;padding:.4rem 1.1rem;border-radius:10px;cursor:pointer;
border:1px solid var(--line);background:var(--card);color:var(--ink)}
button.go{background:var(--go);border-color:var(--go);color:#fff}button.stop{color:var(--stop)}
button.wide{width:100%;margin-top:.6rem}button:focus-visible,a:focus-visible{outline:3px solid var(--link);
outline-offset:2px}.tag{border:1px solid var(--line);border-radius:99px;padding:.05rem .6rem;font-size:.85rem}
.wrap{overflow-wrap:anywhere}a.card{display:block;color:inherit;text-decoration:none}
a.card:hover{border-color:var(--link)}
"""


def page(title: str, body: str, *, narrow: bool = False, refresh_seconds: int = 0) -> web.Response:
    """A whole page; `body` is trusted markup, the title is escaped here."""
    refresh = f'<meta http-equiv="refresh" content="{refresh_seconds}">' if refresh_seconds else ""
    markup = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"{refresh}<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main{' class=narrow' if narrow else ''}>{body}</main></body></html>"
    )
    return web.Response(text=markup, content_type="text/html")


def button(action: str, label: str, kind: str = "") -> str:
    """A form with one button that posts to `action`."""
    inner = f'<button class="{kind}">{escape(label)}</button>'
    return f'<form method="post" action="{escape(action)}">{inner}</form>'
