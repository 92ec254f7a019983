"""A snapshot's file: written whole or not at all, and taken only as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acctcfg.core.canonical import digest_of
from acctcfg.core.snapshot import SNAPSHOT_VERSION
from acctcfg.errors import ConfigError, UsageError
from acctcfg.plain_file import read_plain, write_whole
from acctcfg.render.harmless import json_text
from acctcfg.render.schema_parts import DIGEST, TEXT, and_, map_, object_

__all__ = ["load_snapshot", "refuse_foreign", "save_snapshot", "snapshot_schema_text"]

LARGEST = 256 << 20
_AGAIN = "take a new one with `acctcfg snapshot --out FILE` where the credentials are"


def snapshot_schema_text() -> str:
    """The schema as the file `schemas/snapshot.schema.json` holds it."""
    return json.dumps(_schema(), indent=2, ensure_ascii=False) + "\n"


def save_snapshot(document: Mapping[str, Any], path: Path) -> None:
    """Write it to a file that only its owner can read. ConfigError where that cannot be written."""
    refuse_foreign(path)
    try:
        write_whole(path, json_text(document) + "\n")
    except OSError as exc:
        raise ConfigError(f"cannot write {path}: {exc.strerror}", hint="no snapshot was saved") from exc


def refuse_foreign(path: Path) -> None:
    """Raise UsageError if something else than a snapshot would be overwritten."""
    if not path.exists():
        return
    try:
        document = json.loads(read_plain(path, LARGEST)[0])
    except (OSError, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not {"format_version", "venues", "blurred", "checksum"} <= set(document):
        raise UsageError(f"{path} exists and is not a snapshot; it was not overwritten", hint="choose another --out")


def load_snapshot(path: Path) -> dict[str, Any]:
    """The document. Raises ConfigError for one that is cut, edited or of another version."""
    try:
        document = json.loads(read_plain(path, LARGEST)[0].decode("utf-8-sig"))
    except OSError as exc:
        raise UsageError(f"cannot read the snapshot {path}: {exc.strerror}", hint=_AGAIN) from exc
    except (ValueError, RecursionError) as exc:
        raise ConfigError(f"{path} is not a snapshot, or was cut short: it is not JSON", hint=_AGAIN) from exc
    if flaw := _flaw(document):
        raise ConfigError(f"{path} {flaw}", hint=_AGAIN)
    found: dict[str, Any] = document
    return found


def _flaw(document: object) -> str:
    """What keeps a document from being a snapshot that this version took; "" if nothing does."""
    if not isinstance(document, Mapping) or "format_version" not in document or "venues" not in document:
        return "is not a snapshot"
    major, version = SNAPSHOT_VERSION.partition(".")[0], document["format_version"]
    if not isinstance(version, str) or not re.fullmatch(rf"{major}\.[0-9]+", version):
        return f"has the snapshot format {version!r}; this acctcfg reads {major}.x"
    try:
        whole = document.get("checksum") == digest_of({k: v for k, v in document.items() if k != "checksum"})
    except (ValueError, RecursionError):
        whole = False
    if not whole:
        return "was edited or cut after it was saved: its checksum does not match"
    from acctcfg.core.json_schema import judge

    return "" if judge(_schema())(document) else "does not match the schema (`acctcfg schema snapshot`)"


def _schema() -> dict[str, object]:
    flag, key = {"type": "boolean"}, {**TEXT, "description": "the id of a key; empty for a public call"}
    answer = and_(
        object_(key=key, asked={**TEXT, "description": "method, path and query"}, read_at=TEXT),
        data={"description": "what the venue answered, without what is secret"},
        refused={**object_(kind=TEXT, message=TEXT, hint=TEXT, code=TEXT, status={"type": "integer"}, text=TEXT)},
    )
    source = and_(
        object_(key={"type": ["string", "null"]}, opens={**flag, "description": "whether the secret could be read"}),
        token=flag,
    )
    rows = {"type": "array", "items": {"type": "object"}}
    venue = object_(
        type=TEXT,
        environment=TEXT,
        base_url=TEXT,
        uid=TEXT,
        keys={**map_(source), "description": "by a hash of where a key's secret lies: the id of the key, no secret"},
        known={
            **and_(
                object_(accounts=rows, stored=rows, access=rows, rotations=rows, caps=rows),
                seen={
                    **map_(map_({"type": "string"})),
                    "description": "by kind: names on the venue's lists, and when they were seen",
                },
            ),
            "description": "what the journal knew",
        },
        answers={"type": "array", "items": answer},
    )
    return {
        "title": "acctcfg snapshot",
        "description": "Live state without secrets, as `acctcfg snapshot` saves it and `acctcfg plan --live` takes it.",
        **object_(
            format_version={"type": "string", "pattern": rf"^{SNAPSHOT_VERSION.partition('.')[0]}\.[0-9]+$"},
            acctcfg_version=TEXT,
            created_at=TEXT,
            author=TEXT,
            blurred={**flag, "description": "ids are others, amounts are powers of ten"},
            venues=map_(venue),
            store_readers={"type": "object", "description": "by store: who could read its secrets at the last apply"},
            checksum={**DIGEST, "description": "of all the rest, as RFC 8785 writes it"},
        ),
    }
