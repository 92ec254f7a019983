"""Connections that are ended under whoever waits for them too long."""

from __future__ import annotations

import socket

from patience import until

from acctcfg.journal.deadlines import Deadlines


def test_who_waits_too_long_is_cut() -> None:
    """And only he: what ended in time is left alone, also by a thread that had ended meanwhile."""
    late, done = socket.socketpair(), socket.socketpair()
    deadlines = Deadlines(0.05)
    with deadlines.over(done[0].fileno()):
        pass
    until(lambda: deadlines._thread is None)  # nothing is under way
    with deadlines.over(late[0].fileno()):
        assert late[0].recv(1) == b""  # its end, though the other side says nothing
    done[1].send(b"x")
    assert done[0].recv(1) == b"x"
    for one in (*late, *done):
        one.close()
