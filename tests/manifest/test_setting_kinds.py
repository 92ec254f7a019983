"""Kinds of settings: what each takes, the addresses that it comes to, and what nothing leads back from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from manifest_folder import HEAD, RULES, Folder

from acctcfg.core.setting import Choice, Flag, OneWay, OnOff, Part, Record, Setting
from acctcfg.core.text_rule import TextRule

COLLATERAL = Setting(name="backing", doc="What backs", kind=OnOff("currency", TextRule("[A-Z]{2,6}", "a currency")))
OPTIONS = Setting(name="options", doc="Options", kind=Flag({True: OneWay("it stays on")}))
LEND = Setting(name="lend", doc="Lend", kind=Flag({True: OneWay("it stays on for a day", for_good=False)}))
ISOLATED = Setting(
    name="isolated",
    doc="Isolated",
    kind=Record(
        {
            "margin": Part(Choice({"auto": "", "transfers": ""}, {"transfers": OneWay("it stays so")}), "Pairs"),
            "contracts": Part(Choice({"auto": ""}), "Contracts"),
        }
    ),
)
SETTINGS = (COLLATERAL, OPTIONS, LEND, ISOLATED)


@pytest.fixture
def settings(folder: Folder):
    """The entries, or the problems, of an account with these settings."""
    rules = {name: replace(one, settings=SETTINGS) for name, one in RULES.items()}

    def taken(text: str) -> object:
        folder.write(acctcfg=f"{HEAD}accounts:\n  mmdesk01:\n    venue: desk\n    settings: {text}\n")
        problems = folder.problems(rules)
        if problems:
            return problems[0]
        entries = folder.load(rules).accounts["mmdesk01"].settings
        return {(one.field.removeprefix("settings."), one.key): one.value for one in entries}

    return taken


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("{backing: {all: true}}", {("backing", "all"): True}),
        (
            "{backing: {enabled: [BTC, ETH], disabled: [DOGE]}}",
            {("backing", "BTC"): True, ("backing", "DOGE"): False, ("backing", "ETH"): True},
        ),
        ("{backing: {disabled: [DOGE]}}", {("backing", "DOGE"): False}),
        ("{options: true}", {("options", ""): True}),
        ("{lend: false}", {("lend", ""): False}),
        ("{isolated: {margin: auto}}", {("isolated", "margin"): "auto"}),
    ],
)
def test_each_value_has_an_address(settings, text, entries) -> None:
    """All of them, or one address for each key of two lists; a field of a record is one of its own."""
    assert settings(text) == entries


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{backing: {all: false}}", "must be true: `disabled` names what is to be off"),
        ("{backing: {all: true, enabled: [BTC]}}", "all and enabled cannot be used together"),
        ("{backing: {enabled: [BTC], disabled: [BTC]}}", "BTC cannot be both enabled and disabled"),
        ("{backing: {enabled: [btc]}}", "must be a currency"),
        ("{backing: {enabled: [BTC, BTC]}}", "BTC"),
        ("{backing: true}", "must be a map"),
        ("{options: false}", "must be true: it cannot be undone: it stays on"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, text, words) -> None:
    """One message with the place; the way back from what stays for good is none."""
    said = settings(text)
    assert isinstance(said, str)
    assert "acctcfg.yaml:9:" in said
    assert words in said


def test_one_way_is_of_a_value_and_a_key() -> None:
    """Of `isolated` only `margin: transfers` stays, and `lend: true` for some time."""
    assert ISOLATED.one_way("margin", "transfers") == OneWay("it stays so")
    assert [ISOLATED.one_way(key, "auto") for key in ("margin", "contracts")] == [None, None]
    assert (OPTIONS.one_way("", True), OPTIONS.one_way("", False)) == (OneWay("it stays on"), None)
    assert ISOLATED.one_ways == ("margin transfers: it stays so",)
    assert LEND.one_ways == ("true: it stays on for a day",)
