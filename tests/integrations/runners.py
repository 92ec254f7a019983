"""Runners of GitHub and GitLab in small: the steps of a job in order, in bash, with the variables that they set."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from checkers import checker
from desk import Desk

__all__ = ["BOT", "GITLAB", "ROOT", "Github", "gitlab_job", "job_environment"]

ROOT = Path(__file__).parents[2]
BOT = "github-actions[bot]"
GITLAB = yaml.safe_load((ROOT / "integrations/gitlab/acctcfg.gitlab-ci.yml").read_text(encoding="utf-8"))
GH = """\
#!{python}
import argparse, json, subprocess
from pathlib import Path

parser = argparse.ArgumentParser(exit_on_error=True)
parser.add_argument("api", choices=["api"])
parser.add_argument("endpoint")
parser.add_argument("--paginate", action="store_true")
parser.add_argument("--silent", action="store_true")
parser.add_argument("--method", default="GET")
parser.add_argument("--jq")
parser.add_argument("--field")
asked = parser.parse_args()
state = Path({state!r})
rows = json.loads(state.read_text())
if asked.method == "GET":
    answer = json.dumps([{{"number": 7}}] if asked.endpoint == "repos/desk/accounts/commits/abc/pulls" else rows)
    print(subprocess.run(["jq", "-r", asked.jq], input=answer, text=True, stdout=-1, check=True).stdout, end="")
else:
    name, _, file = asked.field.partition("=@")
    made = {{name: Path(file).read_text(), "user": {{"login": {bot!r}}}}}
    if asked.method == "POST":
        assert asked.endpoint == "repos/desk/accounts/issues/7/comments"
        rows.append({{"id": len(rows) + 1, **made}})
    else:
        assert asked.endpoint.startswith("repos/desk/accounts/issues/comments/")
        rows[int(asked.endpoint.rpartition("/")[2]) - 1].update(made)
    state.write_text(json.dumps(rows))
"""


def job_environment(desk: Desk, *first: Path) -> dict[str, str]:
    """What every job has: no credentials, our program and Python first on PATH, and no index to install from."""
    kept = {name: os.environ[name] for name in ("HOME", "PYTHONPATH", "ACCTCFG_TESTS_HOME", "ACCTCFG_SPEED")}
    path = os.pathsep.join([*map(str, first), str(Path(sys.executable).parent), os.environ["PATH"]])
    quiet = {"PIP_NO_INDEX": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    return {**kept, **quiet, "PATH": path, "CI": "true", "XDG_STATE_HOME": str(desk.folder / ".state")}


def bash(desk: Desk, script: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A script as both runners start it: a failed command, also of a pipe, ends it."""
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=desk.folder, env=environment, capture_output=True, text=True, check=False)


@dataclass
class Github:
    """A repository with one pull request, 7, whose commit is abc. Its comments are kept by a `gh` of our own."""

    desk: Desk
    state: Path
    secrets: Mapping[str, str]
    jobs: dict[str, Any] = field(init=False)
    action: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        folder = ROOT / "integrations/github"
        self.jobs = yaml.safe_load((folder / "workflows/acctcfg.yml").read_text(encoding="utf-8"))["jobs"]
        self.action = yaml.safe_load((folder / "actions/acctcfg/action.yml").read_text(encoding="utf-8"))
        checker("jq")
        (self.state / "comments.json").write_text("[]")
        gh = self.state / "gh"
        gh.write_text(GH.format(python=sys.executable, state=str(self.state / "comments.json"), bot=BOT))
        gh.chmod(0o755)

    @property
    def comments(self) -> list[dict[str, Any]]:
        """Those under the pull request."""
        found: list[dict[str, Any]] = json.loads((self.state / "comments.json").read_text())
        return found

    def comment(self, login: str, body: str) -> None:
        """Somebody writes one."""
        rows = [*self.comments, {"id": len(self.comments) + 1, "body": body, "user": {"login": login}}]
        (self.state / "comments.json").write_text(json.dumps(rows))

    def run(self, job: str) -> tuple[int, str, str]:
        """The exit status of the first step that failed, the job's summary, and all that its steps printed.

        Steps with an `if` of their own run after a failure too, as theirs say.
        """
        summary, output = self.state / "summary.md", self.state / "output"
        values = {"github.token": "token", "github.event.pull_request.number": "7"}
        values |= {f"secrets.{name}": value for name, value in self.secrets.items()}
        values |= {"vars.ACCTCFG_TRUST": "", "secrets.ACCTCFG_PGPASSWORD": ""}
        values |= {f"inputs.{name}": one["default"] for name, one in self.action["inputs"].items()}
        runner = {"GITHUB_REPOSITORY": "desk/accounts", "GITHUB_SHA": "abc", "GITHUB_ACTIONS": "true"}
        runner |= {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}
        summary.write_text("")
        code, told = 0, ""
        for step in self._steps(self.jobs[job]["steps"]):
            if code and "if" not in step:
                continue
            output.write_text("")
            own = {name: _filled(value, values) for name, value in step.get("env", {}).items()}
            said = bash(self.desk, step["run"], job_environment(self.desk, self.state) | runner | own)
            code, told = code or said.returncode, told + said.stdout + said.stderr
            for line in output.read_text().splitlines():
                name, _, value = line.partition("=")
                values[f"steps.{step['id']}.outputs.{name}"] = value
        return code, summary.read_text(), told

    def _steps(self, steps: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        """The steps that run something; those of our own action in its place."""
        for step in steps:
            if step.get("uses") == "./.github/actions/acctcfg":
                yield from self._steps(self.action["runs"]["steps"])
            elif "run" in step:
                yield step


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: values[found[1]], text)


def gitlab_job(desk: Desk, job: str, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`before_script` and `script` of a job, in one shell; its artifacts stay in the folder."""
    script = "\n".join([*GITLAB["default"]["before_script"], *GITLAB[job]["script"]])
    return bash(desk, script, job_environment(desk) | {"GITLAB_CI": "true"} | dict(variables))
