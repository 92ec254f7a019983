"""import at OKX: what is written where, what is told, and what is never touched."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk, Said, seed
from ladder_parts import stock

NO_CHANGES = "No changes. Live accounts match the manifest."
INCLUDE = ["accounts/*.yaml"]
HERE = "127.0.0.1"
SECRET = ("api_key", "secret_key", "passphrase")


def key(name: str, label: str, perm: str = "read_only,trade", ip: str = HERE) -> dict[str, str]:
    """A key of the sandbox's, with its secret."""
    secret = {"api_key": f"id-{name}-{label}", "secret_key": f"secret {name}", "passphrase": "Pass-word-1"}
    return {"label": label, "perm": perm, "ip": ip, "env": "demo", **secret}


def live(number: int, **more: Any) -> dict[str, Any]:
    """A trading account like the others."""
    leverage = {"SWAP/cross/BTC-USDT-SWAP": "10", **more.pop("leverage", {})}
    keys = [key(f"trader{number:02}", "trading")]
    return {"acctLv": "3", "posMode": "net_mode", "keys": keys, "leverage": leverage, **more}


WORLD = {
    "trader01": live(1, label="TraderOne"),
    "trader02": live(2),
    "trader03": live(3, leverage={"SWAP/cross/SOL-USDT-SWAP": "2"}),
    "trader04": live(4),
}


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A workspace without accounts, on a sandbox that has some; the secret of each `trading` is in the store."""
    world = getattr(request, "param", None) or seed(WORLD)
    with Desk.at(tmp_path, monkeypatch, world) as made:
        made.write({}, include=INCLUDE)
        for name, account in world["tenants"]["desk"]["sub_accounts"].items():
            for one in account.get("keys", ()):
                if one["label"] == "trading":
                    stock(made, name, {part: one[part] for part in SECRET}, one["label"])
        yield made


def imported(desk: Desk, *arguments: str, file: str = "accounts/desk.yaml") -> str:
    """What an import wrote; it sent no write, and a plan right after is empty."""
    said = desk.run("import", *arguments)
    assert said.code == 0, said.out + said.err
    assert desk.writes() == []
    planned = desk.plan()
    assert planned.last == NO_CHANGES, planned.out + planned.err
    return (desk.folder / file).read_text(encoding="utf-8")


def refused(said: Said, code: int, *words: str) -> None:
    """With that exit status, in these words."""
    assert said.code == code, said.out + said.err
    assert all(word in said.err for word in words), said.err


def test_what_many_share_is_a_profile_and_the_rest_are_exceptions(desk: Desk) -> None:
    """Four accounts of which one differs in a single scope: one profile, one line of leverage beside it."""
    text = imported(desk, "trader*", "--store", "vault")
    shared, _, own = text.partition("\naccounts:")
    assert 'family: "*", margin: cross, value: 5' in shared
    assert "family: BTC-USDT, margin: cross, value: 10" in shared
    assert own.count("profile: desk_multi_currency") == 4
    assert own.count("market:") == 1
    assert "- {market: swap, family: SOL-USDT, margin: cross, value: 2}" in own
    assert "label: TraderOne" in own
    assert own.count("uid: ") == 4
    for secret in (MASTER["secret_key"], "secret trader", "Pass-word", "id-trader"):
        assert secret not in text


def test_without_the_secret_only_what_the_master_reads_is_managed(desk: Desk) -> None:
    """Keys are there without a store, the mode by the broker's list; the rest is told in comments."""
    text = imported(desk, "trader01")
    assert "account_mode: multi_currency" in text
    assert "permissions: [read, trade]" in text
    assert "store:" not in text
    assert "leverage:\n" not in text
    assert "# position_mode: not managed: " in text
    assert "# nobody here has its secret (--store NAME looks for it)" in text


def test_a_secret_that_is_another_keys_is_not_used(desk: Desk) -> None:
    """It is tried first, and the comment says what was wrong with it."""
    stock(desk, "trader02", {part: key("trader01", "trading")[part] for part in SECRET})
    text = imported(desk, "trader02", "--store", "vault")
    assert "store: vault" not in text
    assert "# the secret at vault:desk/trader02/trading is not used: it signs for the uid" in text


@pytest.mark.slow
def test_a_second_import_takes_what_is_left_and_overwrites_nothing(desk: Desk) -> None:
    """Its own file, and not the accounts that the manifest has; a third one has nothing to do."""
    first = imported(desk, "trader01", "trader02", "--store", "vault")
    second = imported(desk, "--all", "--store", "vault", file="accounts/desk-2.yaml")
    assert (desk.folder / "accounts/desk.yaml").read_text(encoding="utf-8") == first
    assert "trader01" not in second
    assert "desk_multi_currency_2:" in second  # the name of the first one is in use
    assert "role: main" in second
    said = desk.run("import", "--all")
    assert (said.code, said.last) == (0, "Nothing was imported.")
    assert sorted(file.name for file in (desk.folder / "accounts").iterdir()) == ["desk-2.yaml", "desk.yaml"]
    refused(desk.run("import", "trader01"), 64, "trader01: in the manifest already")


def test_an_account_of_two_connections_of_one_user_is_imported_once(desk: Desk) -> None:
    """Not at all where the manifest has it at the other connection: two entries of one account could not be read."""
    one = desk.document["venues"]["desk"]
    venues = {"desk": one, "desk2": one}
    desk.write({"trader01": {"venue": "desk2"}}, include=INCLUDE, venues=venues)
    text = imported(desk, "--all", "--store", "vault", file="accounts/imported.yaml")
    assert "trader01" not in text
    assert text.count("  trader02:") == text.count("role: main") == 1
    assert desk.apply().code == 0  # from here on the journal knows whose a connection is that is not opened
    for connection in venues:
        said = desk.run("import", "--all", "--venue", connection)
        assert (said.code, said.last) == (0, "Nothing was imported.")
    out = desk.folder / "out"
    assert desk.run("import", "--all", "--out", str(out)).code == 0
    assert (out / "accounts/imported.yaml").read_text(encoding="utf-8").count("  trader01:") == 1


def test_a_workspace_of_its_own(desk: Desk) -> None:
    """--out takes the connections and stores along; secrets are found where they lie, and the folder must be empty.

    A folder without a place of its own is under the one that -C names, like every other file that is written.
    """
    out = desk.folder / "out"
    said = desk.run("import", "trader01", "--store", "vault", "--out", "out")
    assert said.code == 0, said.err
    assert said.last == f"Next: acctcfg -C {out} plan"
    refused(desk.run("import", "--all", "--out", str(out)), 64, "is not an empty folder")
    desk.folder = out
    assert desk.plan().last == NO_CHANGES
    assert "path: " in (out / "acctcfg.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 64, "name accounts, or use --all"),
        (["trader01", "--all"], 64, "name accounts, or use --all"),
        (["nobody"], 64, "nobody selects nothing"),
        (["--all", "--store", "other"], 64, "there is no secret store other"),
        (["--all", "--venue", "other"], 64, "there is no connection other"),
    ],
)
def test_wrong_usage_writes_nothing(desk: Desk, arguments: list[str], code: int, words: str) -> None:
    """One message, and no file."""
    refused(desk.run("import", *arguments), code, words)
    assert not (desk.folder / "accounts").exists()


def test_a_workspace_without_include_is_told_before_anything_is_read(desk: Desk) -> None:
    """What to write into the root file; a link that leads out of the workspace is not followed either."""
    desk.write({})
    refused(desk.run("import", "--all"), 1, "no `include` pattern allows a new file", "include: [accounts/*.yaml]")
    desk.write({}, include=INCLUDE)
    (desk.folder / "accounts").symlink_to(desk.folder.parent, target_is_directory=True)
    refused(desk.run("import", "--all"), 1, "a link leads out of the workspace")
    assert desk.sandbox.control_get("requests")["total"] == 0


def test_an_account_that_cannot_be_read_holds_up_no_other(desk: Desk) -> None:
    """It is named with the venue's words, the others are written, and the exit status is 1."""
    desk.fault(match={"path": "*/broker/dma/subaccount/apikey", "method": "GET"}, kind="code", code="51000")
    said = desk.run("import", "--all", "--store", "vault")
    refused(said, 1, ": not imported: ", "51000")
    lost = said.err.partition(":")[0]
    text = (desk.folder / "accounts/desk.yaml").read_text(encoding="utf-8")
    assert [name for name in WORLD if f"\n  {name}:" not in text] == [lost]
    assert desk.plan().last == NO_CHANGES


def test_a_connection_that_does_not_answer_holds_up_no_other(desk: Desk, tmp_path: Path) -> None:
    """It is named with the reason and how to take its accounts in later; asked for one of its own, import fails."""
    down = {**desk.document["venues"]["desk"], "base_url": "http://127.0.0.1:9"}
    desk.write({}, include=INCLUDE, venues={"desk": desk.document["venues"]["desk"], "down": down})
    refused(desk.run("import", "elsewhere01"), 1, "does not answer")
    refused(desk.run("import", "--all", "--venue", "down"), 1, "does not answer")
    assert not (desk.folder / "accounts").exists()
    out = str(tmp_path / "new")
    said = desk.run("import", "--all", "--store", "vault", "--out", out)
    refused(said, 1, "venues.down: nothing was imported from it: http://127.0.0.1:9 does not answer")
    assert f"Imported {len(WORLD) + 1} accounts" in said.out  # and the user behind the credentials
    assert f"`acctcfg -C {out} import --all --venue down` takes in the rest" in said.err
    refused(desk.run("import", "--all", "--store", "vault"), 1, "venues.down: nothing was imported from it: ")
    text = (desk.folder / "accounts/imported.yaml").read_text(encoding="utf-8")
    assert all(f"\n  {name}:\n" in text for name in WORLD)


@pytest.mark.parametrize("path", ["*/broker/dma/subaccount-info", "*/account/config"])
def test_where_no_connection_lists_its_accounts_the_import_fails(desk: Desk, path: str) -> None:
    """With nothing else to import from, the venue's words are the error, and nothing is written."""
    desk.fault(match={"path": path, "method": "GET"}, kind="code", code="50030")
    refused(desk.run("import", "--all"), 1, "50030")
    assert not (desk.folder / "accounts").exists()


@pytest.mark.parametrize("desk", [pytest.param(seed({"trader01": live(1, label="a label: #1")}), id="")], indirect=True)
def test_what_no_manifest_can_hold_is_told(desk: Desk) -> None:
    """A mode, a label, a key or a permission that a manifest does not take: comments, and an empty plan."""
    rows = [key("", "trading"), key("", "no-such: {", perm="read_only"), key("", "strange", perm="read_only,fly")]
    rows = [{"label": one["label"], "apiKey": f"id-{one['label']}", "perm": one["perm"], "ip": HERE} for one in rows]
    rows[0]["apiKey"] = key("trader01", "trading")["api_key"]
    answers = {
        "*/broker/dma/subaccount/apikey": rows,
        "*/account/config": [
            {
                "uid": desk.account("trader01")["uid"],
                "acctLv": "3",
                "posMode": "a\nword",
                "label": "trading",
                "perm": "read_only,trade",
                "ip": HERE,
                "ctIsoMode": "autonomy",
                "greeksType": "PA",
            }
        ],
    }
    for path, data in answers.items():
        account = "@master" if "broker" in path else "trader01"
        body = json.dumps({"code": "0", "msg": "", "data": data})
        desk.fault(
            match={"path": path, "account": account, "method": "GET"}, times=0, kind="garbage", status=200, body=body
        )
    text = imported(desk, "trader01", "--store", "vault")
    assert "    account_mode: multi_currency\n" in text
    assert '# position_mode: not managed: the venue answered the position mode "a' in text
    assert "greeks: PA" in text
    assert "# settings.isolated_margin[contracts]: not managed: a manifest cannot want the value autonomy" in text
    assert "# label: not managed: it is not up to 50 letters and digits" in text
    assert "# permissions of api_keys[strange]: not managed: unknown: fly" in text
    assert "# api_keys[no-such: {]: not managed: a label here has up to 50 letters and digits" in text


REGULAR = seed({"trader01": live(1, label="TraderOne", canTransOut=True)})
REGULAR["tenants"]["desk"] |= {"broker": False, "keys": [{**MASTER, "ip": HERE}]}


@pytest.mark.parametrize("desk", [pytest.param(REGULAR, id="")], indirect=True)
def test_a_regular_master(desk: Desk) -> None:
    """Type okx: with `transfer_out`, and modes that only the account's own key reads."""
    desk.write({}, include=INCLUDE, venue={"type": "okx"})
    text = imported(desk, "--all", "--store", "vault")
    assert "transfer_out: true" in text
    assert "account_mode: multi_currency" in text
    assert "role: main" in text


ODD = {"SWAP/cross/BTC-USDT-SWAP": "0.0000000000001"}


@pytest.mark.parametrize(
    "desk",
    [
        pytest.param(
            seed({**WORLD, "trader-05": {}, "06": {}, **{f"trader{n:02}": live(n, leverage=ODD) for n in (7, 8)}}),
            id="",
        )
    ],
    indirect=True,
)
def test_an_account_that_no_manifest_can_hold_holds_up_no_other(desk: Desk) -> None:
    """A name or a value that the venue has and a manifest may not: that account is named, the others are written."""
    said = desk.run("import", "--all", "--store", "vault")
    refused(said, 1)
    wrong = {line.partition(":")[0]: line for line in said.err.splitlines() if ": not imported: " in line}
    assert set(wrong) == {"trader-05", "06", "trader07", "trader08"}
    assert "must be 6 to 20 letters and digits" in wrong["trader-05"]
    assert "0.0000000000001 has more than 12 decimals" in wrong["trader08"]
    text = (desk.folder / "accounts/desk.yaml").read_text(encoding="utf-8")
    assert all(f"\n  {name}:\n" in text for name in WORLD)
    assert desk.plan().last == NO_CHANGES


EARNS = seed(
    {"trader01": live(1, trading={"USDG": "5", "USDT": "5"}, auto_earn={"USDG": 1, "USDT": 1})},
    currencies={"add": [{"ccy": "USDG", "chains": [{"chain": "USDG-ERC20"}]}]},
)


@pytest.mark.parametrize("desk", [pytest.param(EARNS, id="")], indirect=True)
def test_a_currency_that_no_manifest_can_name_is_told(desk: Desk) -> None:
    """The earning of USDG cannot be wanted: what is written validates, has that of USDT, and says so of USDG."""
    text = imported(desk, "--all", "--store", "vault")
    assert "# settings.auto_earn[USDG]: not managed: a manifest cannot name it" in text
    assert "USDT: true" in text


@pytest.mark.parametrize("out", [(), ("--out", "elsewhere")])
def test_a_key_that_the_journal_knows_signs_for_what_is_imported(desk: Desk, out: tuple[str, ...]) -> None:
    """An account that left the manifest: its stored key is found on record and named, so that all of it is there."""
    account = {"position_mode": "long_short", "settings": {"greeks": "BS"}}
    key_ = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": [HERE], "store": "vault"}}
    desk.write({"trader02": {**account, "account_mode": "multi_currency", "api_keys": key_}}).converge()
    desk.write({}, include=INCLUDE)
    said = desk.run("import", "trader02", *out)
    assert said.code == 0, said.out + said.err
    folder = desk.folder / "elsewhere" if out else desk.folder
    text = (folder / "accounts" / "desk.yaml").read_text(encoding="utf-8")
    assert "greeks: BS" in text
    assert "store: vault" in text
    assert "signs here" not in text
    assert desk.run("-C", str(folder), "plan").last == NO_CHANGES


def test_what_only_an_unnamed_key_could_read_is_left_out(desk: Desk) -> None:
    """Where the new entry cannot name the key that signed, position mode is left out: a plan right after is empty."""
    key_ = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": [HERE], "store": "vault"}}
    stock(desk, "other", {part: WORLD["trader02"]["keys"][0][part] for part in SECRET}, "trading")
    desk.write({"other": {"name": "trader02", "position_mode": "net", "api_keys": key_}}).converge()
    shutil.rmtree(desk.folder / "secrets" / "desk" / "trader02")
    desk.write({}, include=INCLUDE)
    text = imported(desk, "trader02")
    assert "position_mode: net" not in text
    assert "position_mode: not managed: only the account's own key can read it" in text
