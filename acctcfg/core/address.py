"""Addresses: the name of every thing that a plan can change, and the patterns that select them."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Address", "AddressPattern", "Focus"]


class Address(NamedTuple):
    """`ACCOUNT`, `ACCOUNT.FIELD` or `ACCOUNT.FIELD[KEY]`; a NamedTuple, since large plans hold millions of them."""

    account: str  # the account's key in the manifest
    field: str = ""  # "" for the account itself; "account_mode", "settings.greeks", "api_keys"
    key: str = ""  # "trading", "swap/BTC-USDT/cross"

    @classmethod
    def of(cls, text: str) -> Address:
        """From its text."""
        head, _, key = text.partition("[")
        account, _, field = head.partition(".")
        return cls(account, field, key.removesuffix("]"))

    def __str__(self) -> str:
        if not self.field:
            return self.account
        return f"{self.account}.{self.field}[{self.key}]" if self.key else f"{self.account}.{self.field}"

    @property
    def within(self) -> str:
        """The address without its account: what a plan prints under the account's line."""
        return f"{self.field}[{self.key}]" if self.key else self.field


def _family(account: str, field: str) -> str:
    """What a field with a dot belongs to, as an address: `mmdesk01.settings` of `settings.greeks`; "" without one."""
    head, dot, _ = field.partition(".")
    return f"{account}.{head}" if dot else ""


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> re.Pattern[str]:
    """Brackets are literal. `fnmatch` writes patterns that never go back over a `*`: their time is bounded."""
    return re.compile(fnmatch.translate(glob.replace("[", "[[]")))


_SPECIAL = re.compile(r"[*?.\[]")  # in what is not the name of an account
_FIELD = re.compile(r"\.[a-z_]{3,}\[")
_NAMED = re.compile(r"\.[^*?\[\]]+\[")  # any word in a field's place
_ANY_KEY = "\0" * 64  # no key looks so: a pattern that selects it selects them all
_KEYED = ("leverage", "api_keys")
"""Fields of which every address has a key. Any other is read even where nothing of it is looked at."""


class AddressPattern:
    """A pattern over addresses: only `*` and `?` are special; an account name means all of it, as the first word of a
    field with a dot does: `ACCOUNT.settings` all settings."""

    def __init__(self, text: str) -> None:
        self.text = text

    def matches(self, address: Address) -> bool:
        """Whether the pattern selects this address, or the whole account or all the settings that it belongs to."""
        fits = _compiled(self.text).fullmatch
        if fits(address.account) or fits(str(address)):
            return True
        family = _family(address.account, address.field)
        return bool(family) and fits(family) is not None

    def selects(self, address: Address) -> bool:
        """Whether a look that is narrowed to the pattern, or a rule of it, has this address: a field's name means every
        key of it."""
        return self.matches(address) or self.matches(Address(address.account, address.field))

    def may_reach(self, account: str, field: str) -> bool:
        """Whether the pattern could select any address of `account.field`, whatever its key: decides what is read."""
        fits = _compiled(self.text).fullmatch
        if fits(account) or ((family := _family(account, field)) and fits(family)):
            return True
        return _reaches(self.text, f"{account}.{field}") if field else False

    def may_begin(self, field: str) -> bool:
        """Whether it could select an address `ACCOUNT.field`, of whatever account, or the account itself.

        A field in which a bracket opens is the beginning of such addresses.
        """
        glob = self.text
        places = _after_any_account(glob)
        if len(glob) in places:
            return True
        for char in f".{field}":
            places = _moved(places, char, glob)
        if "[" not in field:
            return len(glob) in places
        # a field that the pattern names is not spent on another field's keys, as in `_reaches`
        named = _NAMED.search(glob)
        least = named.end() if named is not None else 0
        return glob[-1:] in ("]", "*", "?") and any(least <= at < len(glob) for at in places)

    def selects_all(self, account: str, field: str) -> bool:
        """Whether it selects every address of `account.field`: by the account, the field's name, or `FIELD[*]`.

        Of `*[*]` that holds where all of them have a key: an account mode has none, a position mode may have one.
        """
        if self.matches(Address(account, field)):
            return True
        return field in _KEYED and self.matches(Address(account, field, _ANY_KEY))


def _reaches(glob: str, prefix: str) -> bool:
    """Whether `glob` matches `prefix` itself or any text `prefix[...]` (a walk over the glob's states)."""
    glob = re.sub(r"\*+", "*", glob)  # a run of stars is one, and each costs a state
    places = _closed({0}, glob)
    for char in prefix:
        places = _moved(places, char, glob)
    if len(glob) in places:
        return True
    if glob[-1:] not in ("]", "*", "?"):
        return False
    # `.leverage[` is where a key begins, not a part of one: no `*` before it reaches into another field's keys
    named = _FIELD.search(glob)
    return any((named is None or named.end() <= at) and at < len(glob) for at in _moved(places, "[", glob))


def _after_any_account(glob: str) -> set[int]:
    """The states of `glob` behind the name of some account."""
    found: set[int] = set()
    new = _closed({0}, glob)
    while new - found:
        found |= new
        named = (at for at in new if at < len(glob) and (glob[at] in "*?_-" or glob[at].isalnum()))
        spent = {at if glob[at] == "*" else at + 1 for at in named}
        new = _closed(spent, glob)
    return found


def _moved(places: set[int], char: str, glob: str) -> set[int]:
    moved = set()
    for at in places:
        if at < len(glob) and glob[at] == "*":
            moved.add(at)
        elif at < len(glob) and glob[at] in ("?", char):
            moved.add(at + 1)
    return _closed(moved, glob)


def _closed(places: Iterable[int], glob: str) -> set[int]:
    closed = set(places)
    for at in tuple(closed):
        while at < len(glob) and glob[at] == "*":
            at += 1
            closed.add(at)
    return closed


class Focus:
    """What a command looks at: everything, or what its targets select, without what is left out."""

    def __init__(
        self,
        targets: Iterable[str] = (),
        *,
        excludes: Iterable[str] = (),
        alone: Iterable[str] = (),
        exactly: Iterable[str] | None = None,
        only: Iterable[str] | None = None,
        listed: Iterable[str] = (),
        dependencies: bool = False,
    ) -> None:
        """`excludes`: addresses, fields (with all their keys) and accounts that are not looked at, targeted or not.

        `alone`: accounts besides the targets, of which nothing but that they exist is looked at.

        `only`: of what the targets select, these fields and no others.

        `listed`: fields that are looked at in accounts that manage nothing of them, too.

        `dependencies`: what has to change before something targeted is looked at, too.
        """
        self.dependencies = dependencies
        self._listed = tuple(listed)
        self._only = None if only is None else frozenset(only)
        self.patterns = tuple(AddressPattern(text) for text in targets)
        self._alone = frozenset(alone)
        self.targets = (*(text.text for text in self.patterns), *sorted(self._alone))  # as the user said it
        self._named = {one.text for one in self.patterns if not _SPECIAL.search(one.text)}  # accounts: may be many
        self._globs = tuple(one for one in self.patterns if one.text not in self._named)
        self._without = tuple(AddressPattern(text) for text in excludes)
        self.excludes = tuple(text.text for text in self._without)  # as the user said it
        self._exact = None if exactly is None else frozenset(exactly)
        self._fields = {text.partition("[")[0] for text in self._exact or ()}
        self._besides: tuple[AddressPattern, ...] = ()

    @classmethod
    def exactly(
        cls,
        addresses: Iterable[str],
        *,
        besides: Iterable[str] = (),
        targets: Iterable[str] = (),
        excludes: Iterable[str] = (),
    ) -> Focus:
        """These very addresses and no others: an account alone means its existence, not all of it.

        `besides`: of these accounts and fields everything, for what could not be read and so has no addresses yet.
        `targets`, `excludes`: how the look was narrowed that found them.
        """
        focus = cls(exactly=addresses, excludes=excludes)
        focus.targets = tuple(targets)
        focus._besides = tuple(
            AddressPattern(text + "*" if text[-1:] != "]" and "." in text else text) for text in besides
        )
        return focus

    def with_targets(self, addresses: Iterable[Address]) -> Focus:
        """The same, with these addresses among what the user named; of an account, its existence."""
        found = sorted(addresses)
        return Focus(
            [*(one.text for one in self.patterns), *(str(one) for one in found if one.field)],
            excludes=self.excludes,
            alone=self._alone | {one.account for one in found if not one.field},
            dependencies=self.dependencies,
        )

    @property
    def everything(self) -> bool:
        """True where nothing narrows it."""
        return not self.patterns and not self._without and self._exact is None and self._only is None

    @property
    def accounts(self) -> frozenset[str] | None:
        """No account but one of these is looked at; None where any may be."""
        if self._exact is not None and not self._besides:
            return frozenset(text.partition("[")[0].partition(".")[0] for text in self._exact)
        if self.patterns and not self._globs and self._exact is None:
            return self._alone.union(self._named)
        return None

    def leaves_out(self, address: Address) -> bool:
        """Whether the user said to leave this very address alone."""
        return any(one.selects(address) for one in self._without)

    def may_leave_out(self, account: str, field: str) -> bool:
        """Whether some address of `account.field` could be left out."""
        return any(one.may_reach(account, field) for one in self._without)

    def wants(self, address: Address) -> bool:
        """Whether this very address is looked at."""
        if self._without and self.leaves_out(address):
            return False
        if self._only is not None and address.field not in self._only:
            return False
        if self._exact is not None:
            return str(address) in self._exact or any(pattern.matches(address) for pattern in self._besides)
        if not address.field and address.account in self._alone:
            return True
        if not self.patterns or address.account in self._named:
            return True
        return any(one.selects(address) for one in self._globs)

    def may_want(self, account: str, *fields: str) -> bool:
        """Whether any address of one of these fields of the account could be looked at."""
        if self._only is not None:
            fields = tuple(field for field in fields if field in self._only)
            if not fields:
                return False
        if self._without:
            fields = tuple(one for one in fields if not any(out.selects_all(account, one) for out in self._without))
            if not fields:
                return False
        if self._exact is not None:
            exact = any(f"{account}.{field}" in self._fields for field in fields)
            return exact or any(one.may_reach(account, field) for one in self._besides for field in fields)
        if not self.patterns or (fields and account in self._named):
            return True
        return any(pattern.may_reach(account, field) for pattern in self._globs for field in fields)

    def touches(self, account: str, *fields: str) -> bool:
        """Whether the account is looked at at all: its existence, or one of these fields."""
        return self.wants(Address(account)) or self.may_want(account, *fields, *self._listed)
