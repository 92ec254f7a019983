"""Claims on `acctcfg validate` and `acctcfg schema`: what a pipeline reads and which status it gets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from manifest_folder import HEAD, Folder

from acctcfg.cli.schema import command as schema
from acctcfg.cli.validate import command as validate
from acctcfg.errors import ManifestError

SCHEMAS = Path(__file__).parents[2] / "schemas"
MESSAGE = "one_recipient: one identity alone can read it: lost, all its secrets are"
ALONE = f"warning: secret_stores.vault: {MESSAGE}  [guardrail]"
WRONG = "accounts:\n  mmdesk01: {venue: desk, label: a b}\n"


def run(folder: Folder, *args: str) -> Result:
    """`validate` in the folder."""
    return CliRunner().invoke(validate, args, obj={"directory": folder.path, "color": False, "verbose": False})


def test_a_sound_manifest_is_one_line(folder: Folder) -> None:
    """A sound manifest ends 0, with its size; a store that one identity alone can read is a warning, and no more."""
    head = HEAD.replace(
        "recipients: [", "recipients: [age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj, "
    )
    accounts = "accounts:\n  mmdesk01: {venue: desk}\n  mmdesk02: {venue: desk}\n"
    folder.write(acctcfg=head + accounts)
    result = run(folder)
    assert (result.exit_code, result.output) == (0, "Valid: 2 accounts, 1 venue, 1 file.\n")
    folder.write(acctcfg=HEAD + accounts)
    alone = run(folder)
    assert (alone.exit_code, alone.output) == (0, f"{ALONE}\n{result.output}")


def test_problems_are_raised_for_people(folder: Folder) -> None:
    """In text, problems go the way of every error: a message of one line each, and status 1."""
    folder.write(acctcfg=HEAD + WRONG)
    result = run(folder)
    assert isinstance(result.exception, ManifestError)
    assert result.exception.exit_code == 1
    assert str(result.exception) == ('acctcfg.yaml:7:34: mmdesk01.label: "a b" must be up to 50 letters and digits')


def test_problems_are_data_for_pipelines(folder: Folder) -> None:
    """In JSON, they are rows on stdout, and the status is 1."""
    folder.write(acctcfg=HEAD + WRONG)
    result = run(folder, "--format", "json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    error = document.pop("error")
    assert (error["code"], error["problems"]) == ("manifest", document["problems"])
    assert document == {
        "valid": False,
        "problems": [
            {
                "file": "acctcfg.yaml",
                "line": 7,
                "column": 34,
                "address": "mmdesk01.label",
                "message": '"a b" must be up to 50 letters and digits',
            }
        ],
    }


def test_json_of_a_sound_manifest(folder: Folder) -> None:
    """A sound manifest has an empty list of problems; what is wise besides is among the warnings, with its place."""
    folder.write(acctcfg=HEAD)
    result = run(folder, "--format", "json")
    counts = {"accounts": 0, "venues": 1, "files": 1}
    place = {"file": "acctcfg.yaml", "line": 5, "column": 3}
    warning = {"address": "secret_stores.vault", "code": "guardrail", "message": MESSAGE, **place}
    assert json.loads(result.stdout) == {"valid": True, "problems": [], "warnings": [warning], **counts}


def test_a_warning_about_a_store_stands_at_the_store(folder: Folder) -> None:
    """In the file that defines it, so that a review shows it on that line, not on the first one of the root file."""
    head, stores = HEAD.split("secret_stores:\n")
    folder.write(acctcfg=head + "include: [stores.yaml]\n", stores=f"# who can read what\nsecret_stores:\n{stores}")
    said = run(folder, "--format", "github")
    assert said.exit_code == 0
    assert said.stdout.endswith(f"stores.yaml,line=3,col=3::secret_stores.vault: {MESSAGE}\n")


def test_schema_prints_json() -> None:
    """`schema manifest` prints a JSON Schema."""
    result = CliRunner().invoke(schema, ["manifest"])
    assert result.exit_code == 0
    assert json.loads(result.output)["title"] == "acctcfg manifest"


@pytest.mark.parametrize("file", sorted(SCHEMAS.glob("*.json")), ids=lambda file: file.name)
def test_a_published_schema_names_nothing_on_the_internet(file: Path) -> None:
    """An editor that cannot fetch what a schema refers to underlines nothing: references stay inside the file."""

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in ("$ref", "$schema", "$id", "$dynamicRef") and isinstance(inner, str):
                    yield inner
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    assert [one for one in references(json.loads(file.read_text())) if not one.startswith("#")] == []


@pytest.mark.parametrize("module", ["acctcfg.cli.validate", "acctcfg.cli.schema"])
def test_importing_a_command_is_cheap(module: str) -> None:
    """The command line lists its commands without loading what they need."""
    heavy = ("yaml", "jsonschema_rs", "httpx", "acctcfg.manifest")
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert out.stdout == "[]\n"
