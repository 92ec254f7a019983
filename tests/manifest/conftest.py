"""Fixtures: a workspace in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from manifest_folder import HEAD, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty workspace."""
    return Folder(tmp_path)


@pytest.fixture
def complaints(folder: Folder) -> Callable[..., list[str]]:
    """What loading HEAD and some more text says, without the places."""

    def said(text: str, head: str = HEAD, **environ: str) -> list[str]:
        folder.write(acctcfg=head + text)
        return [line.split(": ", 1)[1] for line in folder.problems(**environ)]

    return said
