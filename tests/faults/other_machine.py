"""`python other_machine.py BOOT FOLDER COMMAND...`: acctcfg as another machine would run it, its boot id BOOT."""

from __future__ import annotations

import sys

import acctcfg.journal.process as process
from acctcfg.cli import run

process._machine = lambda: sys.argv[1]
sys.exit(run(["-C", *sys.argv[2:]]))
