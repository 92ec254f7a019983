"""Every example loads, plans, applies on the sandbox, and has nothing left to do afterwards."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from desk import MASTER, Desk, seed

from acctcfg.sandbox.sandbox import with_venue
from acctcfg.sandbox.venues import VENUES

EXAMPLES = Path(__file__).parents[2] / "examples"
RECIPIENTS = re.compile(r"# recipients: \[age1\.\.\.\]")
FOLDERS = sorted(file.parent for file in EXAMPLES.glob("*/acctcfg.yaml"))


PLAIN = {**MASTER, "api_key": "test-plain-key", "ip": "127.0.0.1"}


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A sandbox with the built-in Gate user under the credentials that it prints; and a plain user."""
    monkeypatch.setenv("GATE_DESK_API_KEY", "sandbox-gate-key")
    monkeypatch.setenv("GATE_DESK_SECRET_KEY", "sandbox-gate-secret")
    world = seed()
    world["tenants"]["plain"] = {"broker": False, "keys": [PLAIN]}
    for name in ("api_key", "secret_key", "passphrase"):
        monkeypatch.setenv(f"OKX_PLAIN_{name.upper()}", PLAIN[name])
    with Desk.at(tmp_path, monkeypatch, with_venue(world, VENUES, "gate_crossex")) as made:
        yield made


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    "folder",
    [pytest.param(one, marks=pytest.mark.slow) if one.name == "onboarding" else one for one in FOLDERS],
    ids=lambda folder: folder.name,
)
def test_an_example_does_what_it_shows(desk, folder):
    """Only the recipient is written and the port replaced, as the comments in it say."""
    desk.folder = desk.folder / "workspace"
    shutil.copytree(folder, desk.folder)
    text = (desk.folder / "acctcfg.yaml").read_text(encoding="utf-8")
    text = RECIPIENTS.sub(rf"recipients: [{desk.recipient}]", text).replace(
        "http://127.0.0.1:8700", desk.sandbox.base_url
    )
    desk.text(text)
    said = desk.converge()
    assert ", 0 deleted, 0 blocked, 0 failed." in said.last
    assert desk.too_many == 0


def test_the_trade_guides_eight_instruments_are_six_calls(desk):
    """Eight instruments at 3x in multi-currency mode are six scopes: one write each."""
    folder = EXAMPLES / "guide-leverage"
    text = (folder / "acctcfg.yaml").read_text(encoding="utf-8")
    text = RECIPIENTS.sub(rf"recipients: [{desk.recipient}]", text).replace(
        "http://127.0.0.1:8700", desk.sandbox.base_url
    )
    desk.text(text)
    assert desk.apply().code == 0
    assert len(desk.writes("/set-leverage")) == 6


@pytest.mark.sample(2)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_example_as_shipped_stores_no_secret_that_nobody_can_open(desk, folder):
    """It names no recipient, so it loads and plans, no key is made, and the plan says how to get one."""
    desk.folder = desk.folder / "workspace"
    shutil.copytree(folder, desk.folder)
    text = (desk.folder / "acctcfg.yaml").read_text(encoding="utf-8")
    desk.text(text.replace("http://127.0.0.1:8700", desk.sandbox.base_url))
    makes_keys = "api_keys" in text
    said = desk.plan()
    assert ("acctcfg secrets identity" in said.out, said.code) == (makes_keys, 0), said.out + said.err
    if makes_keys:
        assert desk.apply().code == 3
        assert desk.writes() == []


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*/**/*.yaml")), ids=lambda f: str(f.relative_to(EXAMPLES)))
def test_editors_find_the_schema(file):
    """The first line of every example leads to the published schema: of manifests, or of their tests."""
    schema = "scenario" if file.parent.name == "tests" else "manifest"
    line = file.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(.+)", line)
    assert found is not None
    assert (file.parent / found[1]).resolve() == EXAMPLES.parent / "schemas" / f"{schema}.schema.json"


def test_no_example_names_an_account_of_another() -> None:
    """Whoever tries the examples and the quick start on one sandbox meets no account of the one before."""
    named: dict[str, str] = {"mmdesk01": "init"}
    for folder in FOLDERS:
        for file in folder.rglob("*.yaml"):
            for name in yaml.safe_load(file.read_text()).get("accounts") or {}:
                assert named.setdefault(name, folder.name) == folder.name, name
