"""What a test sees of a page of HTML."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import strategies as st

__all__ = ["EVIL", "Page"]

EVIL = st.text() | st.sampled_from(["</script><script>x", '" onfocus="x', "<img src=x onerror=x>", "'><svg/onload=x>"])
"""What something may be called by whoever wants a page to do more than show it."""


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data
