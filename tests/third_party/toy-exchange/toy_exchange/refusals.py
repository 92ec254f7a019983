"""What the exchange's errors mean, and what each comes to."""

from __future__ import annotations

from acctcfg.core.verdict import Explained, Verdict

__all__ = ["REFUSALS"]


def _row(code: str, meaning: str, remedy: str, verdict: Verdict, *causes: str) -> Explained:
    return Explained(code=code, meaning=meaning, causes=causes, remedy=remedy, verdict=verdict)


_KEY = "check the API key and its secret"
_OURS = "this is a mistake of the package, or the exchange's interface has changed"

REFUSALS = {
    one.code: one
    for one in (
        _row("UNKNOWN_KEY", "the exchange does not know this key", _KEY, Verdict.FAILED, "a key of another user"),
        _row("BAD_SIGNATURE", "the signature does not fit", _KEY, Verdict.FAILED, "the wrong secret"),
        _row("BAD_TIME", "the request's time is more than 30 s off", "set the clock", Verdict.CLOCK, "a wrong clock"),
        _row("TOO_MANY", "too many requests", "wait", Verdict.RETRIED, "another program of the same user"),
        _row("BAD_REQUEST", "the exchange did not understand the request", _OURS, Verdict.FAILED, _OURS),
        _row("UNKNOWN_SYMBOL", "no such symbol", "correct the symbol", Verdict.FAILED, "a slip of the pen"),
        _row("LEVERAGE_TOO_HIGH", "above the symbol's maximum", "lower it", Verdict.BLOCKED, "a lower maximum"),
        _row("POSITIONS_OPEN", "open positions stand in the way", "close them", Verdict.BLOCKED, "an open position"),
        _row("WITHDRAWAL_PENDING", "a withdrawal is under way", "wait for it", Verdict.BLOCKED, "a withdrawal"),
        _row("TROUBLE", "something went wrong at the exchange", "plan again", Verdict.UNCLEAR, "the exchange itself"),
    )
}
