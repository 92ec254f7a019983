"""Venues and secret stores: the parts of a manifest that say whom to talk to and where secrets are kept."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from acctcfg.core.desired import StoreSpec, VenueSpec
from acctcfg.core.rules import VenueRules
from acctcfg.manifest.files import Workspace
from acctcfg.manifest.kinds import Table
from acctcfg.manifest.read import Node
from acctcfg.manifest.report import Report, near, shown
from acctcfg.manifest.scalars import BAD
from acctcfg.manifest.shape import NAME, STORE_TYPES, Shape

__all__ = ["build_stores", "build_venues", "check_source", "trusted"]


def build_stores(workspace: Workspace, shape: Shape) -> dict[str, StoreSpec]:
    """The stores that are sound enough to be named."""
    names = Table(shape.store, name=NAME)
    stores = {}
    for key, node in sorted(workspace.sections["secret_stores"].items()):
        report = Report(workspace.sources, workspace.problems, [(f"secret_stores.{key}", node)])
        names.check_name(key, node, report)
        taken = shape.store.take(node, report)
        if taken is BAD:
            taken = {}
        _check_store(node, taken, report)
        stores[key] = StoreSpec(
            key=key,
            type=taken.get("type", ""),
            path=taken.get("path"),
            recipients=tuple(one for one in taken.get("recipients", ()) if one is not BAD),
            identity=taken.get("identity"),
            prefix=taken.get("prefix"),
            durable=taken.get("durable", False),
            place=workspace.sources.place(node.key_mark),
        )
    return stores


def _check_store(node: Node, taken: dict[str, Any], report: Report) -> None:
    kind = taken.get("type")
    if kind is None or type(node.value) is not dict:
        return
    for other, fields in STORE_TYPES.items():
        for name in fields:
            if other != kind and name in node.value and name not in STORE_TYPES[kind]:
                at = report.sources.place(node.value["type"].mark)
                report.key(node.value[name], f"a store of type {kind} (at {at}) has no `{name}`")
    if kind == "age_file" and "path" not in node.value:
        report.value(node, "`path` is missing (the folder of its files)")


def build_venues(
    workspace: Workspace, shape: Shape, stores: Mapping[str, StoreSpec], environ: Mapping[str, str]
) -> dict[str, VenueSpec]:
    """The venues whose type is known; what is wrong with the others is in the problems."""
    names = Table(shape.venue, name=NAME)
    venues = {}
    for key, node in sorted(workspace.sections["venues"].items()):
        report = Report(workspace.sources, workspace.problems, [(f"venues.{key}", node)])
        names.check_name(key, node, report)
        taken = shape.venue.take(node, report)
        if taken is BAD or "type" not in taken:
            continue
        rules = shape.rules[taken["type"]]
        source = taken.get("credentials", {})
        if source:
            check_source(node.value["credentials"], source, stores, report)
        if "base_url" in taken:
            _check_base_url(node.value["base_url"], taken["base_url"], rules, environ, report)
        elif taken.get("environment") == "sandbox":
            report.value(node, "`base_url` is missing (the sandbox prints its address when it starts)")
        environment = taken.get("environment", "live")
        if environment not in rules.environments:
            words = f"{rules.type} has no environment {environment} ({' or '.join(rules.environments)})"
            report.value(node.value["environment"], words)
        region = taken.get("region")
        if region is not None and region not in rules.regions:
            _not_of_type(node, "region", rules, report)
        egress = (one for one in taken.get("egress", ()) if one is not BAD)
        venues[key] = VenueSpec(
            key=key,
            type=rules.type,
            environment=environment,
            credentials=source,
            base_url=taken["base_url"].rstrip("/") if "base_url" in taken else None,
            region=region or (rules.regions[0] if rules.regions else ""),
            uid=taken.get("uid"),
            egress=tuple(sorted(egress)),
            rate_share=taken.get("rate_share"),
            place=workspace.sources.place(node.key_mark),
        )
    return venues


def _not_of_type(node: Node, field: str, rules: VenueRules, report: Report) -> None:
    at = report.sources.place(node.value["type"].mark)
    words = ", ".join(rules.regions) or "it has none"
    report.value(node.value[field], f"{shown(node.value[field].value)} is none of type {rules.type} at {at} ({words})")


def check_source(node: Node, source: Mapping[str, Any], stores: Mapping[str, StoreSpec], report: Report) -> None:
    """What a credentials source names must exist, and `store` and `key` go together."""
    if "store" in source:
        if source["store"] not in stores:
            at = node.value["store"]
            report.value(at, f"the store {shown(source['store'])} is not defined{near(source['store'], stores)}")
        if "key" not in node.value:
            report.value(node, "`key` is missing (the path of the secret in the store)")
    elif "key" in source:
        report.key(node.value["key"], "goes with `store` only")


def _check_base_url(node: Node, url: str, rules: VenueRules, environ: Mapping[str, str], report: Report) -> None:
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        port, host = None, ""
    if not host or (port is not None and not 0 < port < 65536):
        report.value(node, "must be scheme, host and port, such as http://127.0.0.1:8700")
        return
    if _loopback(host) or (parts.scheme == "https" and host in rules.hosts and port in (None, 443)):
        return
    if trusted(parts, environ.get("ACCTCFG_TRUST", "")):
        return
    report.value(
        node,
        f"{shown(url)} is neither loopback nor one of the hosts of {rules.type} over https "
        f"({', '.join(rules.hosts)}); the environment variable ACCTCFG_TRUST must name it",
    )


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def trusted(url: SplitResult, trust: str) -> bool:
    """Whether the words of ACCTCFG_TRUST (between commas or blanks) name this address.

    A word with a scheme stands for exactly that scheme, host and port. `host` and `host:port` stand for https only,
    `host` for its default port. There are no patterns: what is trusted is written out.
    """
    for word in trust.replace(",", " ").split():
        try:
            named = urlsplit(word if "://" in word else f"https://{word}")
            if named.hostname and _origin(named) == _origin(url):
                return True
        except ValueError:
            continue
    return False


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or {"https": 443, "http": 80}.get(url.scheme)
