"""The shape of `notify`. A manifest alone can send nothing anywhere: the user's own environment names the URL too."""

from __future__ import annotations

from acctcfg.core.happenings import HAPPENINGS
from acctcfg.core.text_rule import VARIABLE, TextRule
from acctcfg.core.webhook import webhook_flaw, webhook_word
from acctcfg.manifest.commands import Trust
from acctcfg.manifest.containers import Field, ListOf, Record
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report
from acctcfg.manifest.scalars import BAD, Text, Word

__all__ = ["Webhook", "notify_shape"]

URL = TextRule(r"https?://[!-~]+", "https://host/path, or {env: NAME}")


class _Variable(Text):
    """The variable that holds the URL: a manifest cannot pick any address that happens to be in the environment."""

    def __init__(self, trust: Trust) -> None:
        super().__init__(VARIABLE, private=True)
        self._trust = trust

    def take(self, node: Node, report: Report) -> object:
        """Its name; `BAD` for one that is neither acctcfg's own nor trusted."""
        taken = super().take(node, report)
        if taken is BAD or str(taken).startswith("ACCTCFG_") or self._trust.names(f"webhook:env:{taken}"):
            return taken
        report.value(
            node,
            "nobody trusts this variable; choose a name that begins with ACCTCFG_, or add webhook:env: and this name "
            "to the environment variable ACCTCFG_TRUST",
        )
        return BAD


class Webhook:
    """A URL that ACCTCFG_TRUST names, or the variable that holds one."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._url = Text(URL, private=True, flaw=webhook_flaw)
        doc = "The environment variable that holds it: ACCTCFG_..., or one that ACCTCFG_TRUST names (webhook:env:NAME)"
        name = Field(kind=_Variable(trust), doc=doc, required=True)
        self.record = Record({"env": name})

    def take(self, node: Node, report: Report) -> object:
        """A text, or a dict; `BAD` for a URL that nobody trusts."""
        if type(node.value) is dict:
            return self.record.take(node, report)
        text = self._url.take(node, report)
        if text is BAD or self._trust.names(word := webhook_word(str(text))):
            return text
        report.value(
            node,
            f"nobody trusts this webhook; add {word} to the environment variable ACCTCFG_TRUST, or write "
            "{env: NAME} and keep the URL in that variable",
        )
        return BAD

    def schema(self) -> dict[str, object]:
        return {"anyOf": [self._url.schema(), self.record.schema()]}


def notify_shape(trust: Trust) -> Record:
    """Where word is sent, and of what."""
    return Record(
        {
            "webhook": Field(
                kind=Webhook(trust),
                doc="Where to send it, by POST. The URL is a secret: {env: NAME}, or one that ACCTCFG_TRUST names",
                required=True,
            ),
            "on": Field(kind=ListOf(Word(HAPPENINGS), least=1, unique=True), doc="What to send word of", required=True),
        },
        in_parts=True,
    )
