"""A secret that cannot be shown by accident, the three parts of an API key, and a token in place of one."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import NoReturn

from acctcfg.core.untold import keep_untold

__all__ = ["AccessToken", "Credentials", "Secret"]

SHOWN = "(secret)"


class Secret:
    """Text that nothing but `reveal()` gives away.

    Only `wire`, which sends it, and `secrets`, which stores it, call that; signing needs no more than `hmac`.

    Printing and formatting give "(secret)". Pickling, copying, hashing, comparing with `==`, encoding as JSON
    and `dataclasses.asdict` raise TypeError, since each of them is a road to a file or a screen.
    `same_as` compares in constant time.
    """

    __slots__ = ("__text",)

    __text: str

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"a secret is text, not {type(text).__name__}")
        object.__setattr__(self, "_Secret__text", text)

    def reveal(self) -> str:
        """The text itself. Call it where it is signed with, sent or encrypted, and keep it in no variable."""
        return self.__text

    def same_as(self, other: Secret) -> bool:
        """Whether both hold the same text; takes the same time wherever they differ."""
        return hmac.compare_digest(self.__text.encode(), other.__text.encode())

    def hmac(self, message: bytes, algorithm: str) -> bytes:
        """The HMAC of `message` with the text as its key: what venues sign requests with."""
        # hmac.digest lets go of the interpreter for every few bytes: with threads about, each may wait for one of them.
        return hmac.new(self.__text.encode(), message, algorithm).digest()

    def keep_untold(self) -> None:
        """From now on nothing that repeats the text gets it printed or recorded."""
        keep_untold(self.__text)

    def under(self, scheme: str) -> Secret:
        """What an `Authorization` header holds: the scheme, a blank and the text, and as secret as that."""
        return Secret(f"{scheme} {self.__text}")

    def __repr__(self) -> str:
        return SHOWN

    def __format__(self, spec: str) -> str:
        return SHOWN

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, Secret | str):
            raise TypeError("secrets are not compared with ==: use same_as")
        return NotImplemented

    # By value it would be a fingerprint to guess against, by identity it would disagree with same_as.
    __hash__ = None  # type: ignore[assignment]

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a secret does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a secret does not change")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")

    def __copy__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")


@dataclass(frozen=True, slots=True, eq=False)
class Credentials:
    """What a venue knows an API key by. `passphrase` is None at venues that have none.

    Two credentials are equal only if they are one object; `same_as` compares what they hold. From the first moment on
    their secrets are never told, whatever repeats them.
    """

    api_key: str = field(repr=False)
    secret_key: Secret
    passphrase: Secret | None

    def __post_init__(self) -> None:
        for one in (self.secret_key, self.passphrase):
            if one is not None:
                one.keep_untold()

    @property
    def word(self) -> str:
        return "key"

    def same_as(self, other: Credentials) -> bool:
        """Whether all three parts are the same, in constant time."""
        mine, theirs = self.passphrase or Secret(""), other.passphrase or Secret("")
        return (
            hmac.compare_digest(self.api_key.encode(), other.api_key.encode())
            & self.secret_key.same_as(other.secret_key)
            & mine.same_as(theirs)
            & ((self.passphrase is None) == (other.passphrase is None))
        )


@dataclass(frozen=True, slots=True, eq=False)
class AccessToken(Credentials):
    """A bearer token in place of an API key: `secret_key` is the token, `api_key` only a word for it.

    `device` is the id of the device that it was made for, "" for none. `ends_at` is when it is over (Unix seconds), as
    far as the token itself says so: for an estimate, never for a decision.
    """

    device: str = ""
    ends_at: float | None = None

    @property
    def word(self) -> str:
        return "token"
