"""jsonschema and deepdiff find words for what is wrong: they decide nothing, see no secret, and load only then."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import deepdiff
import pytest

from acctcfg.engine import policy
from acctcfg.engine.plan_difference import differences
from acctcfg.manifest.rule_schemas import schema_error

EITHER = {
    "properties": {"after": {"anyOf": [{"type": "null"}, {"properties": {"permissions": {"maxItems": 1}}}]}},
    "required": ["action"],
}
BROKEN = {"after": {"permissions": ["read", "trade"]}}
PLAN: dict[str, Any] = {
    "steps": [],
    "warnings": [],
    "unreadable": [],
    "venues": {"desk": {"uid": "1"}},
    "secret_stores": {},
    "targets": [],
    "replace": [],
    "allow_sensitive": [],
}


@pytest.fixture
def without_wheel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    policy._judge.cache_clear()
    policy._explainer.cache_clear()
    yield
    policy._judge.cache_clear()
    policy._explainer.cache_clear()


def step(address: str, before: object, after: object, **more: object) -> dict[str, Any]:
    known = {"action": "change", "before_known": True, "prechecks": []}
    return {"address": address, "before": before, "after": after, **known, **more}


def test_a_breach_names_the_field() -> None:
    """Inside an `anyOf`, where the judge itself says no more than that nothing in it fits."""
    said = policy.violations(EITHER, BROKEN)
    assert [line.partition(":")[0] for line in said] == ["after.permissions", "'action' is a required property"]


@pytest.mark.usefixtures("without_wheel")
def test_without_a_wheel_jsonschema_judges() -> None:
    """The same verdicts and words; patterns, which it would match in any time, are refused."""
    assert policy.violations(EITHER, {"action": "create", "after": None}) == []
    assert len(policy.violations(EITHER, BROKEN)) == 2
    assert schema_error(EITHER) == ""
    assert "is not valid" in schema_error({"type": "nonsense"})
    assert "a pattern needs jsonschema-rs" in schema_error({"properties": {"address": {"pattern": "(a+)+$"}}})


@pytest.mark.parametrize(
    "schema", [{"pattern": "^(a+)+$"}, {"patternProperties": {"^(a+)+$": False}, "minProperties": 2}]
)
def test_words_take_no_longer_than_the_verdict(schema: dict[str, Any]) -> None:
    """A pattern that backtracks for ever elsewhere is matched in linear time for the words, too."""
    text = "a" * 5000 + "!"
    assert len(policy.violations(schema, text if "pattern" in schema else {text: 1})) == 1


def test_all_that_differs_is_listed() -> None:
    """Steps by address, with the field that moved; what came and what went; new warnings, venues; no amounts."""
    then = PLAN | {
        "steps": [step("a.leverage[x]", 3, 7), step("a.position_mode", "net", "long_short")],
        "warnings": [{"address": "c", "code": "open_position_on_scope", "message": "3 contracts"}],
    }
    now = PLAN | {
        "steps": [step("a.leverage[x]", 9, 7), step("b", None, {"name": "b"})],
        "warnings": [{"address": "a", "code": "adopted", "message": "exists"}],
        "venues": {"desk": {"uid": "2"}},
    }
    assert differences(then, now) == [
        "a.leverage[x]: before was 3, is 9",
        "a.position_mode is only in the reviewed plan",
        "a: adopted is only in the present plan",
        "b is only in the present plan",
        "venues.desk: uid was 1, is 2",
    ]
    assert differences(then, json.loads(json.dumps(then))) == []


def test_no_more_lines_than_somebody_reads() -> None:
    """A plan that moved in every account is fifty lines and a count."""
    then = PLAN | {"steps": [step(f"a{n:03}.leverage[x]", 3, 7) for n in range(200)]}
    now = PLAN | {"steps": [step(f"a{n:03}.leverage[x]", 4, 7) for n in range(200)]}
    lines = differences(then, now)
    assert (len(lines), lines[-1]) == (51, "... and 150 more")


def test_deepdiff_sees_json_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It calls two different secrets equal, so that nothing but JSON ever reaches it."""
    from acctcfg.core.secret import Secret

    def look(value: object) -> None:
        assert type(value) in (dict, str, int, float, bool, type(None)), type(value)
        for one in value.items() if isinstance(value, dict) else ():
            look(one[0])
            look(one[1])

    real, seen = deepdiff.DeepDiff, []

    def spy(then: object, now: object, **more: object) -> object:
        look(then)
        look(now)
        seen.append(now)
        return real(then, now, **more)

    monkeypatch.setattr(deepdiff, "DeepDiff", spy)
    differences(PLAN | {"steps": [step("a", 1, [1])]}, PLAN | {"steps": [step("a", {"x": [None, True]}, 2)]})
    assert seen
    with pytest.raises(TypeError):
        differences(PLAN | {"steps": [step("a", Secret("x"), 1)]}, PLAN)


@pytest.mark.slow
def test_nothing_is_loaded_while_nothing_is_wrong() -> None:
    """Neither library is imported for a rule that holds and a plan that is as it was reviewed."""
    code = (
        "import sys; import acctcfg.engine.apply; from acctcfg.engine.policy import violations;"
        "assert violations({'maximum': 5}, 3) == [];"
        "assert not {'jsonschema', 'deepdiff'} & {*sys.modules};"
        "assert violations({'maximum': 5}, 7);"
        "assert 'jsonschema' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_breach_shows_values_as_json_does() -> None:
    """No text of Python's: quotes, null and true as in the plan's JSON; long values are cut."""
    account = {"name": "mmdesk01", "label": None, "parent": ""}
    (said,) = policy.violations({"properties": {"after": {"type": "string"}}}, {"after": account})
    assert said == 'after: {"name": "mmdesk01", "label": null, "parent": ""} is not of type "string"'
    (said,) = policy.violations({"properties": {"after": {"enum": [True, {"a": None}]}}}, {"after": False})
    assert said == 'after: false is not one of [true, {"a": null}]'
    (said,) = policy.violations({"properties": {"after": {"maxItems": 1}}}, {"after": ["x" * 90, "y"]})
    assert (len(said) < 120, "'" in said) == (True, False)
