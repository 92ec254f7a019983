"""The kinds of input in the corpus: where each goes in a workspace, and the command that reads it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyrage

from acctcfg.core.trust import trust_word

__all__ = ["KINDS", "Kind"]

NOBODY = "http://127.0.0.1:9"
"""Where no venue answers: what a command says of its input, it says before it asks one."""
DESK = """\
version: 1
venues:
  desk:
    type: TYPE
    environment: demo
    base_url: BASE_URL
    credentials: CREDENTIALS
secret_stores:
  vault: {type: age_file, path: secrets/, recipients: [RECIPIENT], identity: {file: identity.txt}}
  copy: {type: age_file, path: copy/, recipients: [RECIPIENT]}
accounts:
  mmdesk01:
    venue: desk
    ACCOUNT
"""
KEYED = "api_keys: {bot: {permissions: [read, trade], store: vault}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`place` is the input's name in the workspace; "" where it is a whole folder, "-" for standard input."""

    place: str
    command: tuple[str, ...]
    manifest: str = ""
    sealed: bool = False  # the input is what an age file holds
    script: bool = False  # the input is SQL, for a sound journal
    beside: tuple[str, ...] = ()  # files of base_signed that the workspace has, too
    program: str = ""  # what must be installed for it
    environ: Mapping[str, str] = field(default_factory=dict)

    def lay_out(self, file: Path, folder: Path) -> dict[str, str]:
        """Write the workspace around the input. Returns the variables of the environment."""
        answer = ["/bin/cat", str(folder / "answer.json")]
        if self.manifest:
            identity = pyrage.x25519.Identity.generate()
            text = self.manifest.replace("RECIPIENT", str(identity.to_public())).replace("ANSWER", ", ".join(answer))
            (folder / "acctcfg.yaml").write_text(text, encoding="utf-8")
            (folder / "identity.txt").write_text(f"{identity}\n", encoding="utf-8")
            (folder / "identity.txt").chmod(0o600)
        for name in self.beside:
            shutil.copy(Path(__file__).parent / "base_signed" / name, folder)
        if self.script:
            _altered(folder / self.place, file.read_text(encoding="utf-8"))
        elif file.is_dir():
            shutil.copytree(file, folder, dirs_exist_ok=True)
        elif self.place != "-":
            place = folder / self.place
            place.parent.mkdir(parents=True, exist_ok=True)
            data = file.read_bytes()
            place.write_bytes(pyrage.encrypt(data, [identity.to_public()], armored=True) if self.sealed else data)
            place.chmod(0o600)
        return {**self.environ, "ACCTCFG_TRUST": trust_word(answer)}

    def standard_input(self, file: Path) -> bytes:
        """What the command reads there."""
        return file.read_bytes() if self.place == "-" else b""


def _altered(journal: Path, script: str) -> None:
    journal.parent.mkdir(mode=0o700)
    connection = sqlite3.connect(journal)
    connection.executescript((Path(__file__).parent / "base_journal.sql").read_text(encoding="utf-8"))
    connection.executescript(script)
    connection.close()


def desk(
    credentials: str = "{env: OKX_DESK}", account: str = "account_mode: spot", kind: str = "okx_dma_broker"
) -> str:
    """A workspace of one account."""
    words = {"TYPE": kind, "BASE_URL": NOBODY, "CREDENTIALS": credentials, "ACCOUNT": account}
    text = DESK
    for word, meant in words.items():
        text = text.replace(word, meant)
    return text


def approved(count: int) -> str:
    """The workspace of a plan that so many must sign. Alice made it."""
    return f"{desk()}guardrails:\n  approvals: {{count: {count}, signers: allowed_signers, for: all}}\n"


SIGNED = ("plan.json", "plan.json.alice.sig", "plan.json.bob.sig", "plan.json.erin.sig")
"""A plan that three signed, Erin as a security key does. Nobody has their private keys."""

BY_VARIABLES = {"OKX_DESK_API_KEY": "key", "OKX_DESK_SECRET_KEY": "CANARY-secret", "OKX_DESK_PASSPHRASE": "CANARY-1"}
IMPORTING = ("secrets", "import")
TOKEN = "{token: {exec: [ANSWER]}}"

APPLYING = ("apply", "plan.json", "--auto-approve")

KINDS = {
    "manifest": Kind(place="acctcfg.yaml", command=("validate",)),
    "workspace": Kind(place="", command=("validate",)),
    "plan": Kind(place="plan.json", command=APPLYING, manifest=desk()),
    "signers": Kind(
        place="allowed_signers", command=APPLYING, manifest=approved(4), beside=SIGNED, program="ssh-keygen"
    ),
    "signature": Kind(
        place="plan.json.a.sig",
        command=APPLYING,
        manifest=approved(1),
        beside=("plan.json", "allowed_signers"),
        program="ssh-keygen",
    ),
    "scenario": Kind(place="tests/a.yaml", command=("test",), manifest=desk()),
    "seed": Kind(place="seed.yaml", command=("sandbox", "--port", "0", "--seed", "seed.yaml")),
    "credentials": Kind(place="creds.json", command=("plan",), manifest=desk("{file: creds.json}")),
    "answer": Kind(place="answer.json", command=("plan",), manifest=desk("{exec: [ANSWER]}")),
    "token": Kind(place="answer.json", command=("plan",), manifest=desk(TOKEN, "role: main", "okx")),
    "identity": Kind(place="identity.txt", command=("secrets", "reencrypt", "vault"), manifest=desk(account=KEYED)),
    "age-file": Kind(
        place="secrets/desk/mmdesk01/bot.age", command=("secrets", "reencrypt", "vault"), manifest=desk(account=KEYED)
    ),
    "stored": Kind(
        place="secrets/desk/mmdesk01/bot.age",
        command=("secrets", "export", "--to", "copy"),
        manifest=desk(account=KEYED),
        sealed=True,
    ),
    "import": Kind(place="-", command=IMPORTING, manifest=desk(account=KEYED), environ=BY_VARIABLES),
    "import-one": Kind(
        place="-", command=(*IMPORTING, "mmdesk01", "bot"), manifest=desk(account=KEYED), environ=BY_VARIABLES
    ),
    "targets": Kind(place="targets.txt", command=("plan", "--target", "@targets.txt"), manifest=desk()),
    "journal": Kind(place=".acctcfg/journal.sqlite", command=("history", "--verify"), manifest=desk()),
    "journal-rows": Kind(
        place=".acctcfg/journal.sqlite", command=("history", "--verify"), manifest=desk(), script=True
    ),
}
