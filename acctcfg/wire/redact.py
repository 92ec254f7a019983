"""What may reach a log: a request's outline, an answer's kind; never headers, queries, bodies or signatures."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from acctcfg.core.secret import Credentials, Secret
from acctcfg.core.untold import HIDDEN, untold

__all__ = ["Sent", "body_kind", "confidential", "line", "unquoted", "without"]

SHORTEST = 6  # below that, what is blotted out would be words of the sentence
WHOLE = 8  # a secret of that length is taken out of an answer, unless it is all digits, as ids and amounts are
LONGEST = 1000  # characters of a message that a venue had a part in


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request that left, for the journal and the log. Holds nothing that needs hiding."""

    method: str
    path: str  # without the query
    user: str  # the venue user's id, "" for public calls
    status: int | None  # HTTP status; None when no answer came
    code: str  # the venue's code, "ok", or a word of ours such as "timeout"
    milliseconds: float
    attempt: int  # from 1
    sent_at: float  # unix seconds, by the venue's clock


def line(sent: Sent) -> str:
    """ "POST /account/leverage 200 ok 12 ms user 42 attempt 2": one line, safe to print."""
    words = [sent.method, sent.path, str(sent.status) if sent.status is not None else "-", sent.code]
    words.append(f"{sent.milliseconds:.0f} ms")
    if sent.user:
        words.append(f"user {sent.user}")
    if sent.attempt > 1:
        words.append(f"attempt {sent.attempt}")
    return " ".join(words)


def confidential(
    signer: Credentials | None, headers: Mapping[str, str | Secret], params: Mapping[str, object]
) -> list[str]:
    """What a venue must not be quoted with: the parts of the key, what was signed with it, and new secrets."""
    found = _given(signer, headers)
    found |= {value.reveal() for value in params.values() if isinstance(value, Secret)}
    if isinstance(signer, Credentials):
        found.add(signer.api_key)
    return sorted((one for one in found if len(one) >= SHORTEST), key=len, reverse=True)


def _given(signer: Credentials | None, headers: Mapping[str, str | Secret]) -> set[str]:
    """The secret parts of the key, and what was signed with it."""
    parts = [value for name, value in headers.items() if "time" not in name.lower()]
    if isinstance(signer, Credentials):
        parts += [signer.secret_key, signer.passphrase or ""]
    return {one.reveal() if isinstance(one, Secret) else one for one in parts}


def without(hidden: Sequence[str], text: str) -> str:
    """The text without any of these, as they are or as JSON and addresses write them, and not longer than a message."""
    for one in hidden:
        for written in {one, one.replace("/", "\\/"), quote(one, safe="")}:
            text = text.replace(written, HIDDEN)
    text = untold(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def unquoted(body: bytes, signer: Credentials | None, headers: Mapping[str, str | Secret]) -> bytes:
    """An answer with `***` where it repeats a secret of its request: a label that is one would be printed and recorded.

    Ids of keys are no secrets: lists of keys hold them.
    """
    known = signer.api_key if isinstance(signer, Credentials) else ""
    found = (one for one in _given(signer, headers) if len(one) >= WHOLE and one != known and not one.isdecimal())
    told = [one for one in found if _stands_in(one, body)]  # of nearly every answer none
    for one in sorted(told, key=len, reverse=True):
        for written in {one, one.replace("/", "\\/")}:
            body = body.replace(written.encode(), HIDDEN.encode())
    return body


def _stands_in(one: str, body: bytes) -> bool:
    return one.encode() in body or ("/" in one and one.replace("/", "\\/").encode() in body)


def body_kind(body: bytes) -> str:
    """What an answer's body is, in words, without quoting it: only the title of an HTML page is named."""
    if not body.strip():
        return "an empty body"
    start = body[:4096].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if start[:1] == "<":
        title = re.search(r"<title[^>]*>([^<]{1,200})", start, re.IGNORECASE)
        words = re.sub(r"[^\w .,:/-]+", " ", title[1]).strip()[:60] if title else ""
        return f'an HTML page titled "{words}"' if words else "an HTML page"
    if start[:1] in "{[":
        return f"{_json_kind(body)} of {len(body)} bytes"
    return f"text that is not JSON, {len(body)} bytes"


def _json_kind(body: bytes) -> str:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return "broken JSON"
    return "JSON in an unexpected shape"
