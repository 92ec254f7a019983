"""Venues and secret stores: the parts of a manifest that say whom to talk to and where secrets are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from acctcfg.core.base_url import BaseUrl
from acctcfg.core.desired import Granted, StoreSpec, VenueSpec
from acctcfg.core.rules import VenueRules
from acctcfg.manifest.containers import Table
from acctcfg.manifest.files import Workspace
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, near, shown
from acctcfg.manifest.scalars import BAD
from acctcfg.manifest.shape import NAME, Shape
from acctcfg.manifest.stores import build_store
from acctcfg.signing import signing_of

_METHODS = ("GET /", "POST /", "PUT /", "DELETE /")

__all__ = ["build_stores", "build_venues", "check_source", "trusted"]


def build_stores(workspace: Workspace, shape: Shape) -> dict[str, StoreSpec]:
    """The stores that are sound enough to be named."""
    names = Table(shape.store, name=NAME)
    stores = {}
    for key, node in sorted(workspace.sections["secret_stores"].items()):
        report = Report(workspace.sources, workspace.problems, [(f"secret_stores.{key}", node)])
        names.check_name(key, node, report)
        stores[key] = build_store(key, node, shape.store, shape.stores, report)
    return stores


def build_venues(
    workspace: Workspace,
    shape: Shape,
    stores: Mapping[str, StoreSpec],
    environ: Mapping[str, str],
    moved: Mapping[str, Sequence[str]],
) -> dict[str, VenueSpec]:
    """The venues whose type is known; what is wrong with the others is in the problems. `moved`: former keys."""
    names = Table(shape.venue, name=NAME)
    venues = {}
    for key, node in sorted(workspace.sections["venues"].items()):
        report = Report(workspace.sources, workspace.problems, [(f"venues.{key}", node)])
        names.check_name(key, node, report)
        taken = shape.venue.take(node, report)
        if taken is BAD or "type" not in taken:
            continue
        rules = shape.rules[taken["type"]]
        if "credentials" in taken:
            _check_credentials(node, taken, rules, stores, report)
        environment = taken.get("environment", "live")
        _check_environment(node, environment, rules, report)
        if "base_url" in taken:
            _check_base_url(node, taken, rules, environ.get("ACCTCFG_TRUST", ""), report)
        egress = (one for one in taken.get("egress", ()) if one is not BAD)
        venues[key] = VenueSpec(
            key=key,
            type=rules.type,
            environment=environment,
            credentials=taken.get("credentials", {}),
            base_url=taken["base_url"].rstrip("/") if "base_url" in taken else None,
            region=_region(node, taken, rules, report),
            uid=taken.get("uid"),
            egress=tuple(sorted(egress)),
            rate_share=taken.get("rate_share"),
            proxy=_proxy(node, taken, report),
            formerly=tuple(moved.get(key, ())),
            limits=_limits(node, taken, rules, report),
            place=workspace.sources.place(node.key_mark),
        )
    return venues


def _check_credentials(
    node: Node, taken: Mapping[str, Any], rules: VenueRules, stores: Mapping[str, StoreSpec], report: Report
) -> None:
    source = taken["credentials"]
    if not source:
        return
    check_source(node.value["credentials"], source, stores, report)
    if "token" in source and not signing_of(rules).bearer_excludes:
        report.key(node.value["credentials"].value["token"], f"{rules.type} takes no tokens")


def _check_environment(node: Node, environment: str, rules: VenueRules, report: Report) -> None:
    if environment == "sandbox" and getattr(node.value.get("base_url"), "value", None) is None:
        report.value(node, "`base_url` is missing (the sandbox prints its address when it starts)")
    if environment not in rules.environments:
        words = f"{rules.type} has no environment {environment} ({' or '.join(rules.environments)})"
        report.value(node.value["environment"], words)


def _region(node: Node, taken: Mapping[str, Any], rules: VenueRules, report: Report) -> str:
    """The region that the manifest names, or that its `base_url` serves, or the type's first; "" where it has none."""
    region = taken.get("region")
    served = rules.region_of(taken.get("base_url", "")) if rules.regions else ""
    if region is not None and region not in rules.regions:
        _not_of_type(node, "region", rules, report)
    elif region is not None and served not in ("", region):
        at = report.sources.place(node.value["base_url"].mark)
        report.value(node.value["region"], f"{region} contradicts `base_url` at {at}, which serves region {served}")
    return region or served or (rules.regions[0] if rules.regions else "")


def _not_of_type(node: Node, field: str, rules: VenueRules, report: Report) -> None:
    at = report.sources.place(node.value["type"].mark)
    words = ", ".join(rules.regions) or "it has no regions"
    report.value(
        node.value[field],
        f"unknown {field} {shown(node.value[field].value)} for venue type {rules.type} at {at} ({words})",
    )


def check_source(node: Node, source: Mapping[str, Any], stores: Mapping[str, StoreSpec], report: Report) -> None:
    """What a credentials source names must exist, and `store` and `key` go together."""
    if "store" in source and source["store"] not in stores:
        what = f"the store {shown(source['store'])} is not defined{near(source['store'], stores)}"
        report.value(node.value["store"], what)
    if {"store", "keyring"} & {*node.value}:
        if "key" not in node.value:
            report.value(node, "`key` is missing (the path of the secret in the store)")
    elif "key" in source:
        report.key(node.value["key"], "can be used only with `store` or `keyring`")
    if "pass_env" in source and "exec" not in node.value:
        report.key(node.value["pass_env"], "can be used only with `exec`")


def _check_base_url(venue: Node, taken: Mapping[str, Any], rules: VenueRules, trust: str, report: Report) -> None:
    """Loopback is for what is not live; everything but the type's own hosts over https wants the user's own word."""
    node, text = venue.value["base_url"], taken["base_url"]
    url = BaseUrl.of(text)
    if url is None:
        report.value(node, "must be scheme, host and port, such as http://127.0.0.1:8700")
        return
    if url.host in rules.ended_hosts:
        report.value(node, f"{url.host} is no longer a host of {rules.type}: {rules.ended_hosts[url.host]}")
        return
    live = taken.get("environment", "live") == "live"
    if rules.owns(text) or (url.loopback and not live) or trusted(url, trust):
        return
    if url.host in rules.hosts and url.port in rules.closed_ports:
        report.value(node, f"{shown(text)}: {rules.closed_ports[url.port]}")
        return
    if url.loopback:
        report.value(
            node,
            f"{shown(text)} is not {rules.type} itself, and credentials of `environment: live` are sent nowhere else: "
            "write `environment: sandbox`, or name the address in the environment variable ACCTCFG_TRUST",
        )
        return
    report.value(
        node,
        f"{shown(text)} is neither loopback nor one of the hosts of {rules.type} over https "
        f"({', '.join(rules.hosts)}); name it in the environment variable ACCTCFG_TRUST to allow it",
    )


def _proxy(venue: Node, taken: Mapping[str, Any], report: Report) -> str | None:
    text: str | None = taken.get("proxy")
    if text is None:
        return None
    node = venue.value["proxy"]
    if BaseUrl.of(text) is None:
        report.value(node, "must be http://host:port, such as http://127.0.0.1:3128")
    url = BaseUrl.of(taken.get("base_url", ""))
    if url is not None and url.scheme == "http" and not url.loopback:
        report.value(node, "works only with https: a proxy could read what is sent over http")
    return text.rstrip("/")


def _limits(venue: Node, taken: Mapping[str, Any], rules: VenueRules, report: Report) -> dict[str, Granted]:
    """By endpoint; one that acctcfg does not call is a slip of the pen."""
    granted: dict[str, Granted] = {}
    if not taken.get("limits"):
        return granted
    known = rules.limits()
    for endpoint, limit in taken["limits"].items():
        if endpoint not in known:
            if not endpoint.startswith(_METHODS):
                continue  # the form of its name is wrong already
            what = f"{shown(endpoint)} is not an endpoint that acctcfg calls at {rules.type}{near(endpoint, known)}"
            report.key(venue.value["limits"].value[endpoint], what)
        elif "count" in limit and "per_s" in limit:
            granted[endpoint] = Granted(limit["count"], limit["per_s"])
    return granted


def trusted(url: BaseUrl, trust: str) -> bool:
    """Whether the words of ACCTCFG_TRUST (between commas or blanks) name this address.

    A word with a scheme stands for exactly that scheme, host and port. `host` and `host:port` stand for https only,
    `host` for its default port. There are no patterns: what is trusted is written out.
    """
    words = trust.replace(",", " ").split()
    return any(BaseUrl.of(word if "://" in word else f"https://{word}") == url for word in words)
