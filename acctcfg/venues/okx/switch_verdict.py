"""What the venue itself says about a switch of the account mode. Source: OKX v5, "Precheck account mode switch"."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple, Self

from acctcfg.core.json_types import JsonObject, objects
from acctcfg.errors import Garbled
from acctcfg.venues.okx.leverage import lever_text
from acctcfg.venues.okx.row_fields import number
from acctcfg.venues.snapshot import Rows

__all__ = ["Verdict"]


class Verdict(NamedTuple):
    """What the venue's precheck of the switch answered."""

    code: str  # "0" clear, "1" items, "3" a preset is missing, "4" tiers or margin
    row: JsonObject

    @classmethod
    def of(cls, rows: Rows) -> Self:
        """Read the one object of the answer."""
        if len(rows) != 1 or "sCode" not in rows[0]:
            raise Garbled("a switch precheck without a verdict", code="no_verdict")
        return cls(str(rows[0]["sCode"]), rows[0])

    @property
    def clear(self) -> bool:
        """Whether nothing forbids the switch, of an account that has another mode; of its own the venue looks at
        nothing."""
        switches = self.present and self.target and self.present != self.target
        return self.code == "0" and self.row.get("unmatchedInfoCheck") == [] and bool(switches)

    @property
    def present(self) -> str:
        """The mode that the account has, as the venue writes it; "" where it does not say."""
        return str(self.row.get("curAcctLv") or "")

    @property
    def target(self) -> str:
        """The mode that was asked about."""
        return str(self.row.get("acctLv") or "")

    @property
    def items(self) -> list[JsonObject]:
        return objects(self.row.get("unmatchedInfoCheck"))

    @property
    def levers(self) -> set[Decimal]:
        """The leverage that the positions would have, as it is preset by now."""
        return {number(one.get("lever")) for one in objects(self.row.get("posList"))}

    @property
    def presets(self) -> str:
        """The same in words; "none" where the venue still wants a preset."""
        return ("" if self.code == "3" else ", ".join(map(lever_text, sorted(self.levers)))) or "none"

    def has_preset(self, lever: Decimal) -> bool | None:
        """Whether that one is preset for the positions; None where the answer shows of none what it would have."""
        if self.code == "3":
            return False
        return self.levers == {lever} if self.levers else None

    @property
    def margin(self) -> str:
        """Before and after, as far as the venue says."""
        told = [(when, _margin(self.row.get(name))) for when, name in (("before", "mgnBf"), ("after", "mgnAft"))]
        return "; ".join(f"{when}: {words}" for when, words in told if words)


def _margin(said: object) -> str:
    """Of the whole account in USD, or by currency, as the mode counts it."""
    if not isinstance(said, dict):
        return ""
    whole = [(said.get("acctAvailEq"), said.get("mgnRatio"), "USD")]
    each = [(one.get("availEq"), one.get("mgnRatio"), str(one.get("ccy"))) for one in objects(said.get("details"))]
    told = []
    for equity, ratio, unit in (*whole, *each):
        parts = [f"{number(equity):f} {unit} available"] if equity else []
        parts += [f"margin ratio {number(ratio):f}"] if ratio else []
        told += [", ".join(parts)] if parts else []
    return "; ".join(told)
