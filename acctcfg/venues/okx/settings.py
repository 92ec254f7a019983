"""OKX's settings, one row each. Source: OKX v5, "Trading Account", the page of each endpoint.

All are signed by the account itself. What the venue has besides, and why no manifest holds it, is in docs/okx.md.
"""

from __future__ import annotations

from acctcfg.core.setting import Choice, Flag, Keyed, Line, Number, OneWay, OnOff, Part, Record, Setting
from acctcfg.core.text_rule import TextRule
from acctcfg.core.vocabulary import Words
from acctcfg.venues.okx import settings_forms as form
from acctcfg.venues.okx.endpoints import (
    ACTIVATE_OPTION,
    SET_AUTO_LOAN,
    SET_AUTO_REPAY,
    SET_FEE_TYPE,
    SET_GREEKS,
    SET_SETTLE_CURRENCY,
    SET_SPOT_OFFSET,
    SET_TRADING_CONFIG,
)
from acctcfg.venues.switch import Switch
from acctcfg.wire.endpoint import Call

__all__ = ["BALANCE_ROWS", "COLLATERAL_ROWS", "CONFIG_ROW", "PROTECTION_ROWS", "SETTING_PRECHECKS", "SWITCHES"]

CONFIG_ROW = "configuration"
"""The source of what `GET /api/v5/account/config` shows."""
BALANCE_ROWS = "balance"
"""... `GET /api/v5/account/balance`, by currency."""
COLLATERAL_ROWS = "collateral-assets"
"""... `GET /api/v5/account/collateral-assets`, by currency."""
PROTECTION_ROWS = "mmp-config"
"""... `GET /api/v5/account/mmp-config`, by family."""

GREEKS: Words[str] = Words("greeks", {"PA": "PA", "BS": "BS"})
FEE_TYPE: Words[str] = Words("fee type", {"received": "0", "quote": "1"})
STRATEGY: Words[str] = Words("strategy", {"general": "0", "delta_neutral": "1"})
_OLD = ("quick_margin", "autonomy")  # withdrawn in 2024: can be live still, and can only be left
ISOLATED: Words[str] = Words("isolated mode", {one: one for one in ("automatic", "auto_transfers_ccy", *_OLD)})

_CURRENCY = TextRule(r"[A-Z0-9]{1,20}", "a currency in capital letters, such as USDT")
_EARNING = TextRule(
    rf"(?!USDG$){_CURRENCY.pattern}", f"{_CURRENCY.words}, but not USDG, whose earning cannot be read back"
)
_FAMILY = TextRule(r"[A-Z0-9_]+-[A-Z0-9_]+", "a family, such as BTC-USD")
_MILLISECONDS = Number(zero=True, whole=True)
_MULTI = ("multi_currency", "portfolio")
_FLAT = ("no_open_positions", "no_pending_orders", "no_algo_orders", "no_bots")  # 59000

SETTING_PRECHECKS = {
    "spot_borrowing": "spot borrowing is on",
    "options_assets": "the account holds what OKX asks for before options",
    "settlement_offered": "the account may settle in that currency",
    "no_usd_margined": "nothing open in USD-margined contracts",
    "strategy_switch": "the venue allows the strategy",
    "auto_earn_offered": "the currency can earn",
    "balance_shown": "the account has a balance of the currency",
}
"""The prechecks that only settings have, each in words."""

SWITCHES: tuple[Switch, ...] = (
    Switch(
        setting=Setting(
            name="auto_earn",
            doc="Let the idle balance of a currency earn by itself; not the kind of USDG, which cannot be read back",
            kind=Keyed(
                by="currency",
                rule=_EARNING,
                item=Flag({True: OneWay("OKX does not turn it off within 24 hours of turning it on", for_good=False)}),
            ),
            prechecks=("auto_earn_offered",),  # 59671
        ),
        source=BALANCE_ROWS,
        read=form.earn_read,
        write=form.earn,
        keys=form.earning,
        shown_as="autoLendStatus",
    ),
    Switch(
        setting=Setting(
            name="auto_loan",
            doc="Borrow by itself what an order or a position lacks",
            kind=Flag(),
            modes=_MULTI,
            prechecks=("no_borrowings",),  # 59001
        ),
        source=CONFIG_ROW,
        read=form.flag("autoLoan"),
        write=form.sends_flag(SET_AUTO_LOAN, "autoLoan"),
        shown_as="autoLoan",
    ),
    Switch(
        setting=Setting(
            name="auto_repay",
            doc="Repay by itself what spot trading borrowed",
            kind=Flag(),
            modes=("spot",),
            prechecks=("spot_borrowing",),  # only on the web page can it be switched on
        ),
        source=CONFIG_ROW,
        read=form.flag("spotBorrowAutoRepay"),
        write=form.sends_flag(SET_AUTO_REPAY, "autoRepay"),
        shown_as="spotBorrowAutoRepay",
    ),
    Switch(
        setting=Setting(
            name="collateral",
            doc="Which currencies count as margin; those that no list names stay as they are",
            kind=OnOff(by="currency", rule=_CURRENCY),
            modes=("multi_currency",),
        ),
        source=COLLATERAL_ROWS,
        read=form.collateral_read,
        write=form.collateral,
        write_all=form.collateral_listed,
        keys=form.no_collateral,
        shown_as="collateralEnabled",
        order=(
            ("settings.collateral=true", "settings.collateral=false", "waits"),
            ("settings.collateral=true", "settings.strategy=delta_neutral"),  # 59527: it wants every currency
            ("settings.strategy=general", "settings.collateral=false", "waits"),
            ("settings.collateral=true", "settings.settle_currency", "waits"),  # 59683
            ("settings.settle_currency", "settings.collateral=false", "waits"),
        ),
    ),
    Switch(
        setting=Setting(
            name="fee_type",
            doc="The currency that the fee of a spot trade is taken in",
            kind=Choice({"received": "the one that the trade brings in", "quote": "the quote currency"}),
            prechecks=("no_spot_orders",),  # 59678
        ),
        source=CONFIG_ROW,
        read=form.word("feeType", FEE_TYPE),
        write=form.sends_word(SET_FEE_TYPE, "feeType", FEE_TYPE),
        shown_as="feeType",
    ),
    Switch(
        setting=Setting(
            name="greeks",
            doc="How Greeks are shown; trading is as before",
            kind=Choice({"PA": "in coins", "BS": "Black-Scholes, in dollars"}),
        ),
        source=CONFIG_ROW,
        read=form.word("greeksType", GREEKS),
        write=form.sends_word(SET_GREEKS, "greeksType", GREEKS),
        shown_as="greeksType",
    ),
    Switch(
        setting=Setting(
            name="isolated_margin",
            doc="How margin gets into isolated positions",
            kind=Record(
                {
                    "margin": Part(
                        Choice(
                            {
                                "automatic": "with the order",
                                "auto_transfers_ccy": "with the order, in the currency that it names",
                            },
                            {
                                "auto_transfers_ccy": OneWay(
                                    "orders of isolated margin must name their currency from then on, or are refused"
                                )
                            },
                        ),
                        "Isolated positions on margin",
                    ),
                    "contracts": Part(Choice({"automatic": "with the order"}), "Isolated positions in contracts"),
                }
            ),
            prechecks=_FLAT,
        ),
        source=CONFIG_ROW,
        read=form.by_name({"margin": form.word("mgnIsoMode", ISOLATED), "contracts": form.word("ctIsoMode", ISOLATED)}),
        write=form.isolated(ISOLATED),
        shown_as="mgnIsoMode`, `ctIsoMode",
        moves={"leverage": form.isolated_moves},
    ),
    Switch(
        setting=Setting(
            name="market_maker_protection",
            doc="Freezes the quotes of an options family after fills of `quantity_limit` contracts within the window; "
            "OKX grants it on request",
            kind=Keyed(
                by="family",
                rule=_FAMILY,
                item=Record(
                    {
                        "window_ms": Part(_MILLISECONDS, "The window, in milliseconds; 0 switches it off"),
                        "freeze_ms": Part(_MILLISECONDS, "How long quotes stay frozen; 0: until they are reset"),
                        "quantity_limit": Part(Number(), "Contracts that may be filled within the window"),
                    }
                ),
            ),
            modes=("portfolio",),
        ),
        source=PROTECTION_ROWS,
        read=form.protection_read,
        write=form.protection,
        keys=list,
        shown_as="timeInterval`, `frozenInterval`, `qtyLimit",
    ),
    Switch(
        setting=Setting(
            name="option_trading",
            doc="Trade options",
            kind=Flag({True: OneWay("options stay activated")}),
            prechecks=("options_assets",),  # 51147
        ),
        source=CONFIG_ROW,
        read=form.one_or_zero("opAuth"),
        write=lambda _, __: Call(ACTIVATE_OPTION, {}),
        shown_as="opAuth",
    ),
    Switch(
        setting=Setting(
            name="settle_currency",
            doc="The currency that USD-margined contracts settle in: one of those that OKX offers the account",
            kind=Line(_CURRENCY),
            prechecks=("settlement_offered", "no_usd_margined"),  # 59686, 54074
        ),
        source=CONFIG_ROW,
        read=form.text("settleCcy"),
        write=form.sends_text(SET_SETTLE_CURRENCY, "settleCcy"),
        shown_as="settleCcy",
    ),
    Switch(
        setting=Setting(
            name="spot_offset",
            doc="How much of a currency's spot balance offsets derivatives; once set, only another amount can be set",
            kind=Keyed(by="currency", rule=_CURRENCY, item=Number(zero=True)),
            modes=("portfolio",),
            prechecks=("balance_shown",),  # without a row for it nobody could tell what was set
        ),
        source=BALANCE_ROWS,
        read=form.offset_read,
        write=form.sends_number(SET_SPOT_OFFSET, "clSpotInUseAmt", "ccy"),
        keys=form.offsetting,
        shown_as="clSpotInUseAmt",
    ),
    Switch(
        setting=Setting(
            name="strategy",
            doc="The strategy that margin and orders are judged by",
            kind=Choice(
                {"general": "none in particular", "delta_neutral": "spot and derivatives that offset each other"},
                {
                    "delta_neutral": OneWay(
                        "OKX refuses the way back while the account is in a delta-neutral risk unit", for_good=False
                    )
                },
            ),
            modes=_MULTI,
            prechecks=("strategy_switch",),
        ),
        source=CONFIG_ROW,
        read=form.word("stgyType", STRATEGY),
        write=form.sends_word(SET_TRADING_CONFIG, "stgyType", STRATEGY, type="stgyType"),
        shown_as="stgyType",
    ),
)
