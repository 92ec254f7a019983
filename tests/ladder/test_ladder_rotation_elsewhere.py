"""A rotation whose new secret lies elsewhere: in another checkout's store, or where an earlier manifest had it."""

from __future__ import annotations

import io
import json
import shutil
from typing import Any

import pytest
from desk import Desk
from ladder_parts import NO_CHANGES, TRADING

import acctcfg.venues.key_rotation as rotation

KEY = "mmdesk01.api_keys[trading]"
ROTATE = ("rotate", "mmdesk01", "trading", "--auto-approve", "--overlap")


def live(desk: Desk, name: str = "mmdesk01") -> dict[str, str]:
    """The keys of the account at the venue: id by label."""
    return {key["label"]: key["api_key"] for key in desk.account(name)["keys"]}


def a_day_later(desk: Desk) -> None:
    """For acctcfg's own eyes, which see the venue's time."""
    now = rotation.AccountNotes.now
    desk.monkeypatch.setattr(rotation.AccountNotes, "now", lambda self: now(self) + 25 * 3600)


@pytest.fixture
def behind(desk: Desk) -> Desk:
    """A checkout that shares the journal and has the store as it was before a rotation, which is in its overlap."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}).converge()
    shutil.copytree(desk.folder / "secrets", desk.folder / "before")
    assert desk.run(*ROTATE, "24h").code == 0
    (desk.folder / "secrets").rename(desk.folder / "pulled")
    (desk.folder / "before").rename(desk.folder / "secrets")
    return desk


def pull(desk: Desk) -> None:
    """The store as the other checkout has it."""
    shutil.rmtree(desk.folder / "secrets")
    shutil.copytree(desk.folder / "pulled", desk.folder / "secrets")


def bring(desk: Desk) -> Any:
    """`secrets import` of the new key's secret."""
    secrets, here = desk.folder / "secrets", desk.folder / "here"
    secrets.rename(here)
    (desk.folder / "pulled").rename(secrets)
    data = json.dumps(desk.secret("mmdesk01", "trading")).encode()
    secrets.rename(desk.folder / "pulled")
    here.rename(secrets)
    desk.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
    return desk.run("secrets", "import", "mmdesk01", "trading")


def test_a_checkout_without_the_new_secret_touches_neither_key(behind: Desk) -> None:
    """In the overlap a plan is empty and says so; after it the step is blocked; once pulled, the rotation ends."""
    keys, writes = live(behind), len(behind.writes())
    plan = behind.plan("--format", "json").json
    assert (plan["steps"], [one["code"] for one in plan["warnings"]]) == ([], ["rotating"])
    assert "is not at vault:desk/mmdesk01/trading here: pull it" in plan["warnings"][0]["message"]
    assert behind.apply().last == NO_CHANGES
    a_day_later(behind)
    step = behind.steps()[KEY]
    assert [one["name"] for one in step["prechecks"] if one["status"] == "fail"] == ["secret_lost"]
    assert behind.apply().code == 3
    assert behind.run(*ROTATE, "0s").code == 3
    assert (live(behind), len(behind.writes())) == (keys, writes)
    pull(behind)
    behind.converge()
    assert live(behind) == {"trading": behind.secret("mmdesk01", "trading")["api_key"]}
    assert live(behind)["trading"] in keys.values()


def test_the_new_secret_is_imported_where_it_was_missing(behind: Desk) -> None:
    """It takes the place of the former one, which signs and is kept aside; then the rotation ends as any other."""
    keys, old = live(behind), behind.secret("mmdesk01", "trading")
    said = bring(behind)
    assert (said.code, "stored" in said.out) == (0, True), said.out + said.err
    assert behind.secret("mmdesk01", "trading")["api_key"] != old["api_key"]
    assert behind.secret("mmdesk01", "trading.dead-1") == old
    assert live(behind) == keys
    assert "already" in bring(behind).out
    a_day_later(behind)
    behind.converge()
    assert live(behind) == {"trading": behind.secret("mmdesk01", "trading")["api_key"]}


def test_a_new_secret_that_is_lost_is_made_again_where_the_user_says_so(behind: Desk) -> None:
    """`--replace` deletes the key that nobody has the secret of, and rotates anew with the overlap as it was asked."""
    keys = live(behind)
    said = behind.apply("--replace", KEY)
    assert said.code == 0, said.out + said.err
    made = behind.secret("mmdesk01", "trading")["api_key"]
    assert live(behind)["trading"] == keys["trading"]
    assert set(live(behind).values()) == {keys["trading"], made}
    assert made not in keys.values()
    a_day_later(behind)
    behind.converge()
    assert live(behind) == {"trading": made}


def test_a_key_in_its_overlap_is_not_replaced(desk: Desk) -> None:
    """Its new secret is here and signs: `rotate` ends the overlap, and `--replace` says so before a write."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}, guardrails={"max_deletes": 9}).converge()
    assert desk.run(*ROTATE, "24h").code == 0
    keys = live(desk)
    said = desk.apply("--replace", KEY)
    assert (said.code, "`acctcfg rotate` ends that" in said.out) == (3, True), said.out + said.err
    assert live(desk) == keys


@pytest.mark.parametrize("what", ["account", "connection", "store"])
@pytest.mark.parametrize("overlap", ["lasts", "is over"])
def test_a_rename_in_an_overlap_costs_no_working_key(desk: Desk, what: str, overlap: str) -> None:
    """The new secret is found where the journal recorded it, and stays there: the old key goes, and no other."""
    fields: dict[str, Any] = {"name": "mmdesk01", "api_keys": {"trading": TRADING}}
    desk.write({"mmdesk01": fields}).converge()
    assert desk.run(*ROTATE, "24h").code == 0
    made = desk.secret("mmdesk01", "trading")["api_key"]
    new, writes = json.loads(json.dumps(desk.document)), len(desk.writes())
    if what == "account":
        new |= {"moved": {"mmdesk01": "alpha1"}, "accounts": {"alpha1": new["accounts"]["mmdesk01"]}}
    elif what == "connection":
        new |= {"moved": {"desk": "main"}, "venues": {"main": new["venues"]["desk"]}}
        new["accounts"]["mmdesk01"]["venue"] = "main"
    else:
        new["secret_stores"]["other"] = {**new["secret_stores"]["vault"], "path": "other/"}
        new["accounts"]["mmdesk01"]["api_keys"]["trading"]["store"] = "other"
    desk.text(json.dumps(new))
    if overlap == "lasts":
        assert desk.apply().last == NO_CHANGES
        assert len(live(desk)) == 2
    a_day_later(desk)
    desk.converge()
    assert [row["path"].rpartition("/")[2] for row in desk.writes()[writes:]] == ["delete-apikey", "modify-apikey"]
    assert live(desk) == {"trading": made}
    assert desk.secret("mmdesk01", "trading")["api_key"] == made
    assert [one["status"] for one in desk.run("secrets", "check", "--format", "json").json["keys"]] == ["signs"]
