"""What drift found, in numbers: Prometheus's text format, for the textfile collector of its node exporter and for
`watch` over HTTP.

Names end in their unit, and times are Unix seconds, so that a query takes the age: `time() - ..._timestamp_seconds`.
Source: Prometheus, "Exposition formats" (0.0.4) and "Metric and label naming".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from acctcfg.core.drift import FINDINGS, Drift
from acctcfg.core.outcome import STATUSES
from acctcfg.core.watched import RESULTS, Tally, Watched
from acctcfg.render.harmless import harmless

__all__ = ["BEGINS", "drift_metrics", "watch_metrics"]

BEGINS: Final = "# HELP acctcfg_"
"""How each page of metrics begins, so that a file of them is told from any other."""
WITHIN_DAYS: Final = (0, 1, 7, 14, 30)
"""The bounds by which keys are counted; each count includes those before it."""
_DAY_S = 86_400
_Sample = tuple[dict[str, str], float]


class Metric(NamedTuple):
    """Its values by their labels. A name that ends in `_total` is a counter's, any other a gauge's."""

    name: str
    help: str
    samples: Sequence[_Sample]

    @property
    def type(self) -> str:
        """As the format names it."""
        return "counter" if self.name.endswith("_total") else "gauge"


def drift_metrics(drift: Drift) -> str:
    """All of them as a page."""
    return exposition(_numbers(drift))


def watch_metrics(tally: Tally, latest: Watched | None, drift: Drift | None) -> str:
    """Those of the last look that did not fail, and what the looks of this process add up to."""
    return exposition([*([] if drift is None else _numbers(drift)), *_looks(tally, latest)])


def exposition(metrics: Iterable[Metric]) -> str:
    """The text format: help, type, and a line a sample."""
    lines: list[str] = []
    for metric in metrics:
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.type}"]
        lines += [f"{metric.name}{_labels(labels)} {_number(value)}" for labels, value in metric.samples]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    shown = ((name, harmless(value).replace("\\", "\\\\").replace('"', '\\"')) for name, value in labels.items())
    return "{" + ",".join(f'{name}="{value}"' for name, value in shown) + "}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.3f}"


def _numbers(drift: Drift) -> Iterator[Metric]:
    plan = drift.plan
    venues = [report.venue for report in plan.reports]
    found = Counter((one.venue, one.code) for one in drift.findings)
    unread = Counter(_venue_of(where, drift) for where in {_whose(one.address) for one in plan.unreadable})

    def by_venue(counts: Counter[str]) -> list[_Sample]:
        return [({"venue": venue}, counts[venue]) for venue in sorted({*venues, *counts})]

    yield Metric(
        "acctcfg_accounts", "Accounts that were read.", [({"venue": one.venue}, one.accounts) for one in plan.reports]
    )
    yield Metric(
        "acctcfg_drifted_accounts",
        "Accounts that are not as the manifest says.",
        by_venue(Counter(drift.accounts.values())),
    )
    yield Metric(
        "acctcfg_changed_values",
        "Values that are not as the manifest says.",
        by_venue(Counter(step.venue for step in plan.steps)),
    )
    looked_for = FINDINGS.keys() - drift.not_looked_for
    pairs = sorted({(venue, code) for venue in venues for code in looked_for} | set(found))
    yield Metric(
        "acctcfg_drift_findings",
        "Findings, by code. What was not looked for has no value.",
        [({"venue": venue, "code": code}, found[venue, code]) for venue, code in pairs],
    )
    words = "Accounts and venue lists that could not be read in full."
    yield Metric("acctcfg_unreadable_accounts", words, by_venue(unread))
    yield from _keys(drift, () if drift.skipped else venues)
    words = "1 if everything was looked at and could be read, else 0."
    yield Metric("acctcfg_drift_whole", words, [({}, int(drift.whole))])
    yield Metric("acctcfg_drift_last_run_timestamp_seconds", "When drift was last looked for.", [({}, drift.at)])
    last: list[_Sample] = [] if drift.last_run is None else [({}, drift.last_run)]
    yield Metric("acctcfg_last_write_run_timestamp_seconds", "When the last run that may write began.", last)


def _keys(drift: Drift, venues: Sequence[str]) -> Iterator[Metric]:
    """Without a value where no list of keys was read: 0 would say that none is due."""
    rotate = [(one.venue, one.rotate_at) for one in drift.keys]
    lapse = [(one.venue, one.lapses_at) for one in drift.keys]
    words = "API keys that reach their rotate_after within this many days."
    yield _due("acctcfg_keys_due_for_rotation", words, venues, rotate, drift.at)
    yield _due("acctcfg_keys_lapsing", "API keys that the venue may delete in so many days.", venues, lapse, drift.at)


def _looks(tally: Tally, latest: Watched | None) -> Iterator[Metric]:
    looks: list[_Sample] = [({"result": result}, tally.looks[result]) for result in RESULTS]
    yield Metric("acctcfg_watch_looks_total", "Looks, by result.", looks)
    steps: list[_Sample] = [({"status": status}, tally.steps[status]) for status in STATUSES]
    yield Metric("acctcfg_watch_steps_total", "Steps of applied plans, by status.", steps)
    yield Metric(
        "acctcfg_watch_failures_in_a_row", "Looks that failed since the last one that did not.", [({}, tally.in_a_row)]
    )
    if latest is not None:
        contested = len(latest.contested)
        yield Metric(
            "acctcfg_watch_contested_values", "Values that something else keeps changing back.", [({}, contested)]
        )
        yield Metric("acctcfg_watch_last_look_timestamp_seconds", "When the last look began.", [({}, latest.at)])
        yield Metric("acctcfg_watch_last_look_seconds", "How long the last look took.", [({}, latest.seconds)])


def _due(name: str, words: str, venues: Sequence[str], times: Sequence[tuple[str, float | None]], now: float) -> Metric:
    return Metric(
        name,
        words,
        [
            (
                {"venue": venue, "within_days": str(days)},
                sum(one == venue and at is not None and at <= now + days * _DAY_S for one, at in times),
            )
            for venue in venues
            for days in WITHIN_DAYS
        ],
    )


def _whose(address: str) -> str:
    """The account of an address, or the connection that it is of as a whole ("venues.desk")."""
    head = address.partition(".")[0]
    return address if head == "venues" else head


def _venue_of(where: str, drift: Drift) -> str:
    """Its connection: of an account that could not be read in full none of the steps tells."""
    return where.removeprefix("venues.") if where.startswith("venues.") else drift.places.get(where, "")
