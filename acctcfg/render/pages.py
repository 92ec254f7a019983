"""Accounts and validations on a page of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from acctcfg.account_view import AccountView
from acctcfg.render.formats import Page
from acctcfg.render.harmless import harmless
from acctcfg.render.views import render_views

__all__ = ["accounts", "validation"]


def accounts(shown: Sequence[AccountView], page: Page) -> str:
    """See `render_views`."""
    return render_views(shown, color=page.color)


def validation(shown: Mapping[str, Any], _: Page) -> str:
    """ "Valid: 3 accounts, 1 venue, 2 files.": how much of everything there is; before it, a line each warning."""
    counts = [(name, count) for name, count in shown.items() if type(count) is int]
    words = ", ".join(f"{count} {name[:-1] if count == 1 else name}" for name, count in counts)
    warnings = [harmless(f"warning: {one['address']}: {one['message']}  [{one['code']}]") for one in shown["warnings"]]
    return "\n".join([*warnings, f"Valid: {words}."])
