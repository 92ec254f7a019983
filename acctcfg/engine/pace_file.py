"""What the commands of one machine used of a venue's limits within the last seconds, handed from one to the next.

`acctcfg apply && acctcfg plan` are two processes and one client: without this the second would run into the windows
that the first one filled. The file holds endpoints, user ids and times, nothing else; where it cannot be kept, the
client still copes by backing off.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from acctcfg.core.base_url import one_spelling
from acctcfg.plain_file import read_plain
from acctcfg.wire.endpoint import Rate
from acctcfg.wire.limits import BucketKey
from acctcfg.wire.pace import Pacer

__all__ = ["PaceFile"]

_MOST = 32 << 20  # bytes that are read of it
_LONGEST_S = 3600.0  # no window is longer: what is older counts nowhere
Rates = Callable[[str], Rate | None]
"""The limit of an endpoint by its text; None for one of another venue type."""


class PaceFile:
    """One file a base URL, in the user's cache folder; none for a user without one: others could write to it."""

    def __init__(self, environ: Mapping[str, str], base_url: str) -> None:
        home = environ.get("HOME")
        cache = environ.get("XDG_CACHE_HOME") or (home and str(Path(home) / ".cache"))
        name = hashlib.sha256(one_spelling(base_url).encode()).hexdigest()[:16]
        self._path = Path(cache) / "acctcfg" / f"pace-{name}.json" if cache and Path(cache).is_absolute() else None

    def restore(self, pacer: Pacer, rates: Rates) -> None:
        """Tell the pacer what earlier commands were answered."""
        pacer.restore({key: used.times for key, used in self._kept().items()}, rates)

    def keep(self, pacer: Pacer, rates: Rates) -> None:
        """Keep what still counts, beside what others kept meanwhile; silently not, where that cannot be written."""
        if self._path is None:
            return
        now, kept, windows = pacer.clock.now(), self._kept(), _Windows(pacer, rates)
        found = {key: _Used(times, windows[key.endpoint]) for key, times in pacer.recent().items()}
        for key, theirs in kept.items():
            mine = found.get(key, _Used([], 0.0))
            window = max(mine.window_s, theirs.window_s)  # one workspace may have been granted another than we
            both = sorted({*mine.times, *(at for at in theirs.times if at > now - 2 * window)})
            if both:
                found[key] = _Used(both, window)
        with contextlib.suppress(OSError, ValueError):
            if not found and not self._path.exists():
                return
            rows = [(*key, *used) for key, used in found.items()]
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
            try:
                with os.fdopen(handle, "w") as file:
                    file.write(json.dumps(rows))
                Path(name).replace(self._path)
            finally:  # a full disk gets no more to keep
                Path(name).unlink(missing_ok=True)

    def _kept(self) -> dict[BucketKey, _Used]:
        if self._path is None:
            return {}
        try:
            rows = json.loads(read_plain(self._path, _MOST)[0])
            return {
                BucketKey(scope, owner, endpoint, tuple(by)): _Used([float(at) for at in times], float(window_s))
                for scope, owner, endpoint, by, times, window_s in rows
            }
        except (OSError, ValueError, TypeError, RecursionError):
            return {}  # a hint that is lost costs a wait, no more


class _Used(NamedTuple):
    """When requests of one limit were answered, in Unix seconds, and how long each counts."""

    times: list[float]
    window_s: float


class _Windows(dict[str, float]):
    """By endpoint: how long a request counts; found once each, since many accounts have a limit of the same one."""

    def __init__(self, pacer: Pacer, rates: Rates) -> None:
        super().__init__()
        self._pacer, self._rates = pacer, rates

    def __missing__(self, endpoint: str) -> float:
        rate = self._pacer.limits.get(endpoint) or self._rates(endpoint)
        self[endpoint] = found = _LONGEST_S if rate is None else rate.per_s / min(self._pacer.speed, 1.0)
        return found
