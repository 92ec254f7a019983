"""The third-party package on the path: found as an installed one is, by the entry point in its dist-info."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from acctcfg.venues import installed

TOY = Path(__file__).parents[1] / "third_party" / "toy-exchange"
sys.path.append(str(TOY / "ground"))  # where its ground and its server are, as its own tests would have them


@pytest.fixture(scope="class")
def toy_installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What an installer makes of the package's pyproject.toml, for as long as one class of tests runs."""
    project = tomllib.loads((TOY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    site = tmp_path_factory.mktemp("site")
    (site / "toy_exchange").symlink_to(TOY / "toy_exchange")
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in rows.items())
        for group, rows in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        _forget()
        yield
    _forget()


def _forget() -> None:
    installed.rules.cache_clear()
    installed.venue.cache_clear()
