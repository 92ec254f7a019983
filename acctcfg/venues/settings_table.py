"""The table of a venue's settings for its page in docs/, made from the rows."""

from __future__ import annotations

from collections.abc import Iterable

from acctcfg.core.codes import precheck_words
from acctcfg.core.rules import VenueRules
from acctcfg.core.setting import Setting, kind_words
from acctcfg.venues.switch import Switch

__all__ = ["settings_table"]

_HEAD = ("setting", "what it is", "values", "account modes", "prechecks", "one way", "read back from")


def settings_table(switches: Iterable[Switch], rules: VenueRules) -> str:
    """Markdown, a row a setting, by name."""
    rows = [_row(one, rules) for one in sorted(switches, key=lambda one: one.setting.name)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (_HEAD, ["---"] * len(_HEAD), *rows)) + "\n"


def _row(switch: Switch, rules: VenueRules) -> tuple[str, ...]:
    setting = switch.setting
    asked = (precheck_words(name, rules.prechecks.get(name, "")) for name in setting.prechecks)
    return (
        f"`{setting.name}`",
        setting.doc,
        _values(setting),
        ", ".join(f"`{mode}`" for mode in setting.modes) or "all",
        "; ".join(asked) or "none",
        "; ".join(setting.one_ways) or "no",
        f"{switch.source}: `{switch.shown_as}`",
    )


def _values(setting: Setting) -> str:
    return kind_words(setting.kind).replace("|", "\\|")
