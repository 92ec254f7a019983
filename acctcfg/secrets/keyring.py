"""A store in the system's keyring, for the one person at whose machine it is. The library is an extra, `keyring`.

It runs in a process of its own: a backend may start programs, wait for somebody to unlock it, or raise an error that
quotes what it was given. None of that reaches ours.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from acctcfg.core.desired import StoreOption
from acctcfg.core.setting import Line
from acctcfg.core.store_type import Option, StoreType
from acctcfg.core.text_rule import SERVICE
from acctcfg.secrets import children
from acctcfg.secrets.store import Around

if TYPE_CHECKING:
    from acctcfg.secrets.helper import Helper
    from acctcfg.secrets.told import ToldStore

__all__ = ["TYPE", "open_store", "system_keyring"]

SESSION = (
    "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "LOGNAME", "PYTHON_KEYRING_BACKEND", "USER", "WAYLAND_DISPLAY",
    "XDG_CONFIG_HOME", "XDG_CURRENT_DESKTOP", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
)  # fmt: skip
"""Variables by which a backend finds the session that it belongs to."""
CHILD = Path(children.__file__).with_name("keyring_child.py")

TYPE = StoreType(
    type="keyring",
    doc="the system's keyring",
    options={"service": Option(kind=Line(SERVICE), doc="the service name of its entries; default: acctcfg")},
    place="service",
)


def system_keyring(who: str, service: str, environ: Mapping[str, str]) -> Helper:
    """The helper that answers out of the system's keyring."""
    from acctcfg.secrets.helper import Helper

    command = (sys.executable, "-P", str(CHILD), service)
    return Helper(who=who, command=command, environ=environ, pass_env=SESSION, noun="keyring")


def open_store(name: str, options: Mapping[str, StoreOption], around: Around) -> ToldStore:
    """The store of these options."""
    from acctcfg.secrets.told import ToldStore

    service = str(options.get("service", "acctcfg"))
    return ToldStore(name, system_keyring(f"the store {name}", service, around.environ), f"the keyring, as {service}")
