"""A third venue is a folder's worth of objects and one row: seeded, served, steered and faulted as the others are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from acctcfg.sandbox import shapes
from acctcfg.sandbox.app import App, Request
from acctcfg.sandbox.control import act
from acctcfg.sandbox.exchange import Exchange
from acctcfg.sandbox.traffic import Reply
from acctcfg.sandbox.values import NotThere, SeedError, mapping
from acctcfg.sandbox.venue import Member, Venue
from acctcfg.sandbox.venues import VENUES

ROW = shapes.record({"coin": shapes.TEXT}, title="a row", needs=("coin",))


@dataclass
class User:
    uid: str
    address: str
    name: str = ""
    hedge: bool = False
    bets: list[dict] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)


class MarsExchange(Exchange):
    """`GET /mars/me`, `POST /mars/hedge {"on": true}`; the header `who` says who asks."""

    too_many, secret_fields, ids = "SLOW", frozenset({"pin"}), ("id",)

    def __init__(self, world, users, request, path, query):
        super().__init__(world, request, path, query)
        self.user = next((u for u in users if request.headers.get("who") in u.keys.values()), User("", ""))

    @property
    def account(self):
        return self.user

    @property
    def is_write(self):
        return self.request.method == "POST"

    def answer(self, fault):
        if not self.user.uid:
            return self.refusal("WHO"), "WHO"
        if not self.world.pace.admits((self.user.uid, self.request.method, self.path, ""), 2, 1, self.world.ticks()):
            return self.refusal("SLOW"), "SLOW"
        if self.is_write:
            self.params = json.loads(self.request.body)
            wanted = self.params["on"]
            self.carry_out(lambda: setattr(self.user, "hedge", wanted), fault)
        return Reply(200, json.dumps([{"id": self.user.uid, "hedge": self.user.hedge}]).encode()), "0"

    def refusal(self, code, msg="", status=0):
        return Reply(status or 400, json.dumps({"error": code}).encode())


class MarsMember(Member):
    def __init__(self, tenant, user):
        self.tenant, self.name, self.user = tenant, user.name, user

    @property
    def uid(self):
        return self.user.uid

    def show(self):
        return {"hedge": self.user.hedge, "bets": list(self.user.bets), "keys": list(self.user.keys)}

    def edit(self, values, place):
        self.user.hedge = values.get("hedge", self.user.hedge)
        self.add_keys(values.get("keys", []), place)

    def move(self, values):
        raise SeedError("no money here")

    def open(self, what, rows):
        self.user.bets += [{"id": str(number), **row} for number, row in enumerate(rows)]
        return [bet["id"] for bet in self.user.bets]

    def close(self, what, which):
        count, self.user.bets = len(self.user.bets), []
        return count

    def add_keys(self, rows, place):
        self.user.keys.update({row["label"]: row["pin"] for row in rows})

    def edit_key(self, which, values):
        raise NotThere(which)

    def drop_key(self, which):
        del self.user.keys[which]

    def remove(self):
        self.user.uid = ""


class Mars(Venue):
    name, held, money = "mars", {"bets": ROW}, shapes.record({})
    key = shapes.record({"label": shapes.TEXT, "pin": shapes.TEXT}, title="a key", needs=("label", "pin"))
    key_edit = shapes.record({})

    def __init__(self, world, section, place):
        self.world, self.users, self.dust = world, {}, section.get("dust", False)

    @staticmethod
    def section():
        return {"dust": shapes.FLAG}

    @staticmethod
    def tenant():
        return {"crater": shapes.words("gale", "jezero")}

    @staticmethod
    def account():
        return {"hedge": shapes.FLAG, "keys": shapes.listed(Mars.key)}

    @staticmethod
    def builtin(environment):
        return {"rover": {"venue": "mars", "hedge": environment == "demo"}}

    @staticmethod
    def serves(path):
        return path.startswith("/mars/")

    def exchange(self, request, path, query):
        return MarsExchange(self.world, [u for users in self.users.values() for u in users], request, path, query)

    def add_tenant(self, name, values):
        self.users[name] = []
        self.add_sub_account(name, "", {k: v for k, v in values.items() if k in self.account()}, ("tenants", name))
        for sub, given in mapping(values.get("sub_accounts")).items():
            self.add_sub_account(name, sub, mapping(given), ("tenants", name, "sub_accounts", sub))

    def add_sub_account(self, tenant, name, values, place):
        made = MarsMember(tenant, User(f"{tenant}-{len(self.users[tenant])}", name or "@master", name))
        made.edit(values, place)
        self.users[tenant].append(made.user)
        return made

    def tenants(self):
        return iter(self.users)

    def members(self, tenant):
        return (MarsMember(tenant, user) for user in self.users[tenant])

    def show(self, tenant):
        return {}

    def show_venue(self):
        return {"dust": self.dust}

    def act(self, method, parts, body):
        if (method, parts) == ("POST", ["storm"]):
            self.dust = True
            return self.show_venue()
        raise NotThere("/".join(parts))

    def identities(self):
        return (user.uid for users in self.users.values() for user in users)

    def welcome(self, base_url):
        return f"Mars on {base_url}", []


KEY = {"label": "k", "pin": "1234"}
SEED = {"mars": {"dust": False}, "tenants": {"base": {"venue": "mars", "sub_accounts": {"lab": {"keys": [KEY]}}}}}


@pytest.fixture
def mars():
    return App(SEED, venues=(*VENUES, Mars), ticks=lambda: 0.0)


def ask(app, method="GET", path="/mars/me", who="1234", **body):
    reply = app.handle(Request(method, path, {"who": who}, json.dumps(body).encode() if body else b""))
    return reply.status, json.loads(reply.body or b"null")


def test_it_is_served(mars):
    """Its paths are its own, with the pace, the journal and the secrets' mask of all venues."""
    assert ask(mars) == (200, [{"id": "base-1", "hedge": False}])
    assert ask(mars, "POST", "/mars/hedge", on=True, pin="1234")[0] == 200
    assert act(mars, "GET", "writes")[0]["body"] == {"on": True, "pin": "***"}
    assert [ask(mars)[0] for _ in range(2)] == [200, 400]
    assert act(mars, "GET", "requests")["rate_limited"] == 1
    assert ask(mars, path="/api/v5/public/time")[1]["code"] == "0"


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        ({"tenants": {"base": {"venue": "mars", "crater": "hale"}}}, "tenants.base.crater: one of gale, jezero"),
        ({"tenants": {"base": {"venue": "mars", "acctLv": "2"}}}, "unknown key 'acctLv'"),
        ({"tenants": {"base": {"venue": "mars", "keys": [{"label": "k"}]}}}, "a key needs pin"),
        ({"mars": {"dust": "much"}}, "mars.dust: expected true or false"),
        ({"tenants": {"base": {"venue": "venus"}}}, "one of okx, gate_crossex, mars"),
    ],
)
def test_its_seed_is_checked(seed, said):
    """By what it declares, with the words and places of all seeds."""
    with pytest.raises(SeedError, match=said.replace("[", r"\[")):
        App(seed, venues=(*VENUES, Mars))


def test_it_is_steered(mars):
    """Accounts, what they hold, its own calls, and the state: in one control API."""
    assert act(mars, "POST", "accounts/lab/set", {"hedge": True})["hedge"]
    assert act(mars, "POST", "accounts/base:den", {})["hedge"] is False
    assert act(mars, "POST", "accounts/lab/bets", {"coin": "dust", "count": 2})["ids"] == ["0", "1"]
    with pytest.raises(ValueError, match="a row needs coin"):
        act(mars, "POST", "accounts/lab/bets", {})
    assert act(mars, "DELETE", "accounts/lab/bets/all")["bets"] == []
    assert act(mars, "POST", "mars/storm") == {"dust": True}
    state = act(mars, "GET", "state")
    assert set(state["tenants"]["base"]["sub_accounts"]) == {"lab", "den"}
    assert (state["tenants"]["base"]["venue"], state["mars"]) == ("mars", {"dust": True})
    act(mars, "POST", "reset")
    assert act(mars, "GET", "state")["mars"] == {"dust": False}


def test_it_is_faulted(mars):
    """Every kind of fault speaks its language: refusals, effects that never come, rows that come late."""
    act(mars, "POST", "faults", {"kind": "code", "code": "STORM", "match": {"account": "lab"}})
    assert ask(mars) == (400, {"error": "STORM"})
    act(mars, "POST", "faults", {"kind": "ok_but_nothing", "match": {"path": "*/hedge"}})
    assert ask(mars, "POST", "/mars/hedge", on=True)[0] == 200
    act(mars, "POST", "faults", {"kind": "lose_row", "match": {"path": "*/me"}})
    assert ask(mars) == (200, [])
    assert act(mars, "GET", "accounts/lab")["hedge"] is False
