"""What a snapshot hides is told by the names of members, in whatever answer they stand."""

from __future__ import annotations

import pytest

from acctcfg.engine.blur import Blur, emails_in, ids_in

ID = "722222222222222222"


def blurred(answer, *stated):
    """An answer as a blurred file has it."""
    blur = Blur(stated)
    blur.hide(ids_in(answer))
    return blur.hidden(blur.named(answer))


@pytest.mark.parametrize(
    "name",
    [
        *("uid", "mainUid", "sub_uid", "parentUID", "userId", "user_id", "userid", "accountId", "acct_id"),
        *("key", "apiKey", "api_key", "apikey", "email", "loginEmail", "mobile", "phone", "addr", "addrEx", "address"),
    ],
)
@pytest.mark.parametrize("id_", [ID, "4711"])
def test_an_id_is_hidden_by_the_name_of_its_member(name, id_):
    """In any row of any list, as text and inside of a list or an object, long or short; a long one in any text too."""
    answer = [{"rows": [{name: id_, "name": "kept"}, {name: [id_]}, {name: {"is": id_}}], "said": f"{ID} is late"}]
    found = blurred([*answer, {"uid": ID}])
    assert f"'{id_}'" not in str(found)  # what stands for a longer one may have its digits by chance
    assert ID not in str(found)
    [other] = {str(found[0]["rows"][0][name]), found[0]["rows"][1][name][0], found[0]["rows"][2][name]["is"]}
    assert other.isdecimal()
    assert len(other) == len(id_)
    assert found[0]["rows"][0]["name"] == "kept"


@pytest.mark.parametrize(
    "name",
    ["instId", "ordType", "ctAddr", "ip", "ip_address", "addrType", "label", "subAcct", "keyed", "liquid", "tag"],
)
def test_what_is_no_id_stays(name):
    """Instruments, names, labels and allow-lists: a plan compares them with the manifest."""
    assert blurred([{name: "abcdef12"}]) == [{name: "abcdef12"}]


def test_what_belongs_to_an_address_goes_with_it():
    """A tag, a memo or a comment beside an address is part of it; both are alike in one text and apart."""
    row = {"addr": "rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh:771188", "tag": "771188", "addrEx": {"comment": "771188"}}
    other, _ = blurred([row, {"addr": "rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh", "memo": "12"}])
    assert other["addr"].partition(":")[2] == other["tag"] == other["addrEx"]["comment"] != "771188"
    assert "rEb8TK" not in str(other)


def test_an_email_address_is_hidden_wherever_it_stands():
    """In a free text too, but for those that the manifest has."""
    found = blurred([{"remark": "ask a.b@example.com", "label": "us@example.com"}], *emails_in("us@example.com"))
    assert "a.b@" not in str(found)
    assert found[0]["label"] == "us@example.com"


def test_nobody_is_no_id():
    """An empty id, a zero and a switch stay, and nothing else of the file changes for them."""
    answer = [{"uid": "", "userId": "0", "key": True, "mobile": None, "pos": "0"}]
    assert blurred(answer) == answer


def test_many_strangers_cost_little():
    """Every text is looked through once, however many ids there are: ten thousand, and as many texts."""
    rows = [{"uid": str(10**17 + n), "note": f"of {10**17 + n}, BTC-USDT-{n}"} for n in range(10_000)]
    found = blurred(rows)
    assert not [one for one in found if "10000000000000" in one["note"]]
    assert found[7]["note"] == f"of {found[7]['uid']}, BTC-USDT-7"
