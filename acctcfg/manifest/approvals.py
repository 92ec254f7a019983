"""`guardrails.approvals`: how many people must sign a plan."""

from __future__ import annotations

from typing import Any, Final

from acctcfg.core.desired import Approvals
from acctcfg.core.text_rule import PATH
from acctcfg.manifest.containers import Field, Record
from acctcfg.manifest.scalars import BAD, Text, Whole, Word

__all__ = ["APPROVALS", "build_approvals"]

_FOR: Final = {"sensitive": "plans with a sensitive step; the default", "all": "every plan"}

APPROVALS: Final = Record(
    {
        "count": Field(kind=Whole(1), doc="How many people must sign", required=True),
        "signers": Field(
            kind=Text(PATH),
            doc="The file that says who may sign, and with which keys, in the form of ssh-keygen's allowed signers",
            required=True,
        ),
        "for": Field(kind=Word(_FOR), doc="Which plans: sensitive (the default) or all"),
    }
)


def build_approvals(taken: Any) -> Approvals | None:
    """From what the shape took; None where the manifest asks for none, or wrote it wrong."""
    if taken is None or taken is BAD or not {"count", "signers"} <= taken.keys():
        return None
    return Approvals(count=taken["count"], signers=taken["signers"], sensitive_only=taken.get("for") != "all")
