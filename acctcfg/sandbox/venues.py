"""The venues that the sandbox serves: a folder and a row each. The first is meant where a seed names none."""

from __future__ import annotations

from acctcfg.sandbox.gate_crossex.venue import GateCrossex
from acctcfg.sandbox.okx.venue import Okx
from acctcfg.sandbox.venue import Venue

__all__ = ["VENUES"]

VENUES: tuple[type[Venue], ...] = (Okx, GateCrossex)
