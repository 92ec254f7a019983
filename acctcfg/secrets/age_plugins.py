"""Age files for recipients and identities of plugins (hardware keys): a process of its own does it.

A plugin is a program, `age-plugin-NAME` on PATH: it gets PATH, HOME and LANG, as every program that acctcfg starts.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from acctcfg.errors import StoreError
from acctcfg.secrets import children
from acctcfg.secrets.helper import Helper, blotted

__all__ = ["AgePlugins"]

CHILD = Path(children.__file__).with_name("age_child.py")
TOUCHED_WITHIN_S = 60.0


class AgePlugins:
    """Sealing and opening with plugins, for the store of that name. What fails is a StoreError in age's own words."""

    def __init__(self, store: str, environ: Mapping[str, str]) -> None:
        self._who = f"the store {store}"
        self._helper = Helper(
            who=self._who,
            command=(sys.executable, "-P", str(CHILD)),
            environ=environ,
            within_s=TOUCHED_WITHIN_S,
            noun="age plugin",
            hint="a hardware key may have waited to be touched; one that asks for a PIN cannot be answered here",
        )

    def seal(self, plain: bytes, recipients: Sequence[str], hidden: Sequence[str]) -> bytes:
        """An armored age file. No message has any of `hidden`."""
        return self._asked({"do": "seal", "data": _coded(plain), "recipients": list(recipients)}, hidden)

    def open(self, sealed: bytes, identities: Sequence[str]) -> bytes:
        """What is in an age file."""
        return self._asked({"do": "open", "data": _coded(sealed), "identities": list(identities)}, identities)

    def _asked(self, question: Mapping[str, object], hidden: Sequence[str]) -> bytes:
        answer = self._helper.ask(question, hidden)
        if answer.get("ok") is True:
            return base64.b64decode(str(answer.get("data")))
        said = blotted(str(answer.get("error"))[:500], hidden)
        verb = "encrypt" if question["do"] == "seal" else "decrypt"
        raise StoreError(f"{self._who} cannot {verb}: {said}", hint="the program age-plugin-NAME must be on PATH")


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode()
