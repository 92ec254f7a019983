"""`acctcfg demo`: the main job end to end, by the real commands, on the sandbox in a temporary workspace."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

__all__ = ["command"]

SPEED = "2"  # slow enough that a reader sees the progress of an apply
MANIFEST = """\
version: 1

venues:
  desk:
    type: okx_dma_broker
    environment: demo
    base_url: {base_url}
    credentials: {{env: OKX_DESK}}
    egress: [127.0.0.1]

secret_stores:
  vault: {{type: age_file, path: secrets/, recipients: [{recipient}], identity: {{env: ACCTCFG_AGE_KEY}}}}

guardrails: {{max_leverage: 20, require_ip_allowlist: true}}

profiles:
  customer:
    venue: desk
    account_mode: multi_currency
    position_mode: net
    leverage:
      - {{market: swap, family: BTC-USDT, margin: cross, value: 10}}
      - {{market: swap, family: ETH-USDT, margin: cross, value: 8}}
      - {{market: futures, family: BTC-USD, margin: cross, value: 4}}
      - {{market: margin, currency: BTC, margin: cross, value: 3}}
    api_keys:
      trading: {{permissions: [read, trade], ip_allowlist: [127.0.0.1], store: vault}}
    deposit:
      credit_to: trading
      addresses:
        - {{currency: USDT, chain: USDT-TRC20}}
        - {{currency: BTC, type: segwit}}

accounts:
  customer001: {{profile: customer, label: Customer1}}
  customer002: {{profile: customer, label: Customer2}}
  customer003: {{profile: customer, label: Customer3, position_mode: long_short}}
"""
STAGES = (
    (("validate",), "The manifest is checked offline."),
    (("plan",), "Live state is read, and the difference shown. Nothing is written."),
    (("apply", "--auto-approve"), "The plan is carried out in order, and every change read back."),
    (("plan", "--detailed-exitcode"), "Planned again: there is nothing left to do."),
    (("output", "--format", "csv"), "What the customers need to know."),
)


KEPT = ("PATH", "HOME", "LANG", "TERM", "COLUMNS", "NO_COLOR", "TMPDIR", "TEMP", "SYSTEMROOT", "USERPROFILE")
OURSELVES = (sys.executable, "-P", "-m", "acctcfg")  # -P: nothing is imported from the folder that one is in
KEPT_PREFIXES = ("LC_", "XDG_", "PYTHON")


@click.command("demo", short_help="Run the main job end to end on the sandbox.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Leave the workspace in this directory.")
@click.pass_context
def command(ctx: click.Context, keep: Path | None) -> None:
    """Onboard three customers on a sandbox: validate, plan, apply, plan again.

    Everything happens on loopback and in a temporary directory; both are gone afterwards.
    """
    from acctcfg.errors import AcctcfgError, UsageError

    if keep is not None:
        keep = ctx.obj["directory"] / keep
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise UsageError(f"{keep} is not empty; nothing was written", hint="choose an empty directory")
    with _sandbox() as exports, _workspace(keep) as folder:
        environ = {**_bare(), **exports, "ACCTCFG_SPEED": SPEED}
        environ["ACCTCFG_AGE_KEY"] = _write(folder, exports["base_url"])
        for arguments, words in STAGES:
            _echo(f"\n# {words}\n$ acctcfg {' '.join(arguments)}\n")
            status = subprocess.run(_program(ctx, folder, *arguments), env=environ, check=False).returncode
            if status:
                raise AcctcfgError(f"`acctcfg {' '.join(arguments)}` ended with status {status}; the demo stops here")
    _echo("\nThe demo is over: the sandbox and its workspace are gone." if keep is None else f"\nKept: {keep}")


def _bare() -> dict[str, str]:
    """Our environment without what else is in it: a user's credentials have no part in a demo."""
    return {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}


def _program(ctx: click.Context, folder: Path, *arguments: str) -> list[str]:
    flags = ["--color", "always" if ctx.obj["color"] else "never", *(["-v"] if ctx.obj["verbose"] else [])]
    return [*OURSELVES, "-C", str(folder), *flags, *arguments]


@contextmanager
def _sandbox() -> Iterator[Mapping[str, str]]:
    """A running sandbox: the variables that it says to export, and its `base_url`."""
    from acctcfg.errors import AcctcfgError

    _echo(f"$ acctcfg sandbox --port 0 --speed {SPEED} &")
    arguments = [*OURSELVES, "sandbox", "--port", "0", "--speed", SPEED]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=_bare()) as process:
        try:
            found = _read_exports(process)
            if "base_url" not in found:
                raise AcctcfgError("the sandbox did not start")
            _echo(f"# it listens on {found['base_url']}, and rate windows are {SPEED} times shorter than the venue's")
            yield found
        finally:
            process.terminate()


def _read_exports(process: subprocess.Popen[str]) -> dict[str, str]:
    """What the sandbox prints until it is ready; nothing where it ends before."""
    import shlex

    found: dict[str, str] = {}
    for line in process.stdout or ():
        words = shlex.split(line, comments=True)
        if words[:1] == ["export"]:
            name, _, value = words[1].partition("=")
            found[name] = value
        elif words and words[-1].startswith("http://") and "control" not in words:
            found["base_url"] = words[-1]
        elif words[:1] == ["ready;"]:
            return found
    return {}


@contextmanager
def _workspace(keep: Path | None) -> Iterator[Path]:
    from tempfile import TemporaryDirectory

    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with TemporaryDirectory(prefix="acctcfg-demo-") as folder:
        yield Path(folder)


def _write(folder: Path, base_url: str) -> str:
    """Write and show the manifest; returns the identity that opens the secrets, which is kept nowhere else."""
    from pyrage import x25519

    identity = x25519.Identity.generate()
    text = MANIFEST.format(base_url=base_url, recipient=identity.to_public())
    (folder / "acctcfg.yaml").write_text(text, encoding="utf-8")
    _echo(f"\n$ cat acctcfg.yaml\n\n{text}")
    return str(identity)


def _echo(text: str) -> None:
    from acctcfg.cli.console import say_page

    say_page(text)
