"""Claims on what a venue package declares: no venue is started, nothing is sent."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import pkgutil
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar
from urllib.parse import urlsplit

import acctcfg
from acctcfg.conformance.climb import climb
from acctcfg.conformance.ground import Ground
from acctcfg.conformance.trial import Trial, need
from acctcfg.core.address import Address
from acctcfg.core.codes import PRECHECKS, WARNINGS
from acctcfg.core.desired import Place, VenueSpec
from acctcfg.core.diff import Change
from acctcfg.core.order import order
from acctcfg.core.rules import VenueRules
from acctcfg.core.setting import Choice, Flag, Keyed, Kind, OnOff, Record, Simple
from acctcfg.engine.session import Session
from acctcfg.manifest.schema import manifest_schema
from acctcfg.venues import installed
from acctcfg.venues.contract import Connection, Venue
from acctcfg.wire.endpoint import Endpoint

__all__ = ["Declarations"]

OPEN_TO_VENUES = (
    "acctcfg.core",
    "acctcfg.deposit",
    "acctcfg.errors",
    "acctcfg.key_groups",
    "acctcfg.position_parts",
    "acctcfg.signing",
    "acctcfg.venues.account",
    "acctcfg.venues.blockers",
    "acctcfg.venues.brake",
    "acctcfg.venues.contract",
    "acctcfg.venues.existing",
    "acctcfg.venues.half_made",
    "acctcfg.venues.inventory",
    "acctcfg.venues.joint",
    "acctcfg.venues.key_making",
    "acctcfg.venues.key_rotation",
    "acctcfg.venues.key_wishes",
    "acctcfg.venues.one_call",
    "acctcfg.venues.own_key",
    "acctcfg.venues.pushes",
    "acctcfg.venues.rebates",
    "acctcfg.venues.resources",
    "acctcfg.venues.rotation_looks",
    "acctcfg.venues.second_look",
    "acctcfg.venues.settings",
    "acctcfg.venues.snapshot",
    "acctcfg.venues.unsent",
    "acctcfg.venues.switch",
    "acctcfg.wire",
)
"""What a venue package may import of acctcfg."""

KINDS = {
    "deposit": ("deposit.credit_to", "deposit.addresses"),
    "api_keys": ("api_keys", "-api_keys"),
    "state": ("state", "account", "-account"),
}
"""Account fields whose changes go by other names in the rows of `order`."""


class Declarations:
    """The entry point, the rules, the rows, the codes, the table of endpoints."""

    ground: ClassVar[type[Ground]]

    @property
    def venue(self) -> Any:
        """What the entry point gives."""
        return installed.venue(self._entry().name)

    def test_the_entry_point_gives_a_venue(self) -> None:
        """Everything that the contract's `Venue` names is there, and the rules are of that very type."""
        names = [*Venue.__annotations__, *_methods(Venue)]
        missing = [name for name in names if not hasattr(self.venue, name)]
        need(not missing, f"the entry point's object lacks {', '.join(missing)} of acctcfg.venues.contract.Venue")
        rules = self.venue.rules
        need(isinstance(rules, VenueRules), "`rules` must be a VenueRules")
        need(rules.type == self.ground.type, f"the rules are those of {rules.type!r}")
        need(self.venue.write_window_s > 0, "`write_window_s`: after how long is a signed request no longer executed?")

    def test_a_connection_has_every_part(self, trial: Trial) -> None:
        """Everything that the contract's `Connection` names is there once it is open, its user too."""
        trial.at(self.ground.rungs[0])

        async def work() -> Connection:
            workspace = acctcfg.load(trial.folder, os.environ)
            async with Session(workspace, workspace.manifest.venues) as session:
                return next(iter(session.links.values())).connection

        connection = asyncio.run(work())
        names = [*Connection.__annotations__, *_methods(Connection)]
        missing = [name for name in names if not hasattr(connection, name)]
        need(not missing, f"the connection lacks {', '.join(missing)} of acctcfg.venues.contract.Connection")
        need(connection.user, "`open` must set `user`, the venue user behind the credentials")

    def test_the_base_url_is_the_manifests_or_one_of_its_own_hosts(self) -> None:
        """What a manifest writes is used as it is; what the type itself chooses is a host of its rules, over https."""
        rules = self.venue.rules
        for region, environment in product(rules.regions or ("",), rules.environments):
            given = self.venue.base_url(_spec(self.ground.type, region, environment, "http://127.0.0.1:1"))
            need(given == "http://127.0.0.1:1", f"`base_url` must give the manifest's own, not {given}")
            own = urlsplit(self.venue.base_url(_spec(self.ground.type, region, environment, None)))
            need(
                own.scheme == "https" and own.hostname in rules.hosts,
                f"{own.geturl()}, the type's own address, is not one of `rules.hosts` over https",
            )

    def test_every_field_is_in_the_manifests_schema(self) -> None:
        """A field that the rules declare and no manifest can have is a slip of the pen."""
        rules = self.venue.rules
        definitions = manifest_schema(installed.rules())["$defs"]
        known = definitions["account"]["properties"]
        for field in sorted(rules.fields | rules.main_fields):
            need(field in known, f"the rules declare the field {field!r}, which no manifest has ({', '.join(known)})")
        selectors = known["leverage"]["items"]["properties"]
        for word in rules.leverage_selectors:
            need(word in selectors, f"the rules select leverage by {word!r}, which no manifest has")
        need(
            set(rules.roles) <= {"main", "sub_account"} and rules.roles,
            f"roles are main and sub_account, the default first, not {rules.roles}",
        )
        need(not (rules.main_fields and "main" not in rules.roles), "fields of the role main, and no such role")
        need(not (rules.fields and "sub_account" not in rules.roles), "fields of sub-accounts, and no such role")

    def test_order_rows_name_what_exists(self) -> None:
        """Both sides of every row are kinds of change of this type, with words that it has."""
        rules = self.venue.rules
        kinds = _kinds(rules)
        words = {
            "account_mode": set(rules.account_modes),
            "position_mode": set(rules.position_modes),
            "state": set(rules.states),
            **{one.field: _setting_words(one.kind) for one in rules.settings},
        }
        for row in self.venue.order:
            for side in row[:2]:
                match = re.fullmatch(r"(-?[\w.*]+)(?::!?(\w+))?(?:=(\w+))?", side)
                need(
                    match, f"the order row {row}: {side!r} is none of KIND, KIND=WORD, KIND:WORD=WORD, KIND:!WORD=WORD"
                )
                assert match is not None  # noqa: S101 (`need` has failed)
                kind, *values = match.groups()
                need(kind in kinds, f"the order row {row} names {kind!r}; this type has {', '.join(sorted(kinds))}")
                for value in filter(None, values):
                    need(value in words.get(kind, ()), f"the order row {row}: {kind} has no word {value!r}")
            need(row[2:] in ((), ("waits",)), f'the order row {row}: a third part is "waits"')

    def test_the_order_never_runs_in_a_circle(self) -> None:
        """Changes of all fields at once, from and to every word, can be put in order."""
        rules = self.venue.rules
        fields = sorted({kind for kind in _kinds(rules) if kind.strip("-").rpartition(".")[2] not in ("*", "account")})
        choices = {
            "account_mode": list(product(rules.account_modes, repeat=2)),
            "position_mode": list(product(rules.position_modes, repeat=2)),
        }
        for modes in product(*(choices.get(field) or [("a", "b")] for field in fields)):
            order([_change(kind, *words) for kind, words in zip(fields, modes, strict=True)], self.venue.order)

    def test_codes_are_of_the_closed_lists(self) -> None:
        """Every precheck and warning that the package names has its words: in acctcfg.core.codes, or in its rules."""
        rules = self.venue.rules
        words = {"precheck": {**PRECHECKS, **rules.prechecks}, "warning": {**WARNINGS, **rules.warnings}}
        for file, line, what, code in _codes(self._package()):
            known = words[what]
            need(code in known, f"{file}:{line}: no {what} of acctcfg.core.codes: {code!r} ({', '.join(known)})")
        for setting in rules.settings:
            for code in setting.prechecks:
                need(code in words["precheck"], f"the setting {setting.name!r} asks {code!r}, which has no words")
        for own, ours in ((rules.prechecks, PRECHECKS), (rules.warnings, WARNINGS)):
            for code, said in own.items():
                need(re.fullmatch(r"[a-z][a-z0-9_]*", code), f"{code!r}: a code is small letters, digits and _")
                need(code not in ours and said, f"the rules bring {code!r}, which has its words already, or has none")

    def test_every_endpoint_has_its_rate(self) -> None:
        """`rate_of` knows every endpoint that the package declares or a climb calls, and no other."""
        declared = {one.text: one for one in _endpoints(self._package())}
        need(declared, "the package declares no Endpoint")
        for text, endpoint in declared.items():
            need(self.venue.rate_of(text) == endpoint.rate, f"`rate_of({text!r})` is not the rate of that endpoint")
        for text in climb(self.ground).requests:
            need(self.venue.rate_of(text) is not None, f"a climb called {text}, of which `rate_of` knows nothing")
        need(self.venue.rate_of("GET /no-such-path") is None, "`rate_of` must be None for what is not in the table")

    def test_secret_fields_are_declared(self) -> None:
        """Law 12: a new key's secret comes as a `Secret` out of `Reply.secrets`; the package never handles its text."""
        for file, tree in _sources(self._package()):
            for node in ast.walk(tree):
                name = ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
                need(
                    name not in ("reveal", "Secret"),
                    f"{file}:{getattr(node, 'lineno', 0)}: {name}(): sign with `Secret.hmac`, and take what is new out "
                    "of `Reply.secrets`: the endpoint names these fields in `secrets`",
                )
        rules = self.venue.rules
        if "api_keys" in rules.fields | rules.main_fields:
            declared = [one.text for one in _endpoints(self._package()) if one.secrets]
            need(declared, "the type has API keys, and no endpoint names in `secrets` what a create answers but once")

    def test_refusals_have_words(self) -> None:
        """`explain` knows every code that the venue may refuse with, in words of its own."""
        need(self.ground.refusals, "the ground names no refusal code of its venue")
        for code in (*self.ground.refusals, *self.venue.error_codes()):
            found = self.venue.explain(code)
            need(found is not None, f"the venue refuses with {code}, and `explain` has no words for it")
            need(found.meaning and found.remedy, f"{code} is explained without a meaning, or without what to do")
        need(self.venue.explain("no such code") is None, "`explain` must be None for a code that nobody knows")

    def test_the_package_stands_on_the_contract_alone(self) -> None:
        """Of acctcfg it imports what is open to venues, and its own package."""
        package = self._package()
        open_ = (*OPEN_TO_VENUES, package.__name__)
        for file, tree in _sources(package):
            for line, name in _imports(tree):
                ours = name.partition(".")[0] == "acctcfg" and name != "acctcfg"
                fits = any(name == one or name.startswith(f"{one}.") for one in open_)
                need(not ours or fits, f"{file}:{line}: imports {name}; open to venues are {', '.join(open_)}")

    def _package(self) -> ModuleType:
        return import_module(self._entry().module)

    def _entry(self) -> EntryPoint:
        found = tuple(entry_points(group=installed.GROUP, name=self.ground.type)) or installed.own(self.ground.type)
        need(
            len(found) == 1,
            f"{len(found)} entry points {self.ground.type!r} of the group {installed.GROUP} are installed, not one: "
            "is the package installed, and does its pyproject.toml name it?",
        )
        return found[0]


def _setting_words(kind: Kind | Simple) -> set[str]:
    """What a row of order may say that a setting is set to."""
    match kind:
        case Flag() | OnOff():
            return {"true", "false"}
        case Choice(words):
            return set(words)
        case Keyed(item=item):
            return _setting_words(item)
        case Record(parts):
            return {word for part in parts.values() for word in _setting_words(part.kind)}
    return set()


def _methods(protocol: type) -> list[str]:
    return [name for name, one in vars(protocol).items() if inspect.isfunction(one) and not name.startswith("_")]


def _spec(type_: str, region: str, environment: str, base_url: str | None) -> VenueSpec:
    return VenueSpec(
        key="desk",
        type=type_,
        environment=environment,
        credentials={},
        base_url=base_url,
        region=region,
        uid=None,
        egress=(),
        rate_share=None,
        place=Place("acctcfg.yaml", 1, 1),
    )


def _kinds(rules: VenueRules) -> set[str]:
    fields = rules.fields | rules.main_fields
    kinds = {kind for field in fields - {"settings"} for kind in KINDS.get(field, (field,))}
    kinds |= {"settings.*", *(one.field for one in rules.settings)} if rules.settings else set()
    return kinds | {"*", "-*"} | ({"account", "-account"} if "sub_account" in rules.roles else set())


def _change(kind: str, before: str, after: str) -> Change:
    address = Address("a", kind.removeprefix("-"))
    return Change(address, "delete" if kind.startswith("-") else "change", before, None if kind[0] == "-" else after)


def _sources(package: ModuleType) -> Iterator[tuple[str, ast.Module]]:
    """The package's files with their syntax trees."""
    for folder in getattr(package, "__path__", [str(Path(str(package.__file__)))]):
        root = Path(folder)
        for file in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            name = file.relative_to(root.parent)
            yield str(name), ast.parse(file.read_text(encoding="utf-8"))


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


_NAMED = {  # call -> what it makes, and which argument is the code
    "Precheck": ("precheck", 0),
    "block": ("precheck", 1),
    "Warning_": ("warning", 1),
    "warn": ("warning", 1),
}


def _codes(package: ModuleType) -> Iterator[tuple[str, int, str, str]]:
    """Codes that stand in the source as they are: (file, line, "precheck" or "warning", code)."""
    for file, tree in _sources(package):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name not in _NAMED:
                continue
            what, at = _NAMED[name]
            if len(node.args) > at and isinstance(node.args[at], ast.Constant):
                code: Mapping[str, Any] = vars(node.args[at])
                yield file, node.lineno, what, str(code["value"])


def _endpoints(package: ModuleType) -> Iterator[Endpoint]:
    """Every Endpoint that a module of the package holds."""
    modules = [package]
    for found in pkgutil.walk_packages(getattr(package, "__path__", []), f"{package.__name__}."):
        modules.append(import_module(found.name))
    for module in modules:
        yield from (one for one in vars(module).values() if isinstance(one, Endpoint))
