"""Where a shared journal may be, and what may stand in its url."""

from __future__ import annotations

from pathlib import Path

import pytest

from acctcfg.cli import run


def said(folder: Path, capsys: pytest.CaptureFixture[str], url: str) -> str:
    """What `validate` complains of; "" where it is content."""
    (folder / "acctcfg.yaml").write_text(f"version: 1\njournal: {{url: '{url}'}}\n")
    status = run(["-C", str(folder), "validate"])
    err = capsys.readouterr().err
    assert status == bool(err)
    return err


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///acctcfg",
        "postgresql:///acctcfg?service=ops",
        "postgres://ops@localhost:5433/acctcfg",
        "postgresql://ops@127.0.0.1/acctcfg?sslmode=disable",
        "postgresql://[::1]:5433/acctcfg",
        "postgresql://ops@/acctcfg?host=/run/postgresql",
    ],
)
def test_a_server_of_this_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str) -> None:
    """Loopback, the folder of a socket, and where the machine itself says where to go."""
    assert said(tmp_path, capsys, url) == ""


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("postgresql://ops:notforeyes@localhost/a", "holds a password"),
        ("postgresql://:notforeyes@localhost/a", "holds a password"),
        ("postgresql://localhost/a?PASSWORD=notforeyes", "holds a password"),
        ("postgresql://localhost/a?sslmode=disable&password=notforeyes", "holds a password"),
        ("postgresql://localhost/a?options=-cx", "may have these parameters"),
        ("postgresql://localhost/a?sslmode=require&sslmode=disable", "may have these parameters"),
        ("postgresql://localhost?hostaddr=192.0.2.1", "may have these parameters"),
        ("postgresql://localhost,db.example/a", "must be postgresql://"),
        ("postgresql://local%68ost/a", "must be postgresql://"),
        ("postgresql://localhost:99999/a", "must name one host"),
        ("postgresql://db.example/a?host=/run", "takes ?host= for the folder of a socket alone"),
        ("postgresql:///a?host=db.example", "takes ?host= for the folder of a socket alone"),
        ("postgresql://localhost/a?service=ops", "sends what a service file holds to a server that the url names"),
        ("mysql://localhost/a", "must be postgresql://"),
    ],
)
def test_what_no_url_may_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, what: str) -> None:
    """A password, another way to name a host, or what it means to the server; nothing of it is repeated."""
    err = said(tmp_path, capsys, url)
    assert f"acctcfg.yaml:2:16: journal.url: {what}" in err
    assert "notforeyes" not in err


def test_a_manifest_alone_sends_no_password_to_another_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """libpq gives PGPASSWORD to whoever asks: another machine has to be named by the environment, exactly."""
    url = "postgresql://ops@db.example:6432/acctcfg"
    for trust in ("", "db.example", "postgresql://db.example", "https://db.example:6432", "postgresql://x:6432"):
        monkeypatch.setenv("ACCTCFG_TRUST", trust)
        assert "name it in the environment variable ACCTCFG_TRUST to allow it, as postgresql://db.example:6432" in said(
            tmp_path, capsys, url
        )
        assert run(["-C", str(tmp_path), "history"]) == 1
        assert "ACCTCFG_TRUST" in capsys.readouterr().err
    monkeypatch.setenv("ACCTCFG_TRUST", "https://venue.example, postgresql://DB.example:6432")
    assert said(tmp_path, capsys, url) == ""
    assert "others can read or alter" in said(tmp_path, capsys, f"{url}?sslmode=prefer")
    assert said(tmp_path, capsys, f"{url}?sslmode=verify-ca") == ""


def test_one_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`durable` is about the file, so it does not go with a url."""
    (tmp_path / "acctcfg.yaml").write_text("version: 1\njournal: {url: 'postgresql:///a', durable: true}\n")
    assert run(["-C", str(tmp_path), "validate"]) == 1
    assert "journal.durable: is about .acctcfg/journal.sqlite" in capsys.readouterr().err
