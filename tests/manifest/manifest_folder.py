"""A workspace in a folder, and what loading it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from acctcfg.core.desired import AccountSpec, Manifest
from acctcfg.core.rules import VenueRules
from acctcfg.errors import ManifestError
from acctcfg.manifest import load
from acctcfg.venues.okx.rules import OKX_DMA_BROKER_RULES

RULES: Mapping[str, VenueRules] = {OKX_DMA_BROKER_RULES.type: OKX_DMA_BROKER_RULES}
TWO_TYPES: Mapping[str, VenueRules] = {
    **RULES,
    "plain_desk": replace(
        OKX_DMA_BROKER_RULES,
        type="plain_desk",
        regions=(),
        fields=frozenset({"account_mode", "leverage", "uid"}),
        account_modes={"spot": "", "wide": ""},
        leverage_selectors=("symbol",),
        check=lambda _: (),
    ),
}

HEAD = """\
version: 1
venues:
  desk: {type: okx_dma_broker, environment: demo, credentials: {env: OKX_DESK}}
secret_stores:
  vault: {type: age_file, path: secrets/, recipients: [age1nz3p8yu0pfyapcuka2hl8mxepq3nez5zewnx629a7ge6gkmtn3csdnszr2]}
"""


class Folder:
    """A workspace under test."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, **files: str) -> None:
        """Write files; `a__b` is a/b.yaml, and `acctcfg` the root file."""
        for name, text in files.items():
            path = self.path / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def load(self, rules: Mapping[str, VenueRules] = RULES, **environ: str) -> Manifest:
        """The manifest; raises ManifestError."""
        return load(self.path, rules, environ=environ)

    def problems(self, rules: Mapping[str, VenueRules] = RULES, **environ: str) -> list[str]:
        """What is wrong, a line each; [] for a sound manifest."""
        try:
            self.load(rules, **environ)
        except ManifestError as exc:
            return [str(problem) for problem in exc.problems]
        return []

    def account(self, text: str, key: str = "mmdesk01") -> AccountSpec:
        """The account that `text` (sections after HEAD) describes."""
        self.write(acctcfg=HEAD + text)
        return self.load().accounts[key]
