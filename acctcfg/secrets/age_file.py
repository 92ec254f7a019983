"""A store of age files: one armored file per secret, readable by the age program too."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from acctcfg.core.desired import StoreOption
from acctcfg.core.secret import Credentials, Secret
from acctcfg.core.setting import Flag, Line
from acctcfg.core.store_type import Lines, Option, PrivateSource, StoreType
from acctcfg.core.text_rule import PATH, TextRule
from acctcfg.errors import StoreError
from acctcfg.plain_file import read_plain
from acctcfg.secrets import new_file
from acctcfg.secrets.age_keys import OF_PLUGIN, flaw_of_recipient, parse_recipients, plugin_lines, read_identities
from acctcfg.secrets.passphrase import generate
from acctcfg.secrets.private_file import contained, located
from acctcfg.secrets.store import Around, dead_path, is_dead, split_path
from acctcfg.secrets.stored_form import pack, parts_of, unpack

if TYPE_CHECKING:
    from acctcfg.secrets.age_keys import Identity
    from acctcfg.secrets.age_plugins import AgePlugins

__all__ = ["TYPE", "AgeFileStore", "open_store"]

RECIPIENT = TextRule(
    r"age1(?:[a-z][a-z0-9+._-]{0,30}1)?[02-9a-z]{10,}|ssh-(?:ed25519|rsa) [A-Za-z0-9+/=]+(?: .*)?",
    "a public age recipient (age1...) or an SSH public key; never the identity",
)
TYPE = StoreType(
    type="age_file",
    doc="one armored age file per secret",
    options={
        "path": Option(kind=Line(PATH), doc="the folder, relative to the root file", needed="the folder of its files"),
        "recipients": Option(kind=Lines(RECIPIENT, flaw_of_recipient), doc="who can read the secrets"),
        "identity": Option(kind=PrivateSource("the identity"), doc="what decrypts them"),
        "durable": Option(kind=Flag(), doc="this folder outlives a CI job"),
    },
    as_kept=str.casefold,  # some file systems ignore case
    alike="in case",
)

SUFFIX = ".age"
LARGEST = 1 << 20
"""Bytes of a file that is read: a sealed secret has some hundreds."""
BEGIN, END = b"-----BEGIN AGE ENCRYPTED FILE-----", b"-----END AGE ENCRYPTED FILE-----"
MAKE_ONE = "`acctcfg secrets identity` makes an identity and prints the recipient that belongs to it"
NOT_A_RECIPIENT = "the identity at hand opens nothing that the store {name} writes: its recipients are others'"


class AgeFileStore:
    """root/VENUE/ACCOUNT/LABEL.age, each an armored age file (`age -d -i key.txt FILE`) of one JSON object.

    `recipients` are who can read what is written: age1... or ssh-ed25519 public keys. `identity` is
    {"env": NAME} or {"file": PATH}, what reads it. Reading needs no recipient, and writing no identity.
    Files are 0600 and new folders 0700; the mode of a file that is read does not matter, it is encrypted.
    `durable` is the user's word that the folder outlives a CI job.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        *,
        recipients: tuple[str, ...] = (),
        identity: Mapping[str, str] | None = None,
        environ: Mapping[str, str],
        base_dir: Path,
        durable: bool = False,
    ) -> None:
        self.name = name
        self.root = root
        self.recipients = recipients
        self.durable = durable
        self._identity = identity
        self._environ = environ
        self._base_dir = base_dir
        self._identities: Sequence[Identity] | Secret | None = None

    def __repr__(self) -> str:
        return f"AgeFileStore({self.name!r}, {str(self.root)!r})"

    @property
    def writable(self) -> bool:
        """Whether there is a recipient to write to."""
        return bool(self.recipients)

    def get(self, path: str) -> Credentials | None:
        """The credentials at `path`; None if there is no file. StoreError if it cannot be read or understood."""
        file = self._file(path)
        sealed = self._read(file)
        if sealed is None:
            return None
        found = unpack(self._open(sealed, file))
        if isinstance(found, str):
            raise StoreError(
                f"{file}: was decrypted, but {found}",
                hint="import the secret again, or take the file from a backup",
            )
        return found

    def holds(self, path: str) -> bool:
        """Whether there is a file."""
        return os.path.lexists(self._file(path))

    def put(self, path: str, credentials: Credentials) -> None:
        """Encrypt and keep; on disk when it returns. A StoreError leaves nothing at `path`, or the whole file."""
        file = self._file(path)
        if is_dead(path):
            raise StoreError(f"{path}: only a key that no longer exists gets such a path", hint="choose another label")
        new_file.create(file, self.seal(pack(credentials), parts_of(credentials)))

    def reseal(self, path: str) -> None:
        """Write what is at `path` anew for the present recipients. A StoreError leaves it as it was, or as somebody
        else has made it since: a rotation may put a new secret there meanwhile."""
        file = self._file(path)
        sealed = self._read(file)
        if sealed is None:
            raise StoreError(f"{file}: is gone", hint="somebody moved it a moment ago")
        plain = self._open(sealed, file)
        found = unpack(plain)
        anew = self.seal(plain, [] if isinstance(found, str) else parts_of(found))
        if self._open(anew, file) != plain:
            raise StoreError(f"{file}: what would be written opens to something else", hint="nothing was written")
        new_file.replace(file, anew, sealed)

    def why_read_only(self) -> str:
        """That nobody is named who could read what it writes."""
        return "" if self.recipients else f"has no recipient, so it can only be read; {MAKE_ONE}"

    def why_not_readable_here(self) -> str:
        """That there is no identity at hand, or one that none of the recipients belongs to: a throw-away tells."""
        try:
            self._open(self.seal(pack(_throw_away())), self.root)
        except StoreError as exc:
            return NOT_A_RECIPIENT.format(name=self.name) if self._identities else exc.message
        return ""

    def prove_writable(self, path: str) -> None:
        """Everything that `put` does, undone again: a probe is encrypted, flushed, linked beside `path` and removed.

        Also a StoreError if the identity could not read what is written, since acctcfg signs with it later.
        A missing identity is none: whoever only writes needs none.
        """
        file = self._file(path)
        sealed = self.seal(pack(_throw_away()))
        if self._has_identity():
            of_plugin = isinstance(self._load_identities(), Secret)
            try:
                self._open(sealed, file)
            except StoreError as exc:
                if of_plugin:  # it may only want to be plugged in
                    raise
                raise StoreError(
                    f"the store {self.name} would write what its own identity cannot read",
                    hint=f"add the public key of the identity to secret_stores.{self.name}.recipients",
                ) from exc
        new_file.probe(file, sealed)

    def retire(self, path: str) -> str:
        """Move the file aside to LABEL.dead-N.age, N the first that is free."""
        file = self._file(path)
        for number in range(1, 10_000):
            new_path = dead_path(path, number)
            if new_file.move(file, self._file(new_path)):
                return new_path
        raise StoreError(f"{file}: thousands of dead secrets beside it", hint="remove the oldest")

    def supersede(self, path: str, by: str) -> None:
        """Link the file to LABEL.dead-N.age, N the first that is free, and rename the other one over it."""
        file, other = self._file(path), self._file(by)
        for number in range(1, 10_000):
            if new_file.supersede(file, other, self._file(dead_path(path, number))):
                return
        raise StoreError(f"{file}: thousands of dead secrets beside it", hint="remove the oldest")

    def list(self) -> tuple[str, ...]:
        """The paths of live secrets, sorted; no file is opened."""
        return tuple(path for path in self._paths() if not is_dead(path))

    def dead(self) -> tuple[str, ...]:
        """The paths of retired secrets, sorted."""
        return tuple(path for path in self._paths() if is_dead(path))

    def describe(self) -> str:
        """In words: the folder, and how many can read it."""
        count = len(self.recipients)
        return f"age files in {self.root}, {count or 'no'} recipient{'' if count == 1 else 's'}"

    def _file(self, path: str) -> Path:
        *folders, name = split_path(path)
        return contained(self.root.joinpath(*folders, name + SUFFIX), self._base_dir)

    def _paths(self) -> tuple[str, ...]:
        files = (
            file
            for venue in self._entries(self.root)
            for account in self._entries(venue)
            for file in self._entries(account)
            if file.suffix == SUFFIX
        )
        return tuple(sorted(file.relative_to(self.root).as_posix().removesuffix(SUFFIX) for file in files))

    def _entries(self, folder: Path) -> Iterator[Path]:
        """What is not hidden in `folder`. Not glob(), which takes a folder that it may not read for empty."""
        try:
            entries = contained(folder, self._base_dir).iterdir()
            yield from (entry for entry in entries if not entry.name.startswith("."))
        except FileNotFoundError:
            return
        except NotADirectoryError as exc:
            if folder == self.root:
                raise self._no_folder(folder) from exc
        except OSError as exc:
            raise StoreError(
                f"{folder}: cannot be listed: {exc.strerror}", hint="check the folder's owner and mode"
            ) from exc

    def _no_folder(self, path: Path) -> StoreError:
        named = f"it keeps its secrets under {self.root}, as VENUE/ACCOUNT/LABEL.age"
        return StoreError(
            f"the store {self.name} cannot look for {path}: a file is in the place of a folder", hint=named
        )

    def _read(self, file: Path) -> bytes | None:
        try:
            sealed, _ = read_plain(file, LARGEST)
        except FileNotFoundError:
            return None
        except NotADirectoryError as exc:
            raise self._no_folder(file) from exc
        except OSError as exc:
            raise StoreError(f"{file}: cannot be read: {exc.strerror}", hint="check the file's owner and mode") from exc
        return sealed

    def _has_identity(self) -> bool:
        if self._identity is None:
            return False
        if "env" in self._identity:
            return bool(self._environ.get(self._identity["env"]))
        return located(self._identity["file"], self._base_dir).exists()

    def _load_identities(self) -> Sequence[Identity] | Secret:
        if self._identities is None:
            self._identities = read_identities(
                self._identity, environ=self._environ, base_dir=self._base_dir, store=self.name
            )
        return self._identities

    def seal(self, plain: bytes, hidden: Sequence[str] = ()) -> bytes:
        """An armored age file for the recipients. No message has any of `hidden`."""
        import pyrage

        if not self.recipients:
            raise StoreError(
                f"the store {self.name} has no recipient, so nobody could read what it writes",
                hint=f"{MAKE_ONE}; it goes to secret_stores.{self.name}.recipients",
            )
        recipients = parse_recipients(self.recipients, f"secret_stores.{self.name}.recipients")
        if any(OF_PLUGIN.fullmatch(one.strip()) for one in self.recipients):
            texts = [one.strip() for one in self.recipients]
            return self._plugins().seal(plain, texts, hidden)
        failed = ""
        try:
            sealed: bytes = pyrage.encrypt(plain, recipients, armored=True)
        except pyrage.EncryptError as exc:
            failed = str(exc)
        if failed:
            raise StoreError(f"the store {self.name} cannot encrypt: {failed}", hint="check its recipients")
        return sealed

    def _plugins(self) -> AgePlugins:
        from acctcfg.secrets.age_plugins import AgePlugins

        return AgePlugins(self.name, self._environ)

    def _open(self, sealed: bytes, file: Path) -> bytes:
        import pyrage

        if wrong := _misshapen(sealed):
            raise StoreError(f"{file}: {wrong}", hint="take it from a backup, or import the secret again")
        identities = self._load_identities()
        if isinstance(identities, Secret):
            return self._plugins().open(sealed, plugin_lines(identities))
        try:
            plain: bytes = pyrage.decrypt(sealed, identities)
        except pyrage.DecryptError as exc:
            if "no matching keys" in str(exc).lower():  # one cause, of however many files
                raise StoreError(
                    f"secrets of the store {self.name} cannot be decrypted by the identity at hand ({exc})",
                    hint=f"the identity of the store {self.name} must belong to one of the recipients of {file}",
                    identity_missing=True,
                ) from exc
            raise StoreError(
                f"{file}: cannot be decrypted: {exc}",
                hint=f"the identity of the store {self.name} must belong to one of the file's recipients",
            ) from exc
        return plain


def open_store(name: str, options: Mapping[str, StoreOption], around: Around) -> AgeFileStore:
    """The store of these options."""
    recipients, identity = options.get("recipients", ()), options.get("identity")
    return AgeFileStore(
        name,
        located(str(options["path"]), around.base_dir),
        recipients=recipients if isinstance(recipients, tuple) else (),
        identity=identity if isinstance(identity, Mapping) else None,
        environ=around.environ,
        base_dir=around.base_dir,
        durable=options.get("durable") is True,
    )


def _throw_away() -> Credentials:
    """Credentials of the usual size that are nobody's."""
    return Credentials("p" * 36, generate(32), generate(32))


def _misshapen(sealed: bytes) -> str:
    """What is wrong with an age file before anything of it is decrypted; "" if nothing is."""
    if sealed.startswith(b"age-encryption.org/"):
        return ""  # the age program's other form, without armor
    begin, end = sealed.find(BEGIN), sealed.find(END)
    if begin < 0 or end < begin:
        return "is cut short, or not an age file"
    if sealed[:begin].strip():
        return "has something before its first line (a merge conflict, or an editor's mark?)"
    if sealed[end + len(END) :].strip():
        return "goes on after its last line (a merge conflict, or two files in one?)"
    return ""
