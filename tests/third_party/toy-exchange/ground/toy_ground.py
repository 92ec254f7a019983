"""The ground that the package is tried on: two users of a local Toy Exchange."""

from __future__ import annotations

from typing import Any

from toy_server import ToyServer, User

from acctcfg.conformance import Fault, Ground, Rung, Write

__all__ = ["ToyGround"]


def _leverage(btc: int) -> list[dict[str, Any]]:
    return [{"symbol": "*-PERP", "value": 3}, {"symbol": "BTC-PERP", "value": btc}]


def _rung(name: str, mode: str, btc: int) -> Rung:
    return Rung(name=name, fields={"position_mode": mode, "leverage": _leverage(btc)}, blocker="an open position")


class ToyGround(Ground):
    """`desk` climbs, `other` is its neighbour."""

    type = "toy_exchange"
    rungs = (
        Rung(name="leverage", fields={"leverage": _leverage(10)}),
        _rung("hedging", "long_short", 10),
        _rung("no hedging, other leverage", "net", 20),
        Rung(name="a sweep", fields={"settings": {"cash_sweep": "daily"}}, blocker="a withdrawal"),
    )
    tied = Rung(name="two symbols", fields={"leverage": _leverage(10)})
    refusals = (
        "UNKNOWN_KEY",
        "BAD_SIGNATURE",
        "BAD_TIME",
        "TOO_MANY",
        "BAD_REQUEST",
        "UNKNOWN_SYMBOL",
        "LEVERAGE_TOO_HIGH",
        "POSITIONS_OPEN",
        "WITHDRAWAL_PENDING",
        "TROUBLE",
    )

    def __enter__(self) -> ToyGround:
        self._users = {
            "desk": User("u1001", "toy-key-desk", "toy-secret-of-the-desk"),
            "other": User("u1002", "toy-key-other", "toy-secret-of-the-other"),
        }
        self._server = ToyServer(list(self._users.values()), self.speed)
        self._server.meet = self._meet
        self._server.start()
        self._laid: list[list[Any]] = []
        self._pending = self._blocker = ""
        self.accounts = {name: {"venue": f"toy-{name}"} for name in self._users}
        self.venues = {
            f"toy-{name}": {
                "type": "toy_exchange",
                "environment": "sandbox",
                "base_url": self._server.url,
                "credentials": {"env": f"TOY_{name.upper()}"},
            }
            for name in self._users
        }
        self.environ = {f"TOY_{name.upper()}_API_KEY": user.key for name, user in self._users.items()}
        self.environ |= {f"TOY_{name.upper()}_SECRET_KEY": user.secret for name, user in self._users.items()}
        self.secrets = [user.secret for user in self._users.values()]
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _meet(self, user: User | None, text: str) -> str:
        """Asked of every request, before it is handled."""
        name = next((name for name, one in self._users.items() if one is user), "")
        if text[:4] != "GET " and name == self._pending:
            self._block(name, self._blocker)
            self._pending = ""
        for row in self._laid:
            fault, account, reads, times, only = row
            if times and reads is (text[:4] == "GET ") and name in (account, "") and only in (text, ""):
                row[3] -= 1
                return str(fault)
        return ""

    def obstruct(self, account: str, rung: Rung, *, at_write: bool = False) -> None:
        if at_write:
            self._pending, self._blocker = account, rung.blocker
        else:
            self._block(account, rung.blocker)

    def _block(self, account: str, blocker: str) -> None:
        user = self._users[account]
        if blocker == "a withdrawal":
            user.withdrawals["USD"] = "5"
        else:
            user.positions["BTC-PERP"] = "1"

    def clear(self, account: str) -> None:
        self._pending = ""
        self._users[account].withdrawals.clear()
        self._users[account].positions["BTC-PERP"] = "0"  # a closed position stays in the list

    def strike(self, fault: Fault, account: str, *, reads: bool = False, times: int = 1, only: str = "") -> None:
        if fault is Fault.DOWN:
            self._server.stop()
        else:
            self._laid.append([fault, account, reads, times or -1, only])

    def calm(self) -> None:
        self._laid.clear()
        self._server.stop()
        self._server.start()

    def tie(self, account: str) -> None:
        self._users[account].tied = True

    def writes(self) -> list[Write]:
        names = {user.id: name for name, user in self._users.items()}
        return [Write(account=names[one.user], text=one.text, effect=one.effect) for one in self._server.writes]

    def too_many(self) -> int:
        return self._server.too_many

    def snapshot(self, account: str) -> object:
        user = self._users[account]
        return user.hedge, user.sweep, dict(user.leverage)
