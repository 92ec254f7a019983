"""The codes that only regular sub-accounts have, each in words."""

from __future__ import annotations

__all__ = ["PRECHECKS", "WARNINGS"]

PRECHECKS = {
    "master_key_bound": "the master's key is bound to an address",
    "regular_account": "a regular sub-account",
}
WARNINGS = {"account_kind": "a sub-account of another kind than the regular one"}
