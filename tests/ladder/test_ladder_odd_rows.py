"""A row of the venue's lists that cannot be read, or that stands there twice, spoils nobody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk, Said, seed
from ladder_parts import NO_CHANGES

from acctcfg.sandbox.okx import broker
from acctcfg.venues.okx.pages import PAGE, NumberedPages, PagesByTime

ODD: tuple[Any, ...] = ({"uid": "9", "label": "x"}, {"subAcct": None, "uid": "9"}, {"subAcct": "", "uid": "9"}, {})
TYPES = {"okx_dma_broker": "*/dma/subaccount-info", "okx": "*/users/subaccount/list"}
SUBS = {"trader01": {"label": "TraderOne"}, "trader02": {}}


@pytest.fixture(params=TYPES)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A workspace on a sandbox with two sub-accounts, of a broker and of a regular master."""
    world = seed(SUBS)
    if request.param == "okx":
        world["tenants"]["desk"] |= {"broker": False, "keys": [{**MASTER, "ip": "127.0.0.1"}]}
    with Desk.at(tmp_path, monkeypatch, world) as made:
        made.write({name: {} for name in SUBS}, venue={"type": request.param})
        yield made


def row(desk: Desk, name: str) -> dict[str, Any]:
    """An account's row as the venue lists it."""
    shown = {"subAcct": name, "uid": desk.account(name)["uid"], "label": "", "ts": "1790000000000", "enable": True}
    return {**shown, "frozenFunc": [], "canTransOut": True, "subAcctLv": "1", "firstLvSubAcct": name, "acctLv": "1"}


def listed(desk: Desk, *rows: Any) -> None:
    """Let every list of sub-accounts show these."""
    kind = desk.document["venues"]["desk"]["type"]
    data = [{"details": rows, "page": "1", "totalPage": "1"}] if kind == "okx_dma_broker" else rows
    body = json.dumps({"code": "0", "msg": "", "data": data})
    desk.fault(match={"path": TYPES[kind], "method": "GET"}, times=0, kind="garbage", body=body)


def told(said: Said) -> dict[str, str]:
    """What a document says could not be read: address and code."""
    return {one["address"]: one["code"] for one in said.json["unreadable"]}


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_strangers_row_spoils_no_account_that_is_listed(desk: Desk, odd: Any) -> None:
    """Both accounts are read, and drift says besides that somebody's row could not be."""
    listed(desk, row(desk, "trader01"), odd, row(desk, "trader02"))
    said = desk.plan()
    assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err
    said = desk.run("drift", "--format", "json")
    assert (said.code, told(said)) == (1, {"venues.desk": "shape"}), said.out + said.err
    assert json.loads(desk.run("output").out)["trader02"]["uid"] == desk.account("trader02")["uid"]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_who_is_not_found_beside_such_a_row_is_not_absent(desk: Desk, odd: Any) -> None:
    """It may be the one: it is neither created nor believed deleted."""
    connection = desk.document["venues"]["desk"]
    wanted: dict[str, Any] = {"trader03": {"label": "TraderThree"}}
    if connection["type"] == "okx_dma_broker":  # a regular master deletes none
        wanted["trader04"] = {"state": "absent"}
    desk.write({**{name: {} for name in SUBS}, **wanted}, venue=connection)
    listed(desk, row(desk, "trader01"), odd, row(desk, "trader02"))
    said = desk.plan("--format", "json")
    assert (said.code, said.json["steps"]) == (1, []), said.out + said.err
    assert told(said) == dict.fromkeys(wanted, "shape")
    assert desk.apply().code == 1
    assert desk.writes() == []


def test_an_import_says_the_odd_row_and_goes_on(desk: Desk) -> None:
    """`--all` writes the accounts that can be read, says that a row is left out, and exits 1; a name exits 0."""
    desk.write({}, venue=desk.document["venues"]["desk"], include=["accounts/*.yaml"])
    listed(desk, row(desk, "trader01"), {"uid": "9"}, row(desk, "trader02"))
    assert desk.run("import", "trader01", "trader02", "--out", "two").code == 0
    said = desk.run("import", "nobody", "--out", "none")
    assert (said.code, "a row that cannot be read" in said.err) == (1, True), said.err
    said = desk.run("import", "--all", "--out", "all")
    assert said.code == 1
    left_out = (
        "venues.desk: not everything was imported from it: the venue's list of sub-accounts has a row that cannot"
    )
    assert left_out in said.err
    written = (desk.folder / "all" / "accounts" / "desk.yaml").read_text(encoding="utf-8")
    assert all(f"  {name}:" in written for name in SUBS)


@pytest.mark.parametrize("odd", ["x", None, 7, []], ids=repr)
def test_a_row_that_is_no_object_is_odd_alike(odd: Any) -> None:
    """A page of a broker's list gives its other rows, and tells that it has one more."""
    rows = [{"subAcct": "trader01", "uid": "7"}, odd]
    page = NumberedPages().rows([{"details": rows, "page": "1", "totalPage": "1"}])
    assert ([one.name for one in page.rows], page.odd) == (["trader01"], 1)


def test_a_full_page_with_such_a_row_is_followed_by_the_next() -> None:
    """Odd rows count for the length of a page, and a time that none of them tells comes with the next page again."""
    rows = [{"subAcct": f"trader{n:02}", "uid": f"{n}", "ts": f"{9000 - n}"} for n in range(PAGE - 2)]
    full = [*rows, {"uid": "9"}, {"subAcct": "late01", "uid": "8", "ts": "soon"}]
    page = NumberedPages().rows([{"details": full, "page": "1", "totalPage": "2"}])
    assert NumberedPages().after(page, 1) is not None
    call = PagesByTime().after(PagesByTime().rows(full), 1)
    assert call is not None
    assert call.params["after"] == str(9000 - (PAGE - 3) + 1)


def test_two_accounts_of_one_name_spoil_that_name_only(desk: Desk) -> None:
    """A name is an account's own: under two uids nobody knows which of them is meant."""
    listed(desk, row(desk, "trader01"), {**row(desk, "trader01"), "uid": "999"}, row(desk, "trader02"))
    said = desk.plan("--format", "json")
    assert (said.code, told(said)) == (1, {"trader01": "not_unique"}), said.out + said.err


@pytest.mark.parametrize("enable", ["maybe", None, "left out"])
def test_a_row_that_does_not_say_its_label_or_whether_it_is_enabled(desk: Desk, enable: str | None) -> None:
    """Neither is taken for an empty label nor for enabled: both are said."""
    desk.write({"trader01": {"label": "TraderOne"}, "trader02": {}}, venue=desk.document["venues"]["desk"])
    odd = {**row(desk, "trader01"), "enable": enable}
    for name in ("label", *(["enable"] if enable == "left out" else [])):
        del odd[name]
    listed(desk, odd, row(desk, "trader02"))
    warned = {one["code"]: one["message"] for one in desk.plan("--format", "json").json["warnings"]}
    assert warned["label_differs"] == 'the venue does not say its label; "TraderOne" is wanted'
    assert warned["account_frozen"] == "the venue does not say whether it is enabled: it may be frozen"


@pytest.mark.parametrize("name", ["label", "ts", "subAcctLv", "enable"])
def test_a_list_where_a_text_belongs_spoils_its_own_field(desk: Desk, name: str) -> None:
    """The account is there with all that its row says besides: neither unreadable nor made anew."""
    listed(desk, {**row(desk, "trader01"), name: ["?"]}, row(desk, "trader02"))
    said = desk.plan()
    assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err


@pytest.mark.parametrize("count", [None, "", "0"], ids=repr)
def test_a_full_page_that_counts_no_pages_is_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: str | None
) -> None:
    """Of accounts on the second page none is taken for missing, so none is made a second time."""
    names = [f"trader{n:03}" for n in range(PAGE + 7)]
    counted = broker._paged

    def uncounted(*asked: Any) -> Any:
        answer = counted(*asked)
        answer.data[0]["totalPage"] = count
        return answer

    monkeypatch.setattr(broker, "_paged", uncounted)
    with Desk.at(tmp_path, monkeypatch, seed({name: {} for name in names})) as desk:
        desk.write({name: {"account_mode": "spot"} for name in names})
        for said in (desk.plan(), desk.apply()):
            assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err
        assert desk.writes() == []
