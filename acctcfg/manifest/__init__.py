"""The files that the user wrote -> `core.desired.Manifest`, with every problem of all files in one go."""

from __future__ import annotations

from acctcfg.manifest.load import load

__all__ = ["load"]
