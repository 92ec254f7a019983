"""`acctcfg explain`: every documented error of the venues has words, and a field says what it takes."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from acctcfg.cli import run
from acctcfg.errors import OutcomeUnknown, RateLimited, Refused, VenueError
from acctcfg.manifest.fields import every_field, field_paths, find_fields
from acctcfg.venues.gate_crossex.dialect import GateDialect
from acctcfg.venues.gate_crossex.endpoints import SET_LEVERAGE as GATE_SET_LEVERAGE
from acctcfg.venues.installed import rules, venue
from acctcfg.venues.okx.dialect import OkxDialect
from acctcfg.venues.okx.endpoints import SET_LEVERAGE as OKX_SET_LEVERAGE

SCHEMA = Path(__file__).parents[2] / "schemas" / "manifest.schema.json"

# OKX v5, "Error code", written out for this test by what may be done next; "a-b" is every code from a to b.
OKX = {
    "blocked": """
50048 50072 51010 51036-51042 51055 51057 51128 51133 51139 51147 51158 51162-51164 51167 51168 51186 51295 51310 51313
54000 54001 54005 54024-54028 54074 58116 58117 58119 58121 58122 58300 59000-59002 59005 59007 59100 59101 59103 59104
59106-59109 59111 59112 59128 59132-59139 59200-59202 59247 59256 59258 59283 59286 59288 59300-59302 59410-59417 59501
59520-59529 59603 59606 59623 59641-59643 59648-59652 59659-59662 59664 59665 59668-59670 59678 59683
51209-51214 59311 59673 59674 59676 59692 59693
""",
    "not executed": "50011 50013 50040 58102",
    "outcome unknown": "50001 50004 50026 51054 51149 58112 58124 59617",
    "the clock": "50102 50112",
    "failed": """
1 2 50000 50002 50005-50010 50012 50014-50025 50027-50030 50032 50033 50035-50038 50041 50042 50044 50046 50049-50053
50055-50062 50064 50067 50069 50071 50075 50100 50101 50103-50111 50113-50121 51000-51002 51004 51012 51014 51015
51021-51024 51026-51030 51044 51056 51059 51070 51155 51370 51732-51735 51737-51739 53000-53006 53009-53017 54009 54072
54075 54092 58004 58006 58007 58010 58101 58103-58105 58114 58115 58120 58123 58127-58129 58209 58301-58303 58305-58310
58350 58355 59004 59006 59102 59105 59113 59114 59117 59125 59401 59402 59500 59502-59510 59512 59515-59519 59550 59601
59604 59608-59616 59618 59619 59622 59658 59666 59671 59672 59675 59679 59684 59686 59691 60004-60009 60011-60014 60018
60019 60023 60024 60026 60029 60030 60027 60028 60031-60033 63999 64000-64004 64007 64008
50039 50045 50047 50063 50076 50077 50122 51760 51761 51773 54029-54031 54035 54073 54094 54109 58011-58016 58110 58111
58113 58125 58126 58131 58132 59110 59118-59124 59129 59130 59140-59142 59263 59282 59303-59310 59312-59317 59319 59320
59667 59689
""",
}

# CrossEx v1.0, "Error codes", and Gate API v4, "Label list", written out for this test.
GATE = {
    "blocked": """
TRADE_PZ_MODE_HAVE_ORDER_ERROR TRADE_PZ_MODE_HAVE_POSITION_ERROR UPDATE_ACCOUNT_MODE_OPEN_ORDERS_EXIST_ERROR
UPDATE_ACCOUNT_MODE_POSITION_NOT_EMPTY_ERROR UPDATE_ACCOUNT_MODE_INITIAL_MARGIN_NOT_ZERO_ERROR
UPDATE_ACCOUNT_MODE_MAINTENANCE_MARGIN_NOT_ZERO_ERROR UPDATE_ACCOUNT_MODE_ACCOUNT_STATUS_NOT_NORMAL_ERROR
SUB_ACCOUNT_LOCKED USER_LIAB USER_PENDING_ORDERS ORDER_PENDING POSITION_HOLDING
""",
    "not executed": "TOO_MANY_REQUESTS",
    "outcome unknown": "INTERNAL SERVER_ERROR TOO_BUSY",
    "the clock": "REQUEST_EXPIRED",
    "failed": """
COMMON_PARAM_BIND_ERROR TRADE_UNSUPPORTED_OPERATION
USER_NOT_EXIST USER_DEACTIVATED QUERY_INVALID_EXCHANGE_TYPE TRADE_CHANGE_PZ_MODE_SAME_ERROR
UPDATE_ACCOUNT_PARAMETERS_ALL_EMPTY_ERROR UPDATE_ACCOUNT_PARAMETERS_ERROR UPDATE_ACCOUNT_EXCHANGE_TYPE_PARAMETERS_ERROR
UPDATE_ACCOUNT_ACCOUNT_MODE_ERROR UPDATE_ACCOUNT_EXCHANGE_TYPE_ERROR
UPDATE_ACCOUNT_PZ_ISOLATED_MODE_NOT_EXCHANGE_TYPE_ERROR UPDATE_ACCOUNT_CROSSEX_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR
UPDATE_ACCOUNT_ISOLATED_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR
TRADE_SET_LEVERAGE_ERROR TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR TRADE_INVALID_SYM_BUSINESSTYPE_ERROR
TRADE_INVALID_MARGIN_SYM_BUSINESSTYPE_ERROR
TRADE_CLIENT_ORDER_ID_LENGTH_ERROR TRADE_CLIENT_ORDER_ID_MATCH_ERROR TRADE_INVALID_SIDE TRADE_INVALID_ORDER_TYPE
TRADE_INVALID_TIME_IN_FORCE TRADE_INVALID_POC TRADE_INVALID_ORDER_QTY TRADE_INVALID_QUOTE_ORDER_QTY
TRADE_INVALID_LIMIT_PRICE TRADE_INVALID_REDUCE_ONLY TRADE_ORDER_DUPLICATE_ERROR TRADE_SYM_NOT_SUPPORT
MARGIN_ORDER_NOT_SUPPORT TRADE_MARGIN_INVALID_PZ_SIDE_ERROR TRADE_DELIST_OPEN_PROHIBITED_ERROR
TRADE_INVALID_POSITION_SIDE TRADE_REDUCE_ONLY_SIDE_ERROR TRADE_REDUCE_ONLY_POSITION_QTY_ERROR
TRADE_ONE_OF_ORDER_ID_ERROR TRADE_ORDER_NOT_FOUND_ERROR TRADE_NOT_ALLOW_REPLACE TRADE_ORDER_REPLACE_QTY_PRICE_ERROR
TRADE_ORDER_REPLACE_QTY_PRICE_SAME_ERROR TRADE_ORDER_REPLACE_ALLOW_ERROR TRADE_ORDER_LOT_SIZE_ERROR
TRADE_ORDER_QUANTITY_MAX_ERROR TRADE_ORDER_QUANTITY_MIN_ERROR TRADE_ORDER_TICK_SIZE_ERROR TRADE_ORDER_AMOUNT_MIN_ERROR
TRADE_OKX_LIMIT_BUY_ORDER_PRICE_ERROR TRADE_MAX_ORDERS_ERROR TRADE_INVALID_PZ_MODE_ERROR
CONVERT_TRADE_QUOTE_UNKNOWN_ERROR CONVERT_TRADE_QUOTE_EXCHANGE_INVALID_ERROR
CONVERT_TRADE_QUOTE_FROM_COIN_INVALID_ERROR CONVERT_TRADE_QUOTE_TO_COIN_INVALID_ERROR
CONVERT_TRADE_QUOTE_FROM_AMOUNT_INVALID_ERROR CONVERT_TRADE_QUOTE_FROM_AMOUNT_LIMIT_ERROR
CONVERT_TRADE_QUOTE_FROM_AMOUNT_MAX_ERROR CONVERT_TRADE_QUOTE_EXCHANGE_REJECT_ERROR
CAN_NOT_DELETE_POSITION CAN_NOT_DELETE_LARGE_POSITION OPEN_ORDERS_CAN_NOT_DELETE_POSITION
INVALID_PARAM_VALUE INVALID_PROTOCOL INVALID_ARGUMENT INVALID_REQUEST_BODY MISSING_REQUIRED_PARAM BAD_REQUEST
INVALID_CONTENT_TYPE NOT_ACCEPTABLE INVALID_CREDENTIALS INVALID_KEY INVALID_SIGNATURE MISSING_REQUIRED_HEADER FORBIDDEN
READ_ONLY IP_FORBIDDEN ACCOUNT_LOCKED NOT_FOUND SUB_ACCOUNT_NOT_FOUND METHOD_NOT_ALLOWED
MODE_SET USER_NOT_FOUND CONTRACT_NOT_FOUND LEVERAGE_TOO_HIGH LEVERAGE_TOO_LOW RISK_LIMIT_EXCEEDED LIQUIDATE_IMMEDIATELY
POSITION_DUAL_MODE POSITION_CROSS_MARGIN POSITION_EMPTY NO_CHANGE
""",
}


def codes(text: str) -> list[str]:
    """The codes of a text, ranges of numbers spelt out."""
    found: list[str] = []
    for part in text.split():
        first, _, last = part.partition("-")
        found += [str(code) for code in range(int(first), int(last or first) + 1)] if first.isdigit() else [part]
    return found


CLASSES = [(family, verdict) for family, table in (("okx", OKX), ("gate", GATE)) for verdict in table]


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of `acctcfg explain`."""
    status = run(["explain", *words])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize(("family", "verdict"), CLASSES)
def test_every_documented_error_is_explained(family, verdict, capsys):
    """Meaning, likely causes, what to do, and whether it counts as blocked, as failed, or is sent again."""
    for code in codes({"okx": OKX, "gate": GATE}[family][verdict]):
        status, out, _ = said(capsys, f"{family}:{code}")
        assert status == 0, code
        meant, causes, remedy, counted = out.split("\n\n")
        titles = [part.splitlines()[0] for part in (meant, causes, remedy, counted)]
        assert titles == [f"{family}:{code}", "Likely causes", "What to do", "How acctcfg handles it"]
        for part in (meant, causes, remedy):
            assert len(part.partition("\n")[2].split()) > 1, (code, part)
        assert counted.splitlines()[1].strip().startswith(verdict), (code, counted)


# OKX v5, "WebSocket", the codes of messages: a word of each that the document has for it.
MESSAGES = {
    "64000": "uly",
    "60008 60028 64001 64002": "another address",
    "60029 60030 64003": "fee tier",
    "64004": "order book",
    "60014 60023": "too many",
    "63999 64007": "the venue",
    "64008": "upgrade",
}


@pytest.mark.parametrize(("listed", "word"), MESSAGES.items())
def test_a_code_of_a_message_says_what_the_document_does(listed, word, capsys):
    """And only what passes is to be tried again by connecting anew."""
    for code in codes(listed):
        _, out, _ = said(capsys, f"okx:{code}")
        meant, _, remedy, _ = out.split("\n\n")
        assert word in meant, code
        assert ("connect again" in remedy) == (code in "60014 60023 63999 64007 64008"), code


def test_the_lists_of_this_test_are_whole():
    """No code stands in two classes; the venues' tables know no code that no document has, and the other way round."""
    for type_, table in (("okx_dma_broker", OKX), ("gate_crossex", GATE)):
        listed = [code for text in table.values() for code in codes(text)]
        assert len(listed) == len(set(listed))
        assert set(listed) == set(venue(type_).error_codes())


def answer(family: str, code: str) -> VenueError:
    """What the client makes of a refusal."""
    if family == "okx":
        decode, body = (
            partial(OkxDialect(demo=True).decode, OKX_SET_LEVERAGE, 200),
            {"code": code, "msg": "", "data": []},
        )
    else:
        decode, body = partial(GateDialect().decode, GATE_SET_LEVERAGE, 400), {"label": code, "message": ""}
    with pytest.raises(VenueError) as caught:
        decode({}, json.dumps(body).encode())
    return caught.value


@pytest.mark.parametrize(("family", "verdict"), CLASSES)
def test_what_is_said_is_what_the_client_does(family, verdict):
    """What is explained as sent again, unknown or the clock's is taken so by the client, and nothing else is."""
    dialect = OkxDialect(demo=True) if family == "okx" else GateDialect()
    for code in codes({"okx": OKX, "gate": GATE}[family][verdict]):
        error = answer(family, code)
        assert isinstance(error, RateLimited) == (verdict == "not executed"), code
        assert isinstance(error, OutcomeUnknown) == (verdict == "outcome unknown"), code
        if isinstance(error, Refused):
            assert dialect.is_clock_refusal(error) == (verdict == "the clock"), code


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("OKX:59000", "okx:59000\n  positions, orders or bots are in the way"),
        ("okx:59000_12", "okx:59000\n"),
        ("gate:trade_pz_mode_have_order_error", "gate:TRADE_PZ_MODE_HAVE_ORDER_ERROR\n"),
    ],
)
def test_an_error_is_found_however_it_is_written(word, shown, capsys):
    """Upper or lower case, with a finer code behind it."""
    status, out, _ = said(capsys, word)
    assert status == 0
    assert out.startswith(shown)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("okx:59999", "error: okx:59999 is not an error that acctcfg knows\n"),
        ("okx:590000", "(did you mean okx:59000"),
        ("gate:TRADE_SET_LEVERAGE", "(did you mean gate:TRADE_SET_LEVERAGE_ERROR?)"),
        ("gate:A_LABEL_OF_TOMORROW", "error: gate:A_LABEL_OF_TOMORROW is not an error that acctcfg knows\n"),
        ("gate:\x1b[2J", "error: gate:\\x1b[2J is not an error"),
    ],
)
def test_an_unknown_error_is_one_message(word, message, capsys):
    """Exit 1, the near misses, and how such an error counts."""
    status, out, err = said(capsys, word)
    assert (status, out) == (1, "")
    assert message in err
    assert "treats an unknown refusal as a failure" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["okxx:59000"], "error: no venue has errors named 'okxx' (did you mean okx?)"),
        (["binance:-1"], "hint: one of: gate, okx"),
        (["okx:"], "error: the error's code is missing after okx:"),
        (["59000"], "did you mean okx:59000?"),
        (["TRADE_SET_LEVERAGE_ERROR"], "did you mean gate:TRADE_SET_LEVERAGE_ERROR?"),
        (["leverge.market"], "neither a field of the manifest nor a venue's error (did you mean leverage.market"),
        (["accounts.*.leveragee"], "nor a venue's error (did you mean accounts.*.leverage or"),
        (["xyzzy"], "error: 'xyzzy' is neither a field of the manifest nor a venue's error\n"),
        (["..."], "error: '...' is neither"),
        ([""], "error: '' is neither"),
        ([], "error: missing argument"),
        (["leverage.market", "mmdesk01"], "error: an ACCOUNT can be given only with a venue's error"),
    ],
)
def test_wrong_usage(words, message, capsys):
    """Exit 64 for a word that is neither, for no word, and for what is not built."""
    status, out, err = said(capsys, *words)
    assert (status, out) == (64, "")
    assert message in err


# -- fields of the manifest ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("leverage.market", ["accounts.*.leverage[].market", "margin", "futures", "swap"]),
        ("accounts.*.leverage", ["accounts.*.leverage\n", "fields       market, margin, instrument"]),
        ("mmdesk01.leverage[swap/BTC-USDT/cross]", ["accounts.*.leverage\n"]),
        ("accounts.mmdesk01.leverage[0].symbol", ["venue types with leverage  gate_crossex (role main)\n"]),
        ("leverage.family", ["venue types with leverage  okx, okx_dma_broker\n"]),
        ("profiles.market_maker.account_mode", ["profiles.*.account_mode", "portfolio", "isolated_exchange"]),
        ("account_mode", ["words of gate_crossex", "words of okx, okx_dma_broker"]),
        ("position_mode", ["a map of a word for each of: binance, okx, gate", "long_short"]),
        ("deposit.credit_to", ["venue types with deposit  okx_dma_broker (role sub_account)\n", "funding"]),
        ("venues.desk.region", ["venue types  okx, okx_dma_broker\n", "eea"]),
        ("environment", ["words of okx, okx_dma_broker\n    demo"]),
        ("api_keys.permissions", ["words of okx, okx_dma_broker\n    read\n    trade\n", "a map of groups"]),
        ("addresses.type", ["accounts.*.deposit.addresses[].type", "regular", "segwit"]),
        ("guardrails.max_deletes", ["takes  a whole number, 0 or more"]),
        ("notify.webhook", ["a URL (a secret), or a map", "required", "env"]),
        ("notify.on", ["blocked", "lapse"]),
        ("settings", ["okx_dma_broker", "auto_earn, auto_loan, auto_repay, collateral"]),
        ("settings.auto_loan", ["true or false", "multi_currency, portfolio", "no_borrowings"]),
        ("settings.fee_type", ["received", "the quote currency"]),
        ("settings.margin_mode", ["a map by symbol", "gate_crossex (role main)"]),
        ("venues.*.type", ["required", "gate_crossex"]),
        ("state", ["accounts.*.state", "accounts.*.api_keys.*.state", "words of gate_crossex\n    locked"]),
    ],
)
def test_a_field_is_explained(path, shown, capsys):
    """What it takes, its words with their meanings, and which venue types have it, from the root or from any field."""
    status, out, _ = said(capsys, path)
    assert status == 0
    assert [words for words in shown if words not in out] == []


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("mm01.api_keys[trading].store", "accounts.*.api_keys.*.store"),
        ("api_keys[trading].permissions", "accounts.*.api_keys.*.permissions"),
        ("profiles.mm.api_keys[trading].rotate_after", "profiles.*.api_keys.*.rotate_after"),
        ("mm01.api_keys[t].ip_allowlist[0].until", "accounts.*.api_keys.*.ip_allowlist[].until"),
        ("market_maker_protection[BTC-USD].window_ms", "accounts.*.settings.market_maker_protection.*.window_ms"),
        ("mm01.deposit.addresses[USDT/USDT-TRC20/1]", "accounts.*.deposit.addresses"),
        ("accounts_from[0].fields.leverage[1].value", "accounts.*.leverage[].value"),
        ("accounts_from[0].fields", "accounts_from[].fields"),
    ],
)
def test_an_address_is_explained_as_messages_have_it(address, path, capsys):
    """What stands in brackets is one entry, of a list or by its name: the field behind it is the one asked for."""
    assert [note.path for note in find_fields(address, rules())] == [path]
    assert said(capsys, address)[:2] == said(capsys, path)[:2]


def test_the_words_of_every_field_can_be_printed():
    """A word that needs no meaning beside it has an empty one."""
    found = [(note.path, pair) for note in every_field(rules()) for pair in note.words]
    assert [one for one in found if not all(isinstance(text, str) for text in one[1][:2])] == []


def test_a_field_comes_before_a_name() -> None:
    """`leverage` is the field, and not a key that somebody gave this label."""
    assert [note.path for note in find_fields("leverage.until", rules())] == ["accounts.*.leverage[].until"]
    assert [note.path for note in find_fields("trading.until", rules())] == ["accounts.*.api_keys.*.until"]


@pytest.mark.slow
def test_every_field_has_a_note():
    """The path of each field leads to that field alone, with its line of documentation and what it takes."""
    for path in field_paths(rules()):
        (note,) = find_fields(path, rules())
        assert note.path == path
        assert note.doc
        assert all(kind for kind, _ in note.kinds)


def test_the_fields_are_those_of_the_schema():
    """Every property of the published schema is a field that is explained, with the same words."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    account = schema["$defs"]["account"]["properties"]
    notes = {name: find_fields(f"accounts.*.{name}", rules())[0] for name in account}
    assert all(note.supported for note in notes.values())
    assert {word for word, _, _ in notes["account_mode"].words} == {*account["account_mode"]["enum"]} - {None}
    sections = {path.partition(".")[0].removesuffix("[]") for path in field_paths(rules())}
    sections = {name for name in sections if find_fields(name, rules())[0].supported}
    assert sections | {"profiles"} == set(schema["properties"])


def test_paths_complete(capsys, monkeypatch):
    """A shell completes the manifest's fields."""
    for name, value in {"_ACCTCFG_COMPLETE": "bash_complete", "COMP_WORDS": "acctcfg explain guardrails.max_d"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COMP_CWORD", "2")
    from click.shell_completion import BashComplete

    from acctcfg.cli import group

    assert BashComplete(group, {}, "acctcfg", "_ACCTCFG_COMPLETE").complete() == "plain,guardrails.max_deletes"


@pytest.mark.parametrize("columns", [80, 60])
@pytest.mark.parametrize("what", ["okx:59000", "okx:50110", "leverage", "accounts.*.api_keys", "rule_sets"])
def test_no_line_is_wider_than_the_terminal(what, columns, capsys, monkeypatch):
    """Lines are folded for the terminal as it is, at a blank or a hyphen; the words are those of a pipe."""
    run(["explain", what])
    piped = capsys.readouterr().out
    monkeypatch.setattr("acctcfg.cli.console.is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    run(["explain", what])
    shown = capsys.readouterr().out
    assert [line for line in shown.splitlines() if len(line) > columns] == []
    assert "".join(shown.split()) == "".join(piped.split())
    assert max(map(len, piped.splitlines())) <= 100
