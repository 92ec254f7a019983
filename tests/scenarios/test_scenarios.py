"""`acctcfg test`: what a scenario can say, what is printed where it is not so, and that nothing leaves the sandbox."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml
from scenario_bench import ACCOUNT, GATE, OKX, Bench

from acctcfg.cli.schema import SCHEMAS
from acctcfg.core.json_schema import judge
from acctcfg.core.trust import trust_word

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*/tests/*.yaml"))
POSITION = {"account": "mmdesk01", "open": {"positions": {"instId": "BTC-USDT-SWAP", "size": "3"}}}
HEDGED = {"account": "mmdesk01", "set": {"posMode": "long_short_mode"}}
MODE = "mmdesk01.position_mode"


@pytest.mark.sample(1)
@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_passes(bench: Bench, file: Path) -> None:
    """The scenarios of every example pass, whatever else is in the environment."""
    shutil.copytree(file.parents[1], bench.folder, dirs_exist_ok=True)
    said = bench.test()
    assert (said.code, said.err) == (0, ""), said.out
    assert said.last.endswith(" passed, 0 failed.")


@pytest.mark.slow
def test_the_manuals_scenario_passes(bench: Bench) -> None:
    """What docs/testing-manifests.md shows is what the program does, also where it fails."""
    manual = (ROOT / "docs" / "testing-manifests.md").read_text(encoding="utf-8")
    text, failing = (
        manual.partition("```yaml\n")[2].partition("```")[0],
        manual.partition("```text\n")[2].partition("```")[0],
    )
    shutil.copytree(ROOT / "examples" / "one-account", bench.folder, dirs_exist_ok=True)
    file = bench.folder / "tests" / "one-account.yaml"
    file.write_text(text, encoding="utf-8")
    assert bench.test().code == 0
    opens = next(line for line in text.splitlines() if "open:" in line)
    file.write_text(
        text.replace(opens, opens.replace("open:", "close:").replace('{instId: BTC-USDT-SWAP, size: "3"}', "all"))
    )
    assert next(line for line in failing.splitlines() if "exit" in line) in bench.test().out


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_schema_takes_what_the_reader_takes(file: Path) -> None:
    """The published schema is the one that is printed, and every example fits it; one with a slip does not."""
    text = (ROOT / "schemas" / "scenario.schema.json").read_text(encoding="utf-8")
    assert text == SCHEMAS["scenario"]()
    fits = judge(json.loads(text))
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert fits(document)
    next(iter(document["scenarios"].values()))["expcet"] = {}
    assert not fits(document)


@pytest.mark.slow
def test_a_failing_scenario_shows_what_came_where_it_was_expected(bench: Bench) -> None:
    """A line for each expectation that was not met: file, line, column, what was expected and what came."""
    said = bench.test(
        sound={"as_applied": True, "expect": {"only_steps": True}},
        wrong={
            "as_applied": True,
            "events": [HEDGED, POSITION],
            "expect": {
                "summary": {"change": 1},
                "steps": {MODE: {"blocked": False, "after": "net"}, "mmdesk01.account_mode": {}},
                "no_steps": ["*.position_mode"],
                "warnings": ["adopted"],
            },
        },
    )
    told = [line.strip().partition(": ")[2] for line in said.out.splitlines() if line.startswith("      ")]
    assert said.code == 1
    assert told == [
        "summary.change: expected 1, got 0",
        f"steps.{MODE}.blocked: expected false, got true",
        f"steps.mmdesk01.account_mode: expected a step, got {MODE}",
        f"no_steps[0]: there is {MODE}",
        "warnings[0]: expected adopted, got none",
    ]
    file = (bench.folder / "tests" / "a.yaml").read_text(encoding="utf-8").splitlines()
    place = next(line for line in said.out.splitlines() if "summary.change" in line).split(":")
    assert file[int(place[1]) - 1][int(place[2]) - 1 :].startswith('"change"')
    assert said.last == "Tested: 1 passed, 1 failed."


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("*.leverage", '"*.leverage" matches no address (did you mean "*.leverage[*]"?)'),
        ("mmdesk1.position_mode", 'the manifest has no account "mmdesk1" (did you mean "mmdesk01"?)'),
    ],
)
def test_no_step_of_an_address_that_there_cannot_be(bench: Bench, pattern: str, said: str) -> None:
    """An expectation that no plan could ever fail is a slip in the file, told with its place; nothing is run."""
    failed = bench.test(vacuous={"expect": {"no_steps": [MODE, pattern]}})
    assert failed.code == 1
    assert f"scenarios.vacuous.expect.no_steps[1]: {said}" in failed.err
    assert failed.out == ""


def test_no_step_of_a_field_means_of_no_key_of_it(bench: Bench) -> None:
    """`settings.collateral` under `no_steps` is not met by a plan that changes one currency of it."""
    bench.manifest(accounts={"mmdesk01": {**ACCOUNT, "settings": {"collateral": {"disabled": ["DOGE"]}}}})
    said = bench.test(quiet={"expect": {"no_steps": ["mmdesk01.settings.collateral"]}})
    assert said.code == 1
    assert "no_steps[0]: there is mmdesk01.settings.collateral[DOGE]" in said.out


def test_json_and_junit_say_the_same(bench: Bench) -> None:
    """Both name the scenario that failed, and what it missed."""
    scenario = {"as_applied": True, "expect": {"exit": 3}}
    said = bench.test("--format", "json", "--junit", "out.xml", "tests/a.yaml", a=scenario)
    assert said.json["summary"] == {"passed": 0, "failed": 1}
    (miss,) = said.json["scenarios"][0]["misses"]
    assert (miss["what"], miss["expected"], miss["got"]) == ("exit", "3", "0")
    case = ET.parse(bench.folder / "out.xml").find(".//testcase")  # noqa: S314 (our own file)
    assert case is not None
    assert case.get("name") == "a"
    assert case.find("failure") is not None
    assert said.code == 1


def test_a_report_takes_the_place_of_nothing_else(bench: Bench) -> None:
    """`--junit` over the manifest is refused before a scenario is tried; over another report it is not."""
    before = (bench.folder / "acctcfg.yaml").read_bytes()
    said = bench.test("--junit", "acctcfg.yaml", a={"as_applied": True})
    assert (said.code, said.out) == (64, "")
    assert "acctcfg.yaml exists and is something else; it was not overwritten" in said.err
    assert (bench.folder / "acctcfg.yaml").read_bytes() == before


@pytest.mark.slow
def test_an_apply_meets_faults_and_the_desks_own_guardrails(bench: Bench) -> None:
    """The guardrails of the manifest hold in the run, and a fault strikes it; the state is read without the fault."""
    bench.manifest(
        guardrails={"rules": [{"name": "calm", "when": {"address": "*.position_mode"}, "schema": {"not": {}}}]}
    )
    lost = {"match": {"path": "*/set-subaccount-level"}, "kind": "code", "code": "59519", "times": 0}
    said = bench.test(
        ruled={
            "as_applied": True,
            "events": [HEDGED],
            "expect": {"steps": {MODE: {"blocked": True, "prechecks": {"guardrail:calm": "fail"}}}},
        },
        struck={
            "events": [{"faults": lost}],
            "run": "apply",
            "options": {"exclude": [MODE], "allow_sensitive": True},
            "expect": {
                "exit": 1,
                "steps": {"mmdesk01.account_mode": {"status": "failed"}},
                "state": {"mmdesk01": True, "mmdesk01.account_mode": "spot"},
            },
        },
    )
    assert said.code == 0, said.out


def test_an_unexpected_failure_fails(bench: Bench) -> None:
    """A run that could not read, or ended with an error, passes only where that is expected."""
    closed = {"events": [{"maintenance": {"on": True}}]}
    said = bench.test(silent={**closed, "expect": {}}, told={**closed, "expect": {"exit": 1}})
    assert said.last == "Tested: 1 passed, 1 failed.", said.out
    assert "FAIL  tests/a.yaml: silent" in said.out


def test_a_seeded_key_signs_with_its_secret(bench: Bench) -> None:
    """The secrets of keys in a seed lie in the stores where the manifest names them: nothing is left to do."""
    key = {"label": "bot", "api_key": "seeded-key-1", "secret_key": "seeded-secret", "passphrase": "Seeded-1"}
    key |= {"perm": "read_only,trade", "ip": "203.0.113.7", "env": "any"}
    there = {"acctLv": "3", "posMode": "net_mode", "keys": [key]}
    seed = {"tenants": {"desk": {"sub_accounts": {"mmdesk01": there}}}}
    (bench.folder / "tests").mkdir()
    (bench.folder / "tests" / "seed.json").write_text(json.dumps(seed), encoding="utf-8")
    expect = {"summary": {"create": 0, "change": 0, "blocked": 0, "unreadable": 0}}
    said = bench.test(inline={"seed": seed, "expect": expect}, file={"seed": "seed.json", "expect": expect})
    assert said.code == 0, said.out


def test_an_until_is_read_as_of_the_scenarios_day(bench: Bench) -> None:
    """`today` is the day that a run is on."""
    lever = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 9, "until": "2030-01-31"}
    bench.manifest(accounts={"mmdesk01": {**ACCOUNT, "leverage": [lever]}})
    before, after = ({"today": day, "expect": {}} for day in ("2030-01-31", "2030-02-01"))
    address = "mmdesk01.leverage[swap/BTC-USDT/cross]"
    before["expect"] = {"steps": {address: {"after": 9}}}
    after["expect"] = {"no_steps": [address], "warnings": ["until_over"]}
    said = bench.test(before=before, after=after)
    assert said.code == 0, said.out


def test_nothing_leaves_the_sandbox(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Live hosts, a trusted host of one's own, programs of stores and credentials, a journal server: none is asked."""
    touched = bench.folder / "touched"
    program = [sys.executable, "-c", f"open({str(touched)!r}, 'w')"]
    trap = socket.create_server(("127.0.0.1", 0))
    trap.setblocking(False)
    at = f"http://127.0.0.1:{trap.getsockname()[1]}"
    bench.manifest(
        venues={
            "desk": {**OKX, "environment": "live", "credentials": {"exec": program}},
            "own": {**OKX, "environment": "live", "base_url": at, "credentials": {"file": "keys.json"}},
            "cx": GATE,
        },
        secret_stores={"vault": {"type": "exec", "command": program}},
        journal={"url": f"postgresql://nobody@127.0.0.1:{trap.getsockname()[1]}/none"},
        accounts={
            "mmdesk01": ACCOUNT,
            "mmown01": {**ACCOUNT, "venue": "own"},
            "desk": {"venue": "cx", "position_mode": "long_short"},
        },
    )
    monkeypatch.setenv("ACCTCFG_TRUST", f"{at} {trust_word(program)}")
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, at)
    asked: list[Any] = []
    sys.addaudithook(lambda event, values: asked.append((event, values)) if event in WATCHED and watching else None)
    watching = [True]
    said = bench.test(a={"as_applied": True, "run": "drift", "expect": {"exit": 0}})
    watching.clear()
    assert said.code == 0, said.out + said.err
    hosts = {values[1][0] for event, values in asked if event == "socket.connect" and isinstance(values[1], tuple)}
    names = {values[0] for event, values in asked if event == "socket.getaddrinfo"}
    started = [values[0] for event, values in asked if event == "subprocess.Popen" and "git" not in str(values[0])]
    assert hosts | names <= {"127.0.0.1"}
    assert hosts
    assert started == []
    assert not touched.exists()
    with pytest.raises(BlockingIOError):
        trap.accept()
    trap.close()
    left = {str(one.relative_to(bench.folder)) for one in bench.folder.rglob("*") if one.is_file()}
    assert left == {"acctcfg.yaml", "tests/a.yaml"}


WATCHED = {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.exec", "os.posix_spawn"}


def test_without_a_file_it_says_where_one_belongs(bench: Bench) -> None:
    """No tests, no success."""
    said = bench.test()
    assert said.code == 64
    assert "there is no tests/*.yaml" in said.err
