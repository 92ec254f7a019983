"""A real PostgreSQL server of this machine's own packages, started by the first test that asks for one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import psycopg
from patience import PATIENCE_S

from acctcfg.core.journal_url import JournalUrl

__all__ = ["Cut", "Postgres", "binaries", "serve"]


def binaries() -> Path | None:
    """The folder of the newest server that is installed; Debian has it outside of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: float(one.parts[4]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class Postgres:
    """One server; `database()` makes an empty database in it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._names = count(1)

    def database(self) -> str:
        """The url of a database that nobody used yet."""
        name = f"t{next(self._names)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def connect(self, url: str = "") -> psycopg.Connection:
        """As the server's own administrator."""
        name = JournalUrl.of(url).database if url else "template1"
        return psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", dbname=name, autocommit=True)

    def end_connections(self, url: str) -> int:
        """End every connection to that database, as an administrator does; says how many there were."""
        sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
        with self.connect() as connection:
            return connection.execute(sql, [JournalUrl.of(url).database]).fetchone()[0]


@contextmanager
def serve(folder: Path) -> Iterator[Postgres]:
    """Start it on loopback with what it needs in memory and temporary files only, and end it afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = Path(tempfile.mkdtemp(prefix="acctcfg-pg-"))
    as_user = []
    if os.getuid() == 0:  # the server refuses to run as root
        shutil.chown(root, "postgres", "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    dies_with_us = ["setpriv", "--pdeathsig=QUIT"] if shutil.which("setpriv") else []
    make = [folder / "initdb", "-D", root / "data", "-U", "postgres", "-A", "trust", "--no-sync", "--no-instructions"]
    subprocess.run([*as_user, *make], check=True, capture_output=True, cwd=root)
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
    options = [part for one in settings for part in ("-c", one)]
    command = [*as_user, *dies_with_us, folder / "postgres", "-D", root / "data", *options]
    with (root / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log, cwd=root) as server:
        try:
            _wait(port, server)
            yield Postgres(port)
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing in it is needed any more
            server.wait()
            shutil.rmtree(root, ignore_errors=True)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while True:
        try:
            Postgres(port).connect().close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > give_up:
                raise
            time.sleep(0.05)
        else:
            return


class Cut:
    """A way to the server that breaks: at the `at`-th commit, before the server has it or after it carried it out.

    With `for_good` nothing gets through afterwards; without, the next connection does.
    """

    def __init__(self, port: int, *, at: int, reached: bool, for_good: bool = False) -> None:
        self._to, self._at, self._reached, self._for_good = port, at, reached, for_good
        self.commits = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, url: str) -> str:
        """The same database by this way."""
        return str(replace(JournalUrl.of(url), port=self._listener.getsockname()[1]))

    @property
    def broken(self) -> bool:
        """Whether it happened."""
        return self.commits >= self._at

    def close(self) -> None:
        """End everything."""
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self.broken and self._for_good:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._to))
                self._open += [near, far]
                for ends in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if asks and b"COMMIT" in data:
                    self.commits += 1
                    if self.commits == self._at:
                        self._break(source, target, data)
                        return
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _break(self, near: socket.socket, far: socket.socket, data: bytes) -> None:
        near.shutdown(socket.SHUT_RDWR)  # so that no answer gets back
        if self._reached:
            far.sendall(data)
            time.sleep(0.05)
        far.shutdown(socket.SHUT_RDWR)
