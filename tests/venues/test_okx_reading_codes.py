"""A second reading of the venue's table of errors: what each code lets the client do next."""

from __future__ import annotations

import json

import pytest

from acctcfg.errors import AuthRefused, OutcomeUnknown, RateLimited, Refused, VenueError
from acctcfg.sandbox.okx.replies import CODES
from acctcfg.venues.okx.codes import CLEAR
from acctcfg.venues.okx.codes_account import ACCOUNT
from acctcfg.venues.okx.codes_general import GENERAL
from acctcfg.venues.okx.codes_newer import NEWER
from acctcfg.venues.okx.codes_trading import TRADING_AND_FUNDING
from acctcfg.venues.okx.dialect import OkxDialect
from acctcfg.venues.okx.endpoints import SET_LEVERAGE, SWITCH_PRECHECK
from acctcfg.venues.okx.refusals import CODES as REFUSALS
from acctcfg.venues.okx.refusals import PRECONDITIONS, explain

# Written out anew for this test; "a-b" is every code from a to b.
BLOCKERS = """
50048 50072 51010 51036-51042 51055 51057 51128 51133 51139 51147 51158 51162-51164 51167 51168 51186 51295 51310 51313
54000 54001 54005 54024-54028 54074 58116 58117 58119 58121 58122 58300 59000-59002 59005 59007 59100 59101 59103 59104
59106-59109 59111 59112 59128 59132-59139 59200-59202 59247 59256 59258 59283 59286 59288 59410-59417 59501 59520-59529
59603 59606 59641-59643 59648-59652 59659-59662 59664 59665 59668-59670
"""
BLOCKERS_AMONG_OTHER_CLASSES = "59623 59678 59683"  # rows of two codes: the first or the second is a blocker
NOT_BLOCKERS = """
50000 50002 50006 50014-50016 50024 50025 50030 50035 50041 50050 51000 51001 51012 51015 51021-51024 51026-51030 51070
54009 58010 58115 58301 59004 59102 59105 59117 59125 59502 59503 59505-59508 59510 59601 59612-59616 59622 59658 59666
59679 59684 59686
"""
OPEN = """
51162 51163 51167 51168 54074 59000 59002 59007 59100 59101 59107 59112 59132 59134 59523-59525 59662 59668-59670
"""  # the blockers that are something open: positions, orders, bots
NOT_EXECUTED = "50011 50013 50040 58102"
OUTCOME_UNKNOWN = "50001 50004 50026 51054 51149 58112 58124 59617"
OUR_CREDENTIALS = "50030 50035 50041 50100-50121 59500 59509 59604 59608-59611"

EVERY = """
50000-50002 50004-50030 50032 50033 50035-50042 50044-50053 50055-50064 50067 50069 50071 50072 50075-50077
50100-50122 51000-51002 51010 51012 51014 51015 51021-51024 51026-51030 51036-51042 51044 51054-51057 51059 51070
51128 51133 51139 51147 51149 51155 51158 51162-51164 51167 51168 51186 51209-51214 51295 51310 51313 51370
51732-51735 51737-51739 51760 51761 51773 53000-53006 53009-53017 54000 54001 54005 54009 54024-54031 54035
54072-54075 54092 54094 54109 58004 58006 58007 58010-58016 58101-58105 58110-58117 58119-58129 58131 58132 58209
58300-58303 58305-58310 58350 58355 59000-59002 59004-59007 59100-59114 59117-59125 59128-59130 59132-59142
59200-59202 59247 59256 59258 59263 59282 59283 59286 59288 59300-59317 59319 59320 59401 59402 59410-59417
59500-59510 59512 59515-59529 59550 59601 59603 59604 59606 59608-59619 59622 59623 59641-59643 59648-59652
59658-59662 59664-59676 59678 59679 59683 59684 59686 59689 59691-59693
"""


def codes(text: str) -> list[str]:
    """The codes of a text, ranges spelt out."""
    found: list[str] = []
    for part in text.split():
        first, _, last = part.partition("-")
        found += [str(code) for code in range(int(first), int(last or first) + 1)]
    return found


def answer(code: str, status: int = 200, *, rows: object = ()) -> VenueError:
    """What the client makes of a refusal."""
    body = json.dumps({"code": code, "msg": "", "data": list(rows)}).encode()  # type: ignore[call-overload]
    with pytest.raises(VenueError) as caught:
        OkxDialect(demo=True).decode(SET_LEVERAGE, status, {}, body)
    return caught.value


def test_every_blocker_counts_as_blocked() -> None:
    """Class P: the user clears something away and tries again."""
    assert set(codes(BLOCKERS)) - PRECONDITIONS == set()
    assert set(codes(BLOCKERS_AMONG_OTHER_CLASSES)) - PRECONDITIONS == set()


def test_nothing_else_counts_as_blocked() -> None:
    """A wrong value, a missing permission, an unknown name or a human's duty is a failure."""
    assert PRECONDITIONS & set(codes(NOT_BLOCKERS)) == set()
    others = set(codes(NOT_EXECUTED)) | set(codes(OUTCOME_UNKNOWN)) | set(codes(OUR_CREDENTIALS))
    assert PRECONDITIONS & others == set()


@pytest.mark.parametrize("code", codes(NOT_EXECUTED))
def test_what_was_not_executed_may_be_sent_again(code: str) -> None:
    """Whatever its HTTP status: two shapes of 50011 are documented."""
    assert isinstance(answer(code), RateLimited)
    assert isinstance(answer(code, 429), RateLimited)


@pytest.mark.parametrize("code", codes(OUTCOME_UNKNOWN))
@pytest.mark.parametrize("status", [200, 400, 500, 503])
def test_what_may_have_been_executed_is_never_a_refusal(code: str, status: int) -> None:
    """50004 comes with HTTP 400, 59617 with a sub-account that exists: reading decides."""
    assert isinstance(answer(code, status), OutcomeUnknown)


@pytest.mark.parametrize("code", codes(OUR_CREDENTIALS))
def test_a_refusal_of_who_we_are_says_so(code: str) -> None:
    """Key, clock, address, permission, and what only a main account or a broker may do."""
    assert isinstance(answer(code, 401), AuthRefused)


@pytest.mark.parametrize("code", codes(BLOCKERS) + codes(NOT_BLOCKERS))
def test_a_refusal_is_a_refusal(code: str) -> None:
    """None of them is taken for "not executed, send again" or for "perhaps executed"."""
    error = answer(code, 400 if code in ("51000", "59105") else 200)
    assert isinstance(error, Refused)
    assert not isinstance(error, RateLimited)


def test_an_unknown_code_is_a_refusal_that_claims_nothing() -> None:
    """A code that no page lists is neither a blocker nor a credential, and is named."""
    error = answer("59999")
    assert type(error) is Refused
    assert error.code == "59999" not in PRECONDITIONS


def test_a_sub_code_counts_as_its_code() -> None:
    """The part before the underscore decides: 59000_12 is 59000."""
    assert answer("59000_12").code == "59000"
    assert answer("1", rows=[{"sCode": "51010_3", "sMsg": ""}]).code == "51010"


def test_an_items_own_code_is_the_verdict() -> None:
    """Under code 1, and also under a code 0 that says that all is well."""
    for code in ("0", "1", "2"):
        assert answer(code, rows=[{"sCode": "0"}, {"sCode": "59000", "sMsg": "x"}]).code == "59000"


def test_the_verdict_of_a_switch_is_not_a_refusal() -> None:
    """Of that one endpoint, sCode 1, 3 and 4 are answers."""
    body = json.dumps({"code": "0", "msg": "", "data": [{"sCode": "3", "curAcctLv": "4", "acctLv": "2"}]}).encode()
    (row,) = OkxDialect(demo=True).decode(SWITCH_PRECHECK, 200, {}, body)
    assert row["sCode"] == "3"


def test_a_gateways_refusal_needs_no_list() -> None:
    """`data` may be missing in a refusal, never in a success."""
    with pytest.raises(AuthRefused):
        OkxDialect(demo=True).decode(SET_LEVERAGE, 401, {}, b'{"msg":"Timestamp request expired","code":"50102"}')
    with pytest.raises(VenueError) as caught:
        OkxDialect(demo=True).decode(SET_LEVERAGE, 200, {}, b'{"code":"0","msg":""}')
    assert not isinstance(caught.value, Refused | OutcomeUnknown)


# Statuses that are not 200, for the codes that the sandbox answers.
STATUSES = {
    "400": "50000 50002 50004 50006 50014 50015 50016 50100 51000 53000 53001 53002 53003 53004 53005 53009 53010 "
    "53011 53012 53013 53015 53016 53017 58114 59105",
    "401": "50101 50102 50103 50104 50105 50106 50107 50108 50109 50110 50111 50112 50113 50114 53006 53014",
    "403": "50035",
    "405": "50115",
    "410": "50005",
    "429": "50011 50013 58102",
    "500": "50026 51054 51149",
    "503": "50001",
}


def test_the_sandbox_answers_with_the_statuses_of_the_table() -> None:
    """Everything that is not listed with another status comes with HTTP 200."""
    wanted = {code: int(status) for status, text in STATUSES.items() for code in text.split()}
    assert {code: status for code, (status, _) in CODES.items()} == {code: wanted.get(code, 200) for code in CODES}


def test_every_code_of_the_tables_has_words_of_its_own() -> None:
    """`explain okx:CODE` knows each: what it means, what is likely behind it, and what to do."""
    silent = [
        code
        for code in codes(EVERY)
        if (told := explain(code)) is None or not (told.meaning and told.causes and told.remedy)
    ]
    assert silent == []
    assert set(codes(EVERY)) <= set(REFUSALS)


def test_nobody_is_told_to_close_what_is_not_in_the_way() -> None:
    """Only where something open stands in the way the way out is to close it: a loan is repaid, a day is waited for."""
    assert {code for code, known in REFUSALS.items() if (known.hint or known.kind.hint) == CLEAR} == set(codes(OPEN))


def test_no_code_is_in_two_tables() -> None:
    """Where a code stood twice, the words of one table hid the way out that the other one has."""
    tables = (GENERAL, TRADING_AND_FUNDING, ACCOUNT, NEWER)
    assert sum(map(len, tables)) == len(REFUSALS)
