"""Events of a scenario as calls of the sandbox's control API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from acctcfg.core.desired import Manifest
from acctcfg.sandbox.serve import Running

__all__ = ["Call", "calls_of", "happen"]


class Call(NamedTuple):
    """One call, and the part of the event that asks for it."""

    method: str
    path: str
    body: Any
    part: tuple[str | int, ...]


def calls_of(event: Mapping[str, Any], manifest: Manifest) -> Iterator[Call]:
    """What the event does, in the order of its lines."""
    account = f"accounts/{quote(_named(str(event.get('account', '')), manifest), safe=':@')}"
    for name, said in event.items():
        match name:
            case "open":
                yield from (Call("POST", f"{account}/{what}", rows, (name, what)) for what, rows in said.items())
            case "close":
                for what, which in said.items():
                    yield Call("DELETE", f"{account}/{what}/{quote(which, safe='')}", None, (name, what))
            case "balances" | "set":
                yield Call("POST", f"{account}/{name}", said, (name,))
            case "add_keys":
                yield Call("POST", f"{account}/keys", said, (name,))
            case "delete_keys":
                for index, label in enumerate(said):
                    yield Call("DELETE", f"{account}/keys/{quote(label, safe='')}", None, (name, index))
            case "remove" if said:
                yield Call("DELETE", account, None, (name,))
            case "faults" | "maintenance":
                yield Call("POST", name, said, (name,))
            case "client_ip":
                yield Call("POST", name, {"ip": said}, (name,))


def happen(sandbox: Running, call: Call) -> None:
    """Send it to the sandbox. Raises ValueError with the sandbox's message if it is refused."""
    if call.method == "DELETE":
        sandbox.control_delete(call.path)
    else:
        sandbox.control_post(call.path, call.body)


def _named(account: str, manifest: Manifest) -> str:
    """The sandbox's name for an account of the manifest; other names are already the sandbox's."""
    spec = manifest.accounts.get(account)
    if spec is None:
        return account
    return f"{spec.venue}:{'@master' if spec.role == 'main' else spec.name}"
