"""Fields with two forms: a word or a word for each part, a list or a map. Which one is right, the venue type says."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from acctcfg.core.setting import ALL
from acctcfg.core.text_rule import TextRule
from acctcfg.manifest.containers import Field, ListOf, Record
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report
from acctcfg.manifest.scalars import BAD, Flag, Text, Word

__all__ = ["ACCESS", "AllOrListed", "OneValue", "Permissions", "WholeOrParts"]

ACCESS: Final = {"read": "look", "write": "look and change"}


class _Parts(Record):
    """Parts by name. A name that nobody knows yet is taken as given, for the venue judges it; a near miss is a slip."""

    word: Word
    others = ""  # the pattern of such names; "" where there are none

    def take(self, node: Node, report: Report) -> object:
        """A dict of words by part."""
        taken = super().take(node, report)
        for name, child in node.value.items() if taken is not BAD else ():
            if self._new(name) and child.value is not None and (word := self.word.take(child, report)) is not BAD:
                taken[name] = word
        return taken

    def unknown(self, name: str, node: Node, report: Report) -> None:
        """Report a name that cannot be a part's."""
        if not self._new(name):
            super().unknown(name, node, report)

    def _new(self, name: str) -> bool:
        fits = name not in self.fields and self.others and re.fullmatch(self.others, name)
        like = [one for one in self.fields if abs(len(one) - len(name)) < 2]
        return bool(fits) and not difflib.get_close_matches(name, like, n=1, cutoff=0.8)

    def schema(self) -> dict[str, object]:
        """Its object, open for names that this version does not know."""
        said, word = super().schema(), {"anyOf": [self.word.schema(), {"type": "null"}]}
        return said | {"patternProperties": {f"^(?:{self.others})$": word}} if self.others else said


class WholeOrParts:
    """One word for all of the account, or a word for each of its parts."""

    def __init__(self, word: Word, parts: Iterable[str], others: str = "") -> None:
        self.word = word
        self.parts = _Parts({part: Field(kind=word, doc=f"Its part at {part}") for part in parts}, nulls=True)
        self.parts.word, self.parts.others = word, others

    def take(self, node: Node, report: Report) -> object:
        """The word, or a dict of words by part."""
        return self.parts.take(node, report) if type(node.value) is dict else self.word.take(node, report)

    def schema(self) -> dict[str, object]:
        return {"anyOf": [self.word.schema(), self.parts.schema()]}


class _Groups(Record):
    """Groups, and why others that exist cannot be given."""

    refused: Mapping[str, str] = MappingProxyType({})

    def unknown(self, name: str, node: Node, report: Report) -> None:
        """Report the reason where there is one."""
        if name in self.refused:
            report.key(node, self.refused[name])
        else:
            super().unknown(name, node, report)


class Permissions:
    """A list of words, or a map of groups to the access that the key has to each."""

    def __init__(self, listed: ListOf, groups: Iterable[str], refused: Mapping[str, str]) -> None:
        access = Word(ACCESS)
        self.listed = listed
        self.groups = _Groups({group: Field(kind=access, doc=f"Access to {group}") for group in groups}, nulls=True)
        self.groups.refused = refused

    def take(self, node: Node, report: Report) -> object:
        """A list; of a map, `group:access` for each group."""
        if type(node.value) is not dict:
            return self.listed.take(node, report)
        taken = self.groups.take(node, report)
        if not any(child.value is not None for child in node.value.values()):
            report.value(node, "must name at least one group")
        return [f"{group}:{access}" for group, access in taken.items()]

    def schema(self) -> dict[str, object]:
        return {"anyOf": [self.listed.schema(), self.groups.schema() | {"minProperties": 1}]}


class OneValue(Flag):
    """A flag that can only be one thing: the other is refused with the reason."""

    def __init__(self, only: bool, why: str) -> None:
        self.only = only
        self.why = why

    def take(self, node: Node, report: Report) -> object:
        taken = super().take(node, report)
        if taken is BAD or taken is self.only:
            return taken
        report.value(node, f"must be {str(self.only).lower()}: {self.why} (or leave the line out)")
        return BAD

    def schema(self) -> dict[str, object]:
        return {"enum": [self.only]}


class AllOrListed:
    """`{all: true}`, or lists of what is `enabled` and `disabled`."""

    def __init__(self, by: str, rule: TextRule) -> None:
        listed = ListOf(Text(rule), unique=True)
        why = "`disabled` names what is to be off"
        self.record = Record(
            {
                ALL: Field(kind=OneValue(True, why), doc=f"Every {by}"),
                "enabled": Field(kind=listed, doc=f"On for each {by} of these"),
                "disabled": Field(kind=listed, doc=f"Off for each {by} of these"),
            },
            nulls=True,
        )

    def take(self, node: Node, report: Report) -> object:
        """A dict of the fields that are sound, its lists without the entries that are not."""
        taken = self.record.take(node, report)
        if taken is BAD:
            return BAD
        lists = [name for name in ("enabled", "disabled") if name in taken]
        if ALL in taken and lists:
            report.key(node.value[lists[0]], f"{ALL} and {lists[0]} cannot be used together (choose one)")
            return BAD
        both = [one for one in taken.get("disabled", ()) if one is not BAD and one in taken.get("enabled", ())]
        if both:
            report.key(node.value["disabled"], f"{', '.join(both)} cannot be both enabled and disabled")
            return BAD
        return taken | {name: [one for one in taken[name] if one is not BAD] for name in lists}

    def schema(self) -> dict[str, object]:
        return self.record.schema() | {"not": {"required": [ALL, "enabled"]}}
