"""`python own_network.py PORT=SOCKET... -- ARGUMENT...`: acctcfg in a network namespace, as on a machine of its own.

Each PORT of its loopback leads to the Unix socket SOCKET, and nothing else is there. `Bridge` is either end of the way.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["ALONE", "Bridge", "why_not"]

ALONE = ("unshare", "--map-root-user", "--net", "--pid", "--fork", "--mount-proc")
"""What starts a program with a network and process numbers of its own."""


def why_not() -> str:
    """Why no program can be started so here; "" where it can."""
    try:
        done = subprocess.run([*ALONE, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False)
    except FileNotFoundError as exc:
        return f"{exc.filename} is not installed"
    return done.stderr.strip()


class Bridge:
    """Whoever connects to `listener` talks to what `connect` opens."""

    def __init__(self, listener: socket.socket, connect: Callable[[], socket.socket]) -> None:
        self._listener, self._connect = listener, connect
        threading.Thread(target=self._accept, daemon=True).start()

    @classmethod
    def to_port(cls, port: int, place: Path) -> Bridge:
        """From a Unix socket to a port of this machine's loopback."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(place))
        listener.listen()
        return cls(listener, lambda: socket.create_connection(("127.0.0.1", port)))

    @classmethod
    def from_port(cls, port: int, place: str) -> Bridge:
        """The way back."""

        def connect() -> socket.socket:
            opened = socket.socket(socket.AF_UNIX)
            opened.connect(place)
            return opened

        return cls(socket.create_server(("127.0.0.1", port)), connect)

    def close(self) -> None:
        """Take nobody more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=_talk, args=(near, self._connect()), daemon=True).start()


def _talk(near: socket.socket, far: socket.socket) -> None:
    with near, far:
        back = threading.Thread(target=_carry, args=(far, near), daemon=True)
        back.start()
        _carry(near, far)
        back.join()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def main() -> int:
    """As the docstring says."""
    from acctcfg.cli import run

    split = sys.argv.index("--")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for one in sys.argv[1:split]:
        port, _, place = one.partition("=")
        Bridge.from_port(int(port), place)
    return run(sys.argv[split + 1 :])


if __name__ == "__main__":
    sys.exit(main())
