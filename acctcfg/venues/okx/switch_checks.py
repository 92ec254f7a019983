"""What guards a change of the account mode: the venue's own precheck, item by item, and what is open.

Source: OKX v5, "Precheck account mode switch" and "Preset account mode switch"; error codes 59132 and following.

A switch that the account signs itself may keep positions, so the venue's precheck alone decides. A broker's call for a
sub-account wants nothing open at all (59002). Positions that leave portfolio margin have no leverage of their own: they
get the one that the manifest wants for them, by a call before the switch. The documents do not say what the broker's
call checks besides; that a mode was never activated by a person (51070) is a refusal of the account's own call only.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject, objects
from acctcfg.core.plan import Precheck
from acctcfg.core.quoting import quoted
from acctcfg.errors import Garbled, Refused, VenueError
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.venues.okx.idle import VERDICT
from acctcfg.venues.okx.leverage import lever_text
from acctcfg.venues.okx.leverage_setting import Leverage
from acctcfg.venues.okx.open_things import FLAT, Row, Snapshot, listed, position_words
from acctcfg.venues.okx.row_fields import number
from acctcfg.venues.okx.scopes import ACCOUNT_MODES
from acctcfg.venues.okx.switch_items import ITEMS
from acctcfg.venues.okx.switch_preset import Preset
from acctcfg.venues.okx.switch_verdict import Verdict
from acctcfg.venues.okx.vocabulary import ACCOUNT_LEVEL

__all__ = ["switch_checks"]

_WORDS = dict(FLAT.values())
_VERDICT = "account_mode_switch"
_ACTIVATE = "as this account, choose {mode} once on OKX's web page or app: no call can (51070)"
_NOT_KNOWN = "nobody chose it on OKX's page yet (51070); whether the broker's call needs that is not documented"


async def switch_checks(
    account: Account, change: Change, leverage: Leverage, snapshot: Snapshot | None, *, itself: bool
) -> tuple[Precheck, ...]:
    """The prechecks of one switch. `itself`: the account signs it; else a broker does, and `snapshot` is whole."""
    assert account.reader is not None  # noqa: S101 (the caller looked)
    flat = () if itself or snapshot is None else tuple(snapshot.question(code, *FLAT[code]) for code in FLAT)
    mode = str(change.after)
    try:
        verdict = await _verdict(account.reader, snapshot, change)
        found = snapshot if snapshot is not None else await Snapshot.of(account, names=_lists(verdict), spreads=True)
        checks = [*_items(verdict, found, flat), *_rest(verdict)]
        if itself:
            checks += await _preset(account, change, leverage, verdict, found)
        elif verdict.code == "3" and not any(one.blocks for one in flat):
            checks.append(Precheck(_VERDICT, "fail", "positions of it would need a leverage preset"))
    except Refused as error:
        if error.code != "51070":
            return (*flat, Precheck(_VERDICT, "unknown", error.message))
        checks = [Precheck("mode_activated", "fail", _ACTIVATE.format(mode=mode))]
        checks = checks if itself else [Precheck("mode_activated", "venue", _NOT_KNOWN)]
    except VenueError as error:
        return (*flat, Precheck(_VERDICT, "unknown", error.message))
    if any(one.blocks for one in (*flat, *checks)):
        account.kept = ""
    return (*flat, *checks)


async def _verdict(own: OwnKey, snapshot: Snapshot | None, change: Change) -> Verdict:
    """As it was read with the snapshot, else read now. One about a switch from another mode than the account has says
    nothing of this one."""
    rows = snapshot.found.get(VERDICT) if snapshot is not None else None
    if isinstance(rows, VenueError):
        raise rows
    level = ACCOUNT_LEVEL.venue(str(change.after))
    verdict = Verdict.of(await own.switch_verdict(level) if rows is None else rows)
    had = ACCOUNT_LEVEL.venue(str(change.before)) if change.before_known else ""
    if had and verdict.present and verdict.present != had:
        said = f"the venue's precheck is of an account in mode {quoted(verdict.present)}, not in {change.before}"
        raise Garbled(said, code="wrong_mode")
    return verdict


def _lists(verdict: Verdict) -> tuple[str, ...]:
    """Positions, and what else the items are of."""
    known = [ITEMS[kind] for one in verdict.items if (kind := str(one.get("type"))) in ITEMS]
    return tuple(dict.fromkeys(("positions", *(name for item in known for name in item.lists))))


def _items(verdict: Verdict, found: Snapshot, flat: Sequence[Precheck]) -> list[Precheck]:
    """A precheck for each item; what the lists of a broker's switch have named already is not said twice."""
    named = {name for code, (name, _) in FLAT.items() if any(one.name == code and one.blocks for one in flat)}
    checks = []
    for one in verdict.items:
        item = ITEMS.get(str(one.get("type")))
        blockers = _blockers(one, item.lists if item else ("positions",), found)
        if item is None:
            said = f"the venue names {quoted(str(one.get('type')))}"
            checks.append(Precheck(_VERDICT, "fail", f"{said}: {blockers}" if blockers else said))
        elif not named.intersection(item.lists):
            total = f"total assets {number(one['totalAsset']):f} USD" if one.get("totalAsset") else ""
            checks.append(Precheck(item.check, "fail", "; ".join(filter(None, (blockers, total, item.remedy)))))
    return checks


def _blockers(one: JsonObject, lists: Sequence[str], found: Snapshot) -> str:
    """By instrument. A position that the list does not have (any more) goes by its id."""
    ids = one.get("posList")
    if isinstance(ids, list) and ids:
        words = {str(row.get("posId")): position_words(row) for row in found.rows("positions")}
        return listed([words.get(str(each), f"position {each}") for each in ids])
    others = [name for name in lists if name != "positions" or one.get("type") == "all_positions"]
    return listed([_WORDS[name](row) for name in others for row in found.rows(name)])


def _rest(verdict: Verdict) -> list[Precheck]:
    """What the verdict says besides items; that a preset is missing is judged with the positions."""
    if verdict.code == "1" and verdict.items:
        return []
    if verdict.code == "0":
        return [Precheck(_VERDICT, "pass", verdict.margin)]
    if verdict.code == "3":
        return []
    if verdict.code != "4":
        said = f"the venue answers the verdict {quoted(verdict.code)}, which its documents do not know"
        return [Precheck(_VERDICT, "fail", said)]
    if rows := objects(verdict.row.get("posTierCheck")):
        return [Precheck("position_tiers", "fail", "; ".join(map(_tier, rows)))]
    return [Precheck("margin_suffices", "fail", verdict.margin or "the venue does not say what is missing")]


def _tier(row: JsonObject) -> str:
    """`BTC-USDT SWAP: 5000 at leverage 20, at most 1000`."""
    lever = f" at leverage {row['lever']}" if row.get("lever") else ""
    return f"{row.get('instFamily')} {row.get('instType')}: {row.get('pos')}{lever}, at most {row.get('maxSz')}"


# -- the leverage of positions that leave portfolio margin -------------------------------------------------------------


async def _preset(
    account: Account, change: Change, leverage: Leverage, verdict: Verdict, found: Snapshot
) -> list[Precheck]:
    """Which leverage is preset, and what is wrong with it; and what goes along with the switch, for the plan."""
    positions = found.found["positions"]
    if isinstance(positions, VenueError):
        raise positions
    leaving = _present(change, verdict) == "portfolio" and change.after in ("futures", "multi_currency")
    crossed = [row for row in positions or () if leaving and _is_crossed(row)]
    if verdict.code == "3" and not crossed:
        raise Garbled("the venue wants a leverage preset and lists no position for it", code="no_position")
    wishes = [(row, await leverage.wished(account, row)) for row in crossed]
    lever = min((wish.value for _, wish in wishes if wish.value is not None), default=None)
    _tell(account, change, positions or (), lever, verdict)
    if crossed and lever is None:
        named = listed([position_words(row) for row in crossed])
        detail = f"{named}: `leverage` must say what they have in {change.after}"
        return [Precheck("leverage_preset", "fail", detail)]
    if lever is None:
        return _as_planned(account, None)
    if not change.before_known:
        detail = f"{listed([position_words(row) for row in crossed])}: no plan could show what they get: plan again"
        return [Precheck("leverage_preset", "fail", detail)]
    over = [(wish.most, position_words(row)) for row, wish in wishes if lever > wish.most]
    if over:
        most, held = min(over)
        said = f"{lever_text(lever)} is above the venue's maximum of {lever_text(most)} for the open position ({held})"
        return [Precheck("leverage_limit", "fail", f"{said}: lower its `value`")]
    preset = Preset(lever, frozenset(wish.address for _, wish in wishes))
    return _as_planned(account, preset) or _as_sent(account, lever, verdict)


def _present(change: Change, verdict: Verdict) -> str | None:
    """The mode that is left; where a step of the plan makes the key that reads it, only the verdict knows."""
    if change.before_known:
        return str(change.before)
    return next((mode for mode in ACCOUNT_MODES if ACCOUNT_LEVEL.venue(mode) == verdict.present), None)


def _is_crossed(row: Row) -> bool:
    return row.get("instType") in ("SWAP", "FUTURES") and row.get("mgnMode") == "cross"


def _as_planned(account: Account, preset: Preset | None) -> list[Precheck]:
    """Nothing, where it is what the plan shows, and its guardrails looked at; the first look makes that."""
    if not account.preset_known:
        account.preset_known, account.preset = True, preset
    if preset == account.preset:
        return []
    if preset and account.preset and preset.lever == account.preset.lever and preset.under <= account.preset.under:
        return []
    detail = "the positions that need a leverage preset are not those of the plan any more: plan again"
    return [Precheck("leverage_preset", "fail", detail)]


def _as_sent(account: Account, lever: Decimal, verdict: Verdict) -> list[Precheck]:
    """Before the preset is sent nothing shows it; once it was read back, the venue still must."""
    if account.preset_stands and not verdict.has_preset(lever):
        detail = f"the venue shows the leverage {verdict.presets} for the positions, not the preset {lever_text(lever)}"
        return [Precheck("leverage_preset", "fail", detail)]
    return [Precheck("leverage_preset", "pass", f"leverage {lever_text(lever)} is preset for them")]


def _tell(account: Account, change: Change, positions: Sequence[Row], lever: Decimal | None, verdict: Verdict) -> None:
    """What the user should know of a switch under open positions."""
    named = listed([position_words(row) for row in positions])
    given = f"; those under cross get leverage {lever_text(lever)} by a preset" if lever is not None else ""
    margin = f"; margin {verdict.margin}" if verdict.margin else ""
    account.kept = f"open positions go along to {change.after}: {named}{given}{margin}" if positions else ""
