"""What each Python process of the tests begins with, those that tests start included: nobody's home is on record.

Locks lie in the home on record too, wherever HOME leads; a test that ends a process would leave some there for good.
"""

from __future__ import annotations

import os
import pwd

_on_record = pwd.getpwuid


def _homeless(uid: int) -> pwd.struct_passwd:
    fields = list(_on_record(uid))
    return pwd.struct_passwd([*fields[:5], "/nonexistent", fields[6]])


if os.environ.get("ACCTCFG_TESTS_HOME"):
    pwd.getpwuid = _homeless
