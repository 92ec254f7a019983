"""Which process on which machine this is, and whether another one still lives."""

from __future__ import annotations

import errno
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from acctcfg.core.json_types import JsonObject

__all__ = ["Process", "is_dead", "this_process"]


BARE = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C"}
"""All that a program gets that is started here: ours holds credentials."""
ENDED = "ended"  # in place of the time at which a process started


@dataclass(frozen=True, slots=True)
class Process:
    """A process, told from every other that ever had its number.

    `machine` is the boot of one kernel and, on Linux, the pid namespace: numbers mean something only within it,
    also where containers share a host name. `started` is when it started, in the system's own units.
    """

    host: str
    machine: str
    pid: int
    started: str

    def facts(self) -> JsonObject:
        """As a journal has it."""
        return {"host": self.host, "machine": self.machine, "pid": self.pid, "started": self.started}


def this_process() -> Process:
    """The process that is running."""
    pid = os.getpid()
    return Process(platform.node() or "unknown", _machine(), pid, _started(pid) or "")


def is_dead(process: Process) -> bool:
    """Whether it is known to have ended. False where that cannot be told: another machine, an older boot.

    A system may hide the processes of other users (/proc with hidepid): one that is not shown may well live.
    """
    if not process.machine or process.machine != _machine():
        return False
    started = _started(process.pid)
    return not _exists(process.pid) if started is None else started != process.started


@cache
def _machine() -> str:
    if sys.platform == "linux":
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
        except OSError:
            return ""
    return _answer("sysctl", "-n", "kern.bootsessionuuid")


def _started(pid: int) -> str | None:
    """When the process started; ENDED if nothing but its exit status is left, None where the system shows none."""
    if sys.platform != "linux":
        return _answer("ps", "-o", "lstart=", "-p", str(pid)) or None
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = status.rpartition(")")[2].split()  # the name before it may hold anything
    return ENDED if fields[0] in "ZX" else fields[19]


def _exists(pid: int) -> bool:
    """Whether there is a process of that number, whoever may look at it or send it anything."""
    try:
        os.kill(pid, 0)  # no signal: it only asks
    except OSError as error:
        return error.errno != errno.ESRCH
    except OverflowError:  # what says so was not written by us
        return False
    return True


def _answer(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False, env=BARE)
        return done.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
