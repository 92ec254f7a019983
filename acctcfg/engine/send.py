"""The write: through the gate, on record, and what its answer proves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from acctcfg.engine.attempt import Attempt, Work
from acctcfg.engine.gate import Gate, GateClosed
from acctcfg.engine.record import JournalWriter
from acctcfg.errors import AcctcfgError, OutcomeUnknown, Refused, StoreError

__all__ = ["send"]


async def send(attempts: Sequence[Attempt], work: Work) -> None:
    """Send the writes of a batch at once, through one gate."""
    link = work.link
    changes = [one.change for one in attempts if link.connection.gated(one.change)]
    gate = Gate(link.connection, work.survey, changes, link.client.clock) if changes else None
    await asyncio.gather(*(_send(one, work, gate) for one in attempts))


async def _send(attempt: Attempt, work: Work, gate: Gate | None) -> None:
    link = work.link
    writer = JournalWriter(work.run, link.client, link.connection.user, gate)
    attempt.sent_at, attempt.writer = None, writer
    try:
        await link.connection.write(work.survey, attempt.change, writer)
    except OutcomeUnknown as error:
        await writer.close("unknown")
        attempt.sent_at = getattr(error, "sent_at", link.client.clock.now())
        attempt.trouble = attempt.silence = error.message
    except GateClosed as error:
        attempt.end("blocked", error.message)
    except Refused as error:
        await writer.close("failed")
        _refused(attempt, error, blocked=link.connection.is_precondition(error.code))
    except StoreError as error:
        await writer.close("failed")
        attempt.end("failed", error.told)
    except AcctcfgError as error:
        await writer.close("unknown")
        attempt.end("failed", error.told, getattr(error, "code", ""))
    else:
        await writer.close("done")


def _refused(attempt: Attempt, error: Refused, *, blocked: bool) -> None:
    """It stands unless a read shows that it is as wanted; but an account that is there by now is somebody else's."""
    attempt.end("blocked" if blocked else "failed", error.told, error.code)
    if attempt.change.kind != "account" or attempt.repeated:
        attempt.refusal, attempt.result = attempt.result, None
