"""What a `.gitignore` leaves out, by git's own rules. Source: gitignore(5), "Pattern format"."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["leaves_out"]


def leaves_out(text: str, path: str) -> bool:
    """Whether git, by this file in the top folder, ignores `path` ("a/b.txt"). The last rule that fits decides.

    What lies in a folder that is left out stays out: no later rule takes it in again.
    """
    rules = list(_rules(text))
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        name, folder = "/".join(parts[:depth]), depth < len(parts)
        out = False
        for fits, folders_only, takes_in in rules:
            if (folder or not folders_only) and fits.fullmatch(name):
                out = not takes_in
        if out:
            return True
    return False


def _rules(text: str) -> Iterator[tuple[re.Pattern[str], bool, bool]]:
    """Each rule: what it fits, whether folders only, and whether it takes in again."""
    for line in text.removeprefix("\ufeff").split("\n"):
        rule = re.sub(r"(?<!\\) +$", "", line.removesuffix("\r"))  # a blank after a backslash counts
        if not rule or rule.startswith("#"):
            continue
        takes_in = rule.startswith("!")
        rule = rule[takes_in:]
        folders_only = rule.endswith("/")
        rule = rule.rstrip("/")
        anchored = "/" in rule
        if rule:
            yield (
                re.compile(("" if anchored else "(?:.*/)?") + _expression(rule.removeprefix("/"))),
                folders_only,
                takes_in,
            )


def _expression(rule: str) -> str:
    """A rule as a regular expression: `*` and `?` stay within a folder, `**` does not."""
    tokens = re.findall(r"\*\*/|/\*\*$|\*+|\?|\[[!^]?\]?[^\]]*\]|\\.|.", rule, re.DOTALL)
    return "".join(map(_token, tokens))


def _token(token: str) -> str:
    match token:
        case "**/":
            return "(?:.*/)?"
        case "/**":
            return "/.*"
        case "?":
            return "[^/]"
    if token.startswith("*"):
        return "[^/]*"
    if token.startswith("[") and len(token) > 2:
        inner = token[1:-1]
        negated = inner[:1] in ("!", "^")
        members = inner[negated:].replace("\\", "\\\\").replace("]", "\\]").replace("[", "\\[")
        return f"[{'^' * negated}{members}]"
    return re.escape(token[1:] if token.startswith("\\") and len(token) > 1 else token)
