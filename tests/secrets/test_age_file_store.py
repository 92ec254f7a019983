"""The store of age files: whole or nothing, never over another, and the age program's own format."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import traceback
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctcfg.errors import StoreError
from acctcfg.secrets import AgeFileStore, Around, Credentials, Secret, age_file, new_file, open_store, secret_path
from acctcfg.secrets.store import split_path

PATH = "desk/mmdesk01/trading"
Make = Callable[..., AgeFileStore]


def held(store: AgeFileStore, path: str = PATH) -> Credentials:
    found = store.get(path)
    assert found is not None
    return found


def files(store: AgeFileStore) -> list[str]:
    return sorted(path.name for path in store.root.rglob("*") if path.is_file())


def test_put_then_get(store: AgeFileStore, credentials: Credentials) -> None:
    """What was put is got back, by another process as well, and is listed."""
    assert store.get(PATH) is None
    store.put(PATH, credentials)
    assert held(store).same_as(credentials)
    assert store.list() == (PATH,)
    assert files(store) == ["trading.age"]


def test_a_file_in_the_place_of_a_folder_is_no_empty_store(store: AgeFileStore) -> None:
    """Neither the store itself nor the folder of a secret: nothing there is taken for missing. Files beside are."""
    store.root.write_text("")
    for ask in (store.list, store.dead, lambda: store.get(PATH)):
        with pytest.raises(StoreError, match="a file is in the place of a folder"):
            ask()
    store.root.unlink()
    store.root.mkdir()
    (store.root / "desk").write_text("notes")
    assert store.list() == ()
    with pytest.raises(StoreError, match="a file is in the place of a folder"):
        store.get(PATH)


def test_modes(store: AgeFileStore, credentials: Credentials) -> None:
    """The file is 0600 and the folders made for it 0700, whatever the umask."""
    before = os.umask(0)
    try:
        store.put(PATH, credentials)
    finally:
        os.umask(before)
    file = store.root / f"{PATH}.age"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (file.parent, file.parent.parent, store.root)} == {0o700}


def test_the_text_is_not_in_the_file(store: AgeFileStore, credentials: Credentials) -> None:
    """The file is armored age text, without a part of the secret."""
    store.put(PATH, credentials)
    text = (store.root / f"{PATH}.age").read_text()
    assert text.startswith("-----BEGIN AGE ENCRYPTED FILE-----")
    assert "test-" not in text


def test_put_never_overwrites(store: AgeFileStore, credentials: Credentials) -> None:
    """A second put is refused, and the first secret stays."""
    store.put(PATH, credentials)
    with pytest.raises(StoreError, match="none is ever overwritten"):
        store.put(PATH, Credentials("other", Secret("other"), None))
    assert held(store).same_as(credentials)
    assert files(store) == ["trading.age"]


def test_retire_numbers_upwards(store: AgeFileStore, credentials: Credentials) -> None:
    """Retired secrets keep their content under LABEL.dead-1, -2, ...; the path is free again each time."""
    for number in (1, 2, 3):
        store.put(PATH, credentials)
        assert store.retire(PATH) == f"{PATH}.dead-{number}"
        assert store.get(PATH) is None
    assert store.list() == ()
    assert store.dead() == tuple(f"{PATH}.dead-{number}" for number in (1, 2, 3))
    found = store.get(f"{PATH}.dead-2")
    assert found is not None
    assert found.same_as(credentials)
    with pytest.raises(StoreError, match="no longer exists"):
        store.put(f"{PATH}.dead-9", credentials)
    with pytest.raises(StoreError, match="cannot be written"):
        store.retire(PATH)


def test_what_came_meanwhile_is_not_moved_aside(
    store: AgeFileStore, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rotation that puts its new secret in the place of the one that is moved aside loses nothing, and it is said."""
    store.put(PATH, credentials)
    store.put(f"{PATH}2", Credentials("made-meanwhile", credentials.secret_key, credentials.passphrase))
    flush = new_file._flush_folder

    def late(folder: Path) -> None:
        monkeypatch.setattr(new_file, "_flush_folder", flush)
        flush(folder)
        store.supersede(PATH, f"{PATH}2")

    monkeypatch.setattr(new_file, "_flush_folder", late)
    with pytest.raises(StoreError, match="another secret came in its place meanwhile"):
        store.retire(PATH)
    assert held(store).api_key == "made-meanwhile"
    assert all(held(store, one).same_as(credentials) for one in store.dead())


def test_prove_writable_leaves_nothing(store: AgeFileStore, credentials: Credentials) -> None:
    """A proof leaves no file, fails where a secret is already, and put works after it."""
    store.prove_writable(PATH)
    assert files(store) == []
    store.put(PATH, credentials)
    with pytest.raises(StoreError, match="there is a secret already"):
        store.prove_writable(PATH)
    assert files(store) == ["trading.age"]


@pytest.mark.parametrize("action", ["put", "prove_writable"])
def test_flushed_in_the_order_that_outlives_a_power_cut(
    store: AgeFileStore, credentials: Credentials, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    """Each new folder is flushed into the one above, the text before it is named, the name before put returns."""
    seen: list[str] = []
    fsync, link = os.fsync, os.link

    def flush(handle: int) -> None:
        folders = (folder for folder in Path(store.root, PATH).parents if folder.exists())
        found = (folder.name for folder in folders if os.path.samestat(folder.stat(), os.fstat(handle)))
        seen.append(next(found, "text"))
        fsync(handle)

    def name(source: Path, target: Path) -> None:
        seen.append("name")
        link(source, target)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "link", name)
    store.put(PATH, credentials) if action == "put" else store.prove_writable(PATH)
    assert seen == [store.root.parent.name, "secrets", "desk", "text", "name", "mmdesk01"]


@pytest.mark.parametrize("step", ["open", "fdopen", "fsync", "link", "mkdir"])
@pytest.mark.parametrize("call", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("folders_exist", [True, False])
@pytest.mark.parametrize("action", ["put", "prove_writable"])
def test_a_full_disk_at_any_step_leaves_nothing(
    store: AgeFileStore,
    credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    call: int,
    folders_exist: bool,
    action: str,
) -> None:
    """Whichever system call fails, it is a StoreError that leaves nothing; where none does, all of it is there."""
    if folders_exist:
        (store.root / PATH).parent.mkdir(parents=True)
    owner: object = Path if step == "mkdir" else os
    real = getattr(owner, step)
    calls = 0

    def failing(*args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        if calls == call:
            if step == "fdopen":
                os.close(args[0])  # type: ignore[arg-type]
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*args, **kwargs)

    error = None
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, failing)
        try:
            store.put(PATH, credentials) if action == "put" else store.prove_writable(PATH)
        except StoreError as exc:
            error = exc
    assert (error is not None) == (calls >= call)
    if error is not None:
        assert "No space left" in error.message
        assert error.hint
    assert files(store) == ([] if error or action == "prove_writable" else ["trading.age"])
    if files(store):
        assert held(store).same_as(credentials)


def test_a_proof_fails_where_a_put_would(make_store: Make, tmp_path: Path, credentials: Credentials) -> None:
    """A file where a folder should be shows in the proof, before a key is created."""
    (tmp_path / "secrets").write_text("")
    store = make_store()
    for attempt in (store.prove_writable, lambda path: store.put(path, credentials)):
        with pytest.raises(StoreError, match="cannot be written"):
            attempt(PATH)


def test_a_killed_put_does_not_disturb(store: AgeFileStore, credentials: Credentials) -> None:
    """What a killed process leaves behind is no secret to anybody, and does not stop the next put."""
    folder = (store.root / PATH).parent
    folder.mkdir(parents=True)
    (folder / ".trading.age.0123456789ab.tmp").write_text("cut")
    assert store.list() == store.dead() == ()
    store.put(PATH, credentials)
    assert held(store).same_as(credentials)


@pytest.mark.parametrize("damage", [lambda text: text[:-30], lambda text: text[:40], lambda _: "", lambda _: "hello"])
def test_a_damaged_file_is_an_error_and_not_absence(
    store: AgeFileStore, credentials: Credentials, damage: Callable[[str], str]
) -> None:
    """A cut or foreign file is a StoreError that names it."""
    store.put(PATH, credentials)
    file = store.root / f"{PATH}.age"
    file.write_text(damage(file.read_text()))
    with pytest.raises(StoreError, match=r"trading\.age: is cut short, or not an age file"):
        store.get(PATH)


def test_a_flipped_byte_is_an_error(store: AgeFileStore, credentials: Credentials) -> None:
    """Age's own checks are not weakened: an altered byte is a StoreError."""
    store.put(PATH, credentials)
    file = store.root / f"{PATH}.age"
    lines = file.read_text().splitlines()
    lines[-3] = lines[-3][:10] + ("A" if lines[-3][10] != "A" else "B") + lines[-3][11:]
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(StoreError, match="cannot be decrypted"):
        store.get(PATH)


def test_content_that_is_no_credentials(store: AgeFileStore, identity: pyrage.x25519.Identity) -> None:
    """An age file of something else is an error that does not quote it, not even in the chain of causes."""
    file = store.root / f"{PATH}.age"
    file.parent.mkdir(parents=True)
    file.write_bytes(pyrage.encrypt(b'{"api_key": "QXZQXZ"', [identity.to_public()], armored=True))
    with pytest.raises(StoreError, match="it is not JSON") as caught:
        store.get(PATH)
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "QXZQXZ" not in "".join(frames.format())


def test_another_identity_cannot_read(make_store: Make, credentials: Credentials) -> None:
    """With the wrong identity the message says which store's identity is wrong."""
    make_store().put(PATH, credentials)
    other = make_store(environ={"TEST_AGE_KEY": str(pyrage.x25519.Identity.generate())})
    with pytest.raises(StoreError, match="No matching keys") as caught:
        other.get(PATH)
    assert "identity of the store vault" in caught.value.hint


def test_a_store_that_could_not_read_what_it_writes_is_refused(make_store: Make) -> None:
    """The proof fails if the identity belongs to none of the recipients, since the key could never sign."""
    store = make_store(environ={"TEST_AGE_KEY": str(pyrage.x25519.Identity.generate())})
    with pytest.raises(StoreError, match="cannot read"):
        store.prove_writable(PATH)


def test_writing_needs_no_identity_and_reading_no_recipient(make_store: Make, credentials: Credentials) -> None:
    """A job that only writes works without the identity, one that only reads without recipients."""
    for writer in (make_store(identity=None), make_store(identity={"file": "absent"}), make_store(environ={})):
        writer.prove_writable(PATH)
    writer.put(PATH, credentials)
    reader = make_store(recipients=())
    assert held(reader).same_as(credentials)
    assert (writer.writable, reader.writable) == (True, False)
    with pytest.raises(StoreError, match="no recipient"):
        reader.put("desk/mmdesk01/other", credentials)
    with pytest.raises(StoreError, match="TEST_AGE_KEY is not set"):
        writer.get(PATH)
    with pytest.raises(StoreError, match="has no identity"):
        make_store(identity=None).get(PATH)


@pytest.mark.parametrize(
    ("recipient", "words"),
    [
        ("age1nonsense", "is not a recipient"),
        ("alice", "is not a recipient"),
        ("ssh-ed25519 AAAA", "is not a recipient"),
        ("AGE-SECRET-KEY-1QXZQXZQXZ", "is a secret key"),
    ],
)
def test_a_bad_recipient_shows_in_the_proof(make_store: Make, recipient: str, words: str) -> None:
    """A recipient that is none is named by its place; a secret key in its place is not quoted."""
    with pytest.raises(StoreError, match=words) as caught:
        make_store(recipients=(recipient,)).prove_writable(PATH)
    assert "secret_stores.vault.recipients[0]" in caught.value.message
    assert "QXZ" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("text", ["/home/me/key.txt", "AGE-SECRET-KEY-1QXZQXZ", "# only a comment", "age1qxzqxz"])
def test_a_bad_identity_is_not_quoted(make_store: Make, credentials: Credentials, tmp_path: Path, text: str) -> None:
    """Text that is no identity is an error which names the variable or file, and quotes nothing of it."""
    make_store().put(PATH, credentials)
    file = tmp_path / "identity"
    file.write_text(text)
    file.chmod(0o600)
    for store in (make_store(environ={"TEST_AGE_KEY": text}), make_store(identity={"file": "identity"})):
        for use, at in ((store.get, PATH), (store.prove_writable, "desk/mmdesk01/other")):
            with pytest.raises(StoreError, match="age identity") as caught:
                use(at)
            shown = "".join(traceback.format_exception(caught.value)) + caught.value.hint
            assert text not in shown.replace("AGE-SECRET-KEY-1...", "")


def test_identity_file_must_be_private(
    make_store: Make, credentials: Credentials, tmp_path: Path, identity: pyrage.x25519.Identity
) -> None:
    """A file as age-keygen writes it is read; one that others may read is refused with the command that helps."""
    store = make_store(identity={"file": "identity.txt"}, environ={})
    store.put(PATH, credentials)
    file = tmp_path / "identity.txt"
    with pytest.raises(StoreError, match="No such file"):
        store.get(PATH)
    file.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")
    file.chmod(0o640)
    with pytest.raises(StoreError, match="mode 0640") as caught:
        store.get(PATH)
    assert caught.value.hint == f"chmod 600 {file}"
    file.chmod(0o400)
    assert held(store).same_as(credentials)


def test_a_home_folder_that_is_not_there(make_store: Make, credentials: Credentials) -> None:
    """~ of an unknown user is one clear error."""
    make_store().put(PATH, credentials)
    with pytest.raises(StoreError, match="no such home folder"):
        make_store(identity={"file": "~nobody-of-that-name/key.txt"}).get(PATH)


def test_identity_file_in_the_home_folder(
    make_store: Make,
    credentials: Credentials,
    tmp_path: Path,
    identity: pyrage.x25519.Identity,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """~ stands for the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key.txt").write_text(str(identity))
    (tmp_path / "key.txt").chmod(0o600)
    store = make_store(identity={"file": "~/key.txt"}, environ={}, base_dir=Path("/nowhere"))
    store.put(PATH, credentials)
    assert held(store).same_as(credentials)


@pytest.mark.skipif(shutil.which("age") is None, reason="the age program is not installed")
def test_age_reads_and_writes_the_same_files(
    store: AgeFileStore, credentials: Credentials, tmp_path: Path, identity: pyrage.x25519.Identity
) -> None:
    """`age -d -i` decrypts what the store wrote, and the store reads what age wrote, armored or not."""
    key = tmp_path / "key.txt"
    key.write_text(f"# a comment\n{identity}\n")
    key.chmod(0o600)
    store.put(PATH, credentials)
    done = subprocess.run(
        ["age", "-d", "-i", str(key), str(store.root / f"{PATH}.age")], capture_output=True, check=True
    )
    assert b'"secret_key": "test-secret-words"' in done.stdout
    for label, armor in (("armored", ["-a"]), ("binary", [])):
        target = store.root / f"desk/mmdesk01/{label}.age"
        command = ["age", *armor, "-r", str(identity.to_public()), "-o", str(target)]
        subprocess.run(command, input=done.stdout, check=True)
        found = store.get(f"desk/mmdesk01/{label}")
        assert found is not None
        assert found.same_as(credentials)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_ssh_keys_serve_too(make_store: Make, credentials: Credentials, tmp_path: Path) -> None:
    """An ssh-ed25519 key pair encrypts and decrypts."""
    key = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = (tmp_path / "id.pub").read_text()
    store = make_store(recipients=(public,), identity={"file": "id"}, environ={})
    store.prove_writable(PATH)
    store.put(PATH, credentials)
    assert held(store).same_as(credentials)


def test_every_recipient_can_read(make_store: Make, credentials: Credentials, identity: pyrage.x25519.Identity) -> None:
    """With two recipients either identity decrypts."""
    second = pyrage.x25519.Identity.generate()
    make_store(recipients=(str(identity.to_public()), str(second.to_public()))).put(PATH, credentials)
    for each in (identity, second):
        assert held(make_store(environ={"TEST_AGE_KEY": str(each)})).same_as(credentials)


@given(st.text(max_size=30) | st.sampled_from(["../../x", "a/../b", "a/b/..", "/a/b/c", "a/b", "a//c", "a/b/.c"]))
def test_no_path_leaves_the_store(path: str) -> None:
    """Whatever is not made of plain names is refused, and a key's path is three of them."""
    try:
        parts = split_path(path)
    except StoreError:
        return
    assert all(part not in ("", ".", "..") and "/" not in part and part.isascii() for part in parts)
    if len(parts) == 3:
        assert secret_path(*parts) == path
    with pytest.raises(StoreError):
        secret_path("desk", "mmdesk01", f"trading/{path}")


def test_a_venues_own_credentials_are_kept_wherever_they_were_put(
    store: AgeFileStore, credentials: Credentials
) -> None:
    """A path of one part or of many is read like that of a key; `list` goes on naming keys alone."""
    store.put(PATH, credentials)
    for path in ("broker", "desk/master", "a/b/c/d"):
        target = store.root / f"{path}.age"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((store.root / f"{PATH}.age").read_bytes())
        target.chmod(0o600)
        assert held(store, path).same_as(credentials)
    assert store.list() == (PATH,)


def test_a_folder_that_cannot_be_read_is_not_empty(store: AgeFileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """list says that it could not look, rather than that nothing is there."""

    def refuse(_: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    assert store.list() == ()
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(StoreError, match="cannot be listed: Permission denied"):
        store.list()


def test_a_file_that_cannot_be_read_is_not_absent(
    store: AgeFileStore, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """get says that it could not read, rather than None, after which a key would be made anew."""
    store.put(PATH, credentials)

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(age_file, "read_plain", refuse)
    with pytest.raises(StoreError, match="cannot be read: Permission denied"):
        store.get(PATH)


def test_from_the_manifest(tmp_path: Path, credentials: Credentials, identity: pyrage.x25519.Identity) -> None:
    """An entry of secret_stores becomes a store that works, its path relative to the workspace."""
    options = {
        "path": "secrets/",
        "recipients": (str(identity.to_public()),),
        "identity": {"env": "KEY"},
        "durable": True,
    }
    store = open_store("vault", "age_file", options, Around(environ={"KEY": str(identity)}, base_dir=tmp_path))
    assert isinstance(store, AgeFileStore)
    store.put(PATH, credentials)
    assert (tmp_path / "secrets" / "desk" / "mmdesk01" / "trading.age").exists()
    assert store.durable
    assert store.describe() == f"age files in {tmp_path / 'secrets'}, 1 recipient"


def test_a_store_tells_beforehand_whether_it_could_be_read_here(tmp_path: Path) -> None:
    """Read back: with an identity of one of the recipients. Not without one, nor with somebody else's; nothing is
    written to find out."""
    mine, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    both = (str(other.to_public()), str(mine.to_public()))
    cases = {
        (both, str(mine)): "",
        (both[:1], str(mine)): "the identity at hand opens nothing",
        (both, ""): "is not set",
        ((), str(mine)): "has no recipient",
    }
    for (recipients, text), why in cases.items():
        store = AgeFileStore(
            "vault",
            tmp_path / "never",
            recipients=recipients,
            identity={"env": "KEY"},
            environ={"KEY": text},
            base_dir=tmp_path,
        )
        said = store.why_not_readable_here()
        assert (why in said) if why else (said == "")
        assert not text or text not in said
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize("form", ["\ufeff{}", "# a comment\r\n{}\r\n", "\ufeff# made today\r\n\r\n  {}  \r\n"])
def test_an_identity_is_read_as_editors_leave_it(tmp_path: Path, form: str) -> None:
    """A mark before the first line and lines that end with CR LF change nothing."""
    mine = pyrage.x25519.Identity.generate()
    file = tmp_path / "identity.txt"
    file.write_bytes(form.format(mine).encode())
    file.chmod(0o600)
    store = AgeFileStore(
        "vault",
        tmp_path / "never",
        recipients=(str(mine.to_public()),),
        identity={"file": "identity.txt"},
        environ={},
        base_dir=tmp_path,
    )
    assert store.why_not_readable_here() == ""


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        (b"", b"more\n", "goes on after its last line"),
        (b"<<<<<<< HEAD\n", b"=======\n", "before its first line"),
        (b"\xef\xbb\xbf", b"", "before its first line"),
        (b"", b"\r\n \n", ""),
    ],
)
def test_an_age_file_with_something_beside_it_is_named_so(
    store: AgeFileStore, credentials: Credentials, before: bytes, after: bytes, wrong: str
) -> None:
    """What stands before or after the armor is told apart from a file that was cut short; blanks do no harm."""
    store.put(PATH, credentials)
    file = store.root / f"{PATH}.age"
    file.write_bytes(before + file.read_bytes() + after)
    if not wrong:
        assert held(store).same_as(credentials)
        return
    with pytest.raises(StoreError, match=wrong):
        store.get(PATH)
