"""Programs that a manifest names: none is started unless the user's own environment names it too."""

from __future__ import annotations

from acctcfg.core.text_rule import SERVICE, TextRule
from acctcfg.core.trust import trust_word
from acctcfg.manifest.containers import ListOf
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report
from acctcfg.manifest.scalars import BAD, Text

__all__ = ["ARGUMENT", "CommandLine", "KeyringService", "Trust"]

ARGUMENT = TextRule(r"[^\x00-\x1f\x7f]+", "a program or one of its arguments, one line")


class Trust:
    """The words of ACCTCFG_TRUST, between commas or blanks."""

    def __init__(self, text: str) -> None:
        self._words = frozenset(text.replace(",", " ").split())

    def names(self, word: str) -> bool:
        """Whether ACCTCFG_TRUST names exactly this."""
        return word in self._words


class CommandLine(ListOf):
    """A program and its arguments. What is trusted is the whole command: another argument is another command."""

    def __init__(self, trust: Trust) -> None:
        super().__init__(Text(ARGUMENT, private=True), least=1)
        self._trust = trust

    def take(self, node: Node, report: Report) -> object:
        """A list; `BAD` for a program by a relative path, and for a command that nobody trusts."""
        taken = super().take(node, report)
        if not isinstance(taken, list) or not taken or BAD in taken:
            return BAD
        command = [str(one) for one in taken]
        if "/" in command[0] and not command[0].startswith("/"):
            report.value(node, "must begin with an absolute path, or a name on PATH: never with one in the workspace")
            return BAD
        word = trust_word(command)
        if not self._trust.names(word):
            report.value(node, f"nobody trusts this command; add {word} to the environment variable ACCTCFG_TRUST")
            return BAD
        return command


class KeyringService(Text):
    """A service of the keyring that credentials are read from: whose entries are read, the user says."""

    def __init__(self, trust: Trust) -> None:
        super().__init__(SERVICE)
        self._trust = trust

    def take(self, node: Node, report: Report) -> object:
        """Its name; `BAD` for one that nobody trusts."""
        taken = super().take(node, report)
        if taken is BAD or self._trust.names(f"keyring:{taken}"):
            return taken
        report.value(node, f"nobody trusts this service; add keyring:{taken} to the environment variable ACCTCFG_TRUST")
        return BAD
