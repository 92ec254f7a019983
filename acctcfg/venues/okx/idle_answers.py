"""What an account in which nothing is open, and that holds nothing, answers where that is not an empty list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acctcfg.venues.okx.endpoints import BALANCE, SWITCH_PRECHECK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acctcfg.core.json_types import JsonValue

__all__ = ["IDLE"]

IDLE: Final[Mapping[str, JsonValue]] = {
    BALANCE.text: [{"details": []}],
    SWITCH_PRECHECK.text: [{"sCode": "0", "curAcctLv": "1", "acctLv": "3"}],
}
"""By the text of the endpoint."""
