"""One page of HTML that needs nothing from elsewhere, and can fetch nothing either."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from typing import Final

from acctcfg.render.harmless import harmless

__all__ = ["document", "html", "table_row"]

STYLE: Final = (
    ":root{color-scheme:light dark}body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:75rem;"
    "padding:0 1rem}table{border-collapse:collapse;width:100%;table-layout:fixed}td,th{border-bottom:1px solid #8885;"
    "padding:.25rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}td:first-child,th:first-child{"
    "width:30%}code,p,summary,h2{overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere}"
    ".wide{overflow-x:auto}.wide table{min-width:60rem}.wide td:first-child,.wide th:first-child{width:22%}"
    ".bad{color:#c22;color:light-dark(#b11,#f77);font-weight:600}"
    "summary{cursor:pointer;padding:.3rem 0}@media print{details{break-inside:avoid}}"
)


def document(title: str, body: str, *, style: str = "", script: str = "") -> str:
    """A page, in light and dark, on a phone and on paper. Its policy lets this one style and this one script run.

    `body` is HTML, of which every word that is not ours went through `html`.
    """
    style = STYLE + style
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv=content-security-policy content="{policy}">'
        '<meta name=viewport content="width=device-width, initial-scale=1"><link rel=icon href="data:,">'
        f"<title>{html(title)}</title><style>{style}</style></head><body>\n{body}\n"
        f"{f'<script>{script}</script>' if script else ''}</body></html>"
    )


def _hash(text: str) -> str:
    """How a policy names an inline style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" if text else "'none'"


def html(text: str) -> str:
    """Text as HTML shows it, in an element or in a quoted attribute."""
    return escape(harmless(text))


def table_row(tag: str, cells: Iterable[str]) -> str:
    """A row of text."""
    return "<tr>" + "".join(f"<{tag}>{html(one)}</{tag}>" for one in cells) + "</tr>"
