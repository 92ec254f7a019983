"""The plan as JSON: its schema, its file, and what a damaged file gets."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_samples import desk_plan_of_the_manual, step_of

from acctcfg.core.codes import PRECHECKS, WARNINGS
from acctcfg.core.plan import Plan, Precheck, Unread, Warning_
from acctcfg.core.state import AccountValue, KeyValue, Lost
from acctcfg.deposit import address_value
from acctcfg.errors import ConfigError, PlanStale, UsageError
from acctcfg.render.data import load_saved, plan_json, save_plan
from acctcfg.render.plan_schema import plan_schema, plan_schema_text
from acctcfg.venues import installed

SCHEMA = Path(__file__).parents[2] / "schemas" / "plan.schema.json"


def check(plan: Plan) -> None:
    jsonschema.Draft202012Validator(plan_schema()).validate(json.loads(plan_json(plan)))


def test_the_published_schema_is_the_one_that_the_code_makes():
    """schemas/plan.schema.json does not drift; `acctcfg schema plan > schemas/plan.schema.json` renews it."""
    assert SCHEMA.read_text(encoding="utf-8") == plan_schema_text(installed.rules().values())
    jsonschema.Draft202012Validator.check_schema(plan_schema())


def test_every_kind_of_value_fits_the_schema(desk_plan):
    """Accounts, keys, addresses, modes, numbers and deletes are all described."""
    key = KeyValue(("read",), (), None)
    more = (
        step_of("a1", "api_keys", "k", action="delete", before=key),
        step_of("a1", "api_keys", "l", action="replace", before=Lost(key, "gone", True), after=key),
        step_of("a1", "leverage", "margin/BTC/cross", before=Decimal("2.5"), after=Decimal(3)),
        step_of("a1", "deposit.addresses", "BTC/BTC-Bitcoin/1", action="create",
                after=address_value("BTC", "BTC-Bitcoin", None, None)),
        step_of("a2", action="delete", before=AccountValue("a2", None)),
    )  # fmt: skip
    check(replace(desk_plan, steps=desk_plan.steps + more))


@pytest.mark.parametrize("name", [*PRECHECKS, "guardrail:no alts above 5x"])
@pytest.mark.parametrize("status", ["pass", "fail", "unknown", "venue", "deferred"])
def test_every_precheck_fits_the_schema(desk_plan, name, status):
    """Every code of the closed list, and rules by their own names, with every status."""
    check(replace(desk_plan, steps=(step_of("a1", "account_mode", after="spot", checks=(Precheck(name, status),)),)))


def test_codes_out_of_the_lists_do_not_fit(desk_plan):
    """The lists are closed: a code that nobody declared is an error, for warnings and prechecks alike."""
    for plan in (
        replace(desk_plan, warnings=(Warning_("a1", "surprise", ""),)),
        replace(desk_plan, steps=(step_of("a1", "x", after="y", checks=(Precheck("guardrail:", "fail"),)),)),
    ):
        with pytest.raises(jsonschema.ValidationError):
            check(plan)


def test_codes_of_what_is_unreadable_are_the_venues_own(desk_plan):
    """Any code may stand there, and every warning of the list."""
    check(
        replace(
            desk_plan,
            unreadable=(Unread("a1", "50119", "unknown key"),),
            warnings=tuple(Warning_("a1", code, words) for code, words in WARNINGS.items()),
        )
    )


def test_a_saved_plan_comes_back_as_it_was(desk_plan, tmp_path):
    """What is saved is the document of `--format json`, readable by its owner only."""
    file = tmp_path / "p.json"
    save_plan(desk_plan, file)
    assert load_saved(file) == json.loads(plan_json(desk_plan))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_plan_replaces_a_plan_and_nothing_else(desk_plan, tmp_path):
    """--out never overwrites a file that is no plan."""
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    with pytest.raises(UsageError, match="is not a saved plan"):
        save_plan(desk_plan, file)
    assert file.read_text() == "mine"
    saved = tmp_path / "p.json"
    save_plan(desk_plan, saved)
    save_plan(replace(desk_plan, steps=()), saved)
    assert load_saved(saved)["steps"] == []


def test_a_folder_that_is_not_there_is_one_message(desk_plan, tmp_path):
    """Nothing half-written, no traceback."""
    with pytest.raises(ConfigError, match=r"cannot write .*: No such file or directory"):
        save_plan(desk_plan, tmp_path / "no" / "p.json")


def test_a_full_disk_leaves_nothing_behind(desk_plan, tmp_path, monkeypatch):
    """A write that fails ends in one message, and the plan that was there before is whole."""
    file = tmp_path / "p.json"
    save_plan(desk_plan, file)
    before = file.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        save_plan(replace(desk_plan, steps=()), file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


WHOLE = plan_json(desk_plan_of_the_manual())


@given(st.integers(0, len(WHOLE.rstrip()) - 1))
def test_a_plan_cut_anywhere_is_stale(tmp_path_factory, length):
    """No beginning of a saved plan passes for one."""
    file = tmp_path_factory.mktemp("cut") / "p.json"
    file.write_text(WHOLE[:length], encoding="utf-8")
    with pytest.raises(PlanStale, match=r"cut short|not a saved plan"):
        load_saved(file)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("steps", 4, "after"), 100),
        (("steps", 5, "blocked"), False),
        (("steps", 0, "address"), "other"),
        (("digest",), "sha256:" + "1" * 64),
        (("manifest_digest",), "sha256:" + "1" * 64),
        (("summary", "blocked"), 0),
        (("checksum",), None),
    ],
)
def test_an_edited_plan_is_stale(tmp_path, place, value):
    """Any field that was changed by hand is noticed."""
    document = json.loads(WHOLE)
    inner = document
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    file = tmp_path / "p.json"
    file.write_text(json.dumps(document))
    with pytest.raises(PlanStale, match="checksum"):
        load_saved(file)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{}", '{"format_version": "1"}', '{"a": "\\ud800", "format_version": "1", "steps": []}',
     "[" * 100_000, "\x00", '{"format_version": "2", "steps": []}'],
)  # fmt: skip
def test_a_file_that_is_no_plan_is_one_message(tmp_path, text):
    """Whatever stands in the file, the answer is a PlanStale with a way out."""
    file = tmp_path / "p.json"
    file.write_text(text)
    with pytest.raises(PlanStale) as caught:
        load_saved(file)
    assert "acctcfg plan --out" in caught.value.hint


def test_a_plan_of_another_shape_is_refused_even_with_a_checksum_that_fits(tmp_path):
    """A forged document gets no further than its schema."""
    from acctcfg.core.plan import digest_of

    document = json.loads(WHOLE)
    del document["steps"][0]["address"], document["checksum"]
    document["checksum"] = digest_of(document)
    file = tmp_path / "p.json"
    file.write_text(json.dumps(document))
    with pytest.raises(PlanStale, match="not saved by this version"):
        load_saved(file)
