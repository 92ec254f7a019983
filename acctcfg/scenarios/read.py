"""Files of scenarios -> scenarios that know their lines, or everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from acctcfg.core.address import Address
from acctcfg.core.desired import Manifest, Place
from acctcfg.core.rules import VenueRules
from acctcfg.errors import ManifestError, Problem, UsageError
from acctcfg.manifest.nodes import Node, Sources
from acctcfg.manifest.problems import Report, near, shown
from acctcfg.manifest.read import parse
from acctcfg.manifest.scalars import BAD
from acctcfg.manifest.selectable import not_selectable
from acctcfg.plain_file import read_plain
from acctcfg.sandbox.values import spelled
from acctcfg.scenarios.shape import OPTIONS, shape_of

__all__ = ["Scenario", "read_scenarios"]

PATTERN: Final = "tests/*.yaml"
LARGEST: Final = 8 << 20  # bytes of one file


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario: what it says, and where it says so."""

    name: str
    folder: Path  # of its file: a seed's path starts there
    said: Mapping[str, Any]  # the shape of `shape_of`, checked
    _node: Node
    _sources: Sources

    @property
    def command(self) -> str:
        """What is tried."""
        return str(self.said.get("run", "plan"))

    @property
    def options(self) -> Mapping[str, Any]:
        """The options of the command."""
        found: Mapping[str, Any] = self.said.get("options", {})
        return found

    @property
    def place(self) -> Place:
        """Where it begins."""
        return self._sources.place(self._node.key_mark)

    def place_of(self, *path: str | int) -> Place:
        """Where a part of it is written; the nearest that is, where that part is not."""
        node = self._node
        for step in path:
            held = node.value if isinstance(node.value, dict) else dict(enumerate(node.value or ()))
            if step not in held:
                break
            node = held[step]
        return self._sources.place(node.key_mark)

    def problem(self, message: str, *path: str | int) -> Problem:
        """Something that is wrong with a part of it."""
        return Problem(*self.place_of(*path), spelled(("scenarios", self.name, *path)), message)


def read_scenarios(
    directory: Path, files: Sequence[Path], manifest: Manifest, rules: Mapping[str, VenueRules]
) -> list[Scenario]:
    """The scenarios of these files, relative to the workspace; of `tests/*.yaml` where none is named.

    Raises ManifestError with every problem of every file, UsageError where there is no scenario.
    """
    named = list(files) or sorted(path.relative_to(directory) for path in directory.glob(PATTERN))
    if not named:
        raise UsageError(f"there is no {PATTERN} in {directory}", hint="name the files: acctcfg test FILE...")
    shape, sources, problems = shape_of(rules.values()), Sources(), set[Problem]()
    found: list[Scenario] = []
    for name in named:
        node, wrong = parse(_bytes(directory / name), sources, str(name))
        problems.update(wrong)
        if node is None or node.value is None:
            if not wrong:
                problems.add(Problem(str(name), 1, 1, "", "the file is empty (it needs `version: 1` and `scenarios`)"))
            continue
        report = Report(sources, problems, [("", node)])
        taken = shape.take(node, report)
        if taken is BAD:
            continue
        for title, child in _named(node):
            said = taken.get("scenarios", {}).get(title)
            if said is not None:
                found.append(Scenario(title, (directory / name).parent, said, child, sources))
                _check(found[-1], child, manifest, rules.values(), report)
    if problems:
        raise ManifestError(tuple(problems), hint="nothing was tried; correct these lines")
    if not found:
        raise UsageError(f"{', '.join(map(str, named))}: no scenarios found")
    return found


def _bytes(path: Path) -> bytes:
    try:
        return read_plain(path, LARGEST)[0]
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}") from exc


def _named(node: Node) -> Iterator[tuple[str, Node]]:
    section = node.value.get("scenarios")
    if section is not None and isinstance(section.value, dict):
        yield from section.value.items()


def _check(scenario: Scenario, node: Node, manifest: Manifest, rules: Collection[VenueRules], report: Report) -> None:
    """What one value alone cannot tell: names of accounts, and which options a command has."""
    for option in scenario.options:
        if scenario.command not in OPTIONS[option]:
            whose = " and ".join(OPTIONS[option])
            report.key(
                node.value["options"].value[option], f"is not an option of {scenario.command} (it is one of {whose})"
            )
    expect = scenario.said.get("expect", {})
    for part in ("steps", "state"):
        for address in expect.get(part, {}):
            account = Address.of(address).account
            if account not in manifest.accounts:
                words = f"the manifest has no account {shown(account)}{near(account, manifest.accounts)}"
                report.key(node.value["expect"].value[part].value[address], words)
    for index, text in enumerate(expect.get("no_steps", ())):
        if wrong := _selects_none(text, manifest, rules):
            report.value(node.value["expect"].value["no_steps"].value[index], wrong)
    for index, event in enumerate(scenario.said.get("events", ())):
        _check_event(event, node.value["events"].value[index], report)


def _selects_none(text: str, manifest: Manifest, rules: Collection[VenueRules]) -> str:
    """Why an address or a pattern could never have a step, so that to expect none of it says nothing; else ""."""
    account = Address.of(text).account
    if not set(account) & {"*", "?"} and account not in manifest.accounts:
        return f"the manifest has no account {shown(account)}{near(account, manifest.accounts)}"
    wrong = not_selectable(text, rules)
    return wrong and f"{shown(text)} {wrong}"


def _check_event(event: object, node: Node, report: Report) -> None:
    if not isinstance(event, dict):
        return
    whole = {"faults", "client_ip", "maintenance"}  # what concerns no account
    if needs := next((name for name in event if name not in whole | {"account"}), None):
        if "account" not in event:
            report.key(node.value[needs], "needs `account`")
    elif not event.keys() & whole:
        report.value(node, "names nothing that happens (open, close, set, faults, ...)")
