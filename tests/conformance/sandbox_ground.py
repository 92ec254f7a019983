"""What the grounds on acctcfg's own sandbox share: it is asked, request by request, which fault it is to meet."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from acctcfg.conformance import Fault, Ground, Rung, Write
from acctcfg.sandbox.faults import fault_from
from acctcfg.sandbox.serve import Running

__all__ = ["SandboxGround"]

LAID = {
    Fault.HTML: {"kind": "html"},
    Fault.TOO_MANY: {"kind": "rate_limited"},
    Fault.GARBAGE: {"kind": "garbage", "effect": True},
    Fault.RESET_BEFORE: {"kind": "reset_before"},
    Fault.RESET_AFTER: {"kind": "reset_after"},
    Fault.TIMEOUT_AFTER: {"kind": "timeout_after", "seconds": 5},  # of the venue's time: a tenth of a second
    Fault.NOT_APPLIED: {"kind": "ok_but_nothing"},
}


class SandboxGround(Ground):
    """`climber1` climbs, `neighbour1` is its neighbour."""

    odd: ClassVar[str]  # a success of the venue's whose rows have none of the fields
    trouble: ClassVar[Mapping[str, Any]]  # the venue's own "something went wrong", as a fault of the sandbox
    blockers: ClassVar[Mapping[str, tuple[str, Mapping[str, Any]]]]  # rung -> what the control API opens, and how
    world: ClassVar[Mapping[str, Any]]  # the sandbox's seed

    def __enter__(self) -> SandboxGround:
        self._running = Running(dict(self.world), speed=self.speed)
        self._app = self._running.app
        self._handle = self._app.handle
        self._app.handle = self._meet  # type: ignore[method-assign]
        self._running.__enter__()
        self._port = int(self._running.base_url.rpartition(":")[2])
        self._up = True
        self._laid: list[dict[str, Any]] = []
        self._pending: tuple[str, Rung] | None = None
        self._opened: list[tuple[str, str]] = []
        self.open(self._running.base_url)
        return self

    @abstractmethod
    def open(self, base_url: str) -> None:
        """Set `venues`, `accounts`, `environ` and `secrets`."""

    @abstractmethod
    def account_of(self, request: Any, params: Mapping[str, Any]) -> str:
        """The account that a request is about; "" for a public one."""

    @abstractmethod
    def address(self, account: str) -> str:
        """How the control API names an account."""

    def __exit__(self, *_: object) -> None:
        if self._up:
            self._running.__exit__()

    def _meet(self, request: Any) -> Any:
        path, _, query = request.target.partition("?")
        if path.startswith("/_sandbox"):
            return self._handle(request)
        account = self.account_of(request, json.loads(request.body) if request.body else dict(parse_qsl(query)))
        write = request.method != "GET"
        if self._pending is not None and write and account == self._pending[0]:
            from acctcfg.sandbox.control import act

            for what, body in [self.blockers[self._pending[1].name]]:
                act(self._app, "POST", f"accounts/{self.address(account)}/{what}", dict(body), {})
                self._opened.append((account, what))
            self._pending = None
        for row in self._laid:
            mine = row["reads"] is not write and (account == row["account"] or not write)
            if row["times"] and mine and re.fullmatch(row["only"], f"{request.method} {path}"):
                row["times"] -= 1
                own = {Fault.SERVER_ERROR: self.trouble, Fault.ODD: {"kind": "garbage", "body": self.odd}}
                self._app.world.faults.laid[:] = [fault_from(own.get(row["fault"]) or LAID[row["fault"]], 1)]
                break
        reply = self._handle(request)
        self._app.world.faults.laid.clear()
        return reply

    # -- what a ground can do ------------------------------------------------------------------------------------------

    def obstruct(self, account: str, rung: Rung, *, at_write: bool = False) -> None:
        if at_write:
            self._pending = (account, rung)
            return
        what, body = self.blockers[rung.name]
        self._running.control_post(f"accounts/{self.address(account)}/{what}", dict(body))
        self._opened.append((account, what))

    def clear(self, account: str) -> None:
        self._pending = None
        for one, what in self._opened:
            if one == account:
                self._running.control_delete(f"accounts/{self.address(account)}/{what}/all")
        self._opened = [(one, what) for one, what in self._opened if one != account]

    def strike(self, fault: Fault, account: str, *, reads: bool = False, times: int = 1, only: str = "") -> None:
        if fault is Fault.DOWN:
            self._running.__exit__()
            self._up = False
        else:
            only = re.sub(r"\{\w+\}", "[^/]+", only) or ".*"
            row = {"fault": fault, "account": account, "reads": reads, "times": times or -1, "only": only}
            self._laid.append(row)

    def calm(self) -> None:
        self._laid.clear()
        if not self._up:
            self._running = Running(app=self._app, port=self._port)
            self._running.__enter__()
            self._up = True

    def writes(self) -> list[Write]:
        found = []
        for row in self._app.world.journal.writes:
            account = self.owner(row)
            found.append(Write(account=account, text=f"{row['method']} {row['path']}", effect=bool(row["effect"])))
        return found

    @abstractmethod
    def owner(self, row: Mapping[str, Any]) -> str:
        """The account that a row of the sandbox's journal is about."""

    def too_many(self) -> int:
        asked = self._app.world.journal.requests(self._app.world.pace)
        struck = sum(
            bool(row["fault"]) for row in self._app.world.journal.writes if row["code"] in ("50011", "TOO_MANY")
        )
        return int(asked["rate_limited"]) - struck

    def live(self, account: str) -> dict[str, Any] | None:
        """The account as the control API shows it; None where the venue has none."""
        try:
            return dict(self._running.control_get(f"accounts/{self.address(account)}"))
        except ValueError:
            return None
