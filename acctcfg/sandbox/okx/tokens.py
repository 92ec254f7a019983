"""Requests with an access token in place of a key and a signature.

Source: OKX v5 broker documentation, "OAuth"; the order of checks is the sandbox's own. A token serves its own account;
sub-account modules are closed to it.
Refusals: 50114 header, 53000 unknown, 53003 revoked, 53002 expired, 53004 frozen, 53006 another device, 53014 address,
50101 environment, 53013 scope or a module that is closed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from acctcfg.sandbox.okx.replies import Refusal
from acctcfg.sandbox.okx.state import ApiKey, Holder, State, Token
from acctcfg.sandbox.values import takes_from

__all__ = ["authenticate_token", "holder_of", "is_open"]

BEARER = re.compile(r"[Bb]earer +([!-~]{8,4096})")


def _token(state: State, headers: Mapping[str, str]) -> Token | None:
    match = BEARER.fullmatch(headers.get("authorization", ""))
    return state.tokens.get(match[1]) if match else None


def holder_of(state: State, headers: Mapping[str, str]) -> Holder | None:
    """Whose token a request carries, whether or not it is let in."""
    token = _token(state, headers)
    return Holder(token.tenant, token.account, _key(token)) if token else None


def _key(token: Token) -> ApiKey:
    """What the rest of the sandbox asks of a key: the scope stands for its permissions."""
    perm = frozenset(token.scope) | {"read_only"}
    return ApiKey(label="", api_key="", secret_key="", passphrase="", perm=perm, env=token.env)


def authenticate_token(state: State, headers: Mapping[str, str], ip: str, now_ms: int) -> Holder:
    """Whoever the token is of, or the first refusal."""
    if not BEARER.fullmatch(headers["authorization"]) or any(name.startswith("ok-access-") for name in headers):
        raise Refusal("50114", at_gateway=True)
    token = _token(state, headers)
    if token is None:
        raise Refusal("53000", at_gateway=True)
    demo = headers.get("x-simulated-trading") == "1"
    for stands, code in (
        (token.revoked, "53003"),
        (token.expires_ms and now_ms >= token.expires_ms, "53002"),
        (token.account.is_suspended, "53004"),
        (token.termid and headers.get("termid") != token.termid, "53006"),
        (not takes_from(token.ip, ip), "53014"),
        (token.env != "any" and (token.env == "demo") != demo, "50101"),
    ):
        if stands:
            raise Refusal(code, at_gateway=True)
    return Holder(token.tenant, token.account, _key(token))


def is_open(path: str) -> bool:
    """Whether a path is none of a sub-account module's."""
    return "subaccount" not in path and "/broker/" not in path
