"""A call as the request that is sent, and a response as the answer that is read."""

from __future__ import annotations

from collections.abc import Mapping

from acctcfg.core.secret import Secret
from acctcfg.errors import ConfigError, Garbled, RateLimited
from acctcfg.wire.answer import take_secrets
from acctcfg.wire.dialect import Dialect
from acctcfg.wire.echo import unlike
from acctcfg.wire.exchange import Exchange, Reply
from acctcfg.wire.http import Request, Response
from acctcfg.wire.redact import body_kind

__all__ = ["GARBLED_HINT", "SHAPE_ERRORS", "reply_of", "request_of"]

TOO_MANY_REQUESTS = 429

# What reading an answer of a shape that the dialect did not expect ends in: no traceback, and no guess about a write.
SHAPE_ERRORS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

OTHERS = "other_answer"
_OTHERS_HINT = "answers were exchanged on the way, by a proxy or by the venue; nothing was derived from this one"
GARBLED_HINT = (
    "something between here and the venue answered in its place? check base_url, proxies and the venue's status page"
)


def request_of(exchange: Exchange, dialect: Dialect, base_url: str, host: str) -> Request:
    """The request of an attempt, signed with its time."""
    call, method = exchange.call, exchange.call.endpoint.method
    target, body = call.target, call.body
    headers = {"Host": host, "User-Agent": "acctcfg", "Accept": "application/json", "Accept-Encoding": "gzip"}
    if body:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    elif method in ("POST", "PUT", "PATCH"):
        headers["Content-Length"] = "0"
    signed = exchange.signed = dialect.sign(exchange.signer, exchange.sent_at, method, target, body)
    for name, one in signed.items():
        value = headers[name] = one.reveal() if isinstance(one, Secret) else one
        if not (value.isascii() and value.isprintable()):  # found further down, the error would quote the value
            raise ConfigError(
                f"the header {name} cannot be sent: its value holds a line break or characters outside ASCII",
                hint="check the credentials for stray line breaks and accents",
            )
    return Request(method, base_url + target, headers, body)


def reply_of(exchange: Exchange, dialect: Dialect, response: Response, body: bytes, received_at: float) -> Reply:
    """The answer, if it is one, and to this request. Raises what the dialect makes of a refusal, and Garbled."""
    endpoint, status = exchange.call.endpoint, response.status
    try:
        data = dialect.decode(endpoint, status, response.headers, body)
    except Garbled as error:
        message = f"{endpoint.text}: {error.message} (HTTP {status}, {body_kind(body)})"
        if status == TOO_MANY_REQUESTS:  # a gateway's page: the status alone says that nothing was executed
            raise RateLimited(message, hint=error.hint, code=str(status), status=status) from error
        raise Garbled(message, hint=error.hint or GARBLED_HINT, code=error.code) from error
    except SHAPE_ERRORS as exc:
        message = f"{endpoint.text}: the answer has an unexpected shape (HTTP {status}, {body_kind(body)})"
        raise Garbled(message, hint=GARBLED_HINT) from exc
    secrets = take_secrets(data, endpoint.secrets) if endpoint.secrets else {}
    if endpoint.echoes and (flaw := _other_than(exchange, data, secrets)):
        raise Garbled(f"{endpoint.text}: the answer is another request's: {flaw}", hint=_OTHERS_HINT, code=OTHERS)
    return Reply(data=data, sent_at=exchange.sent_at, received_at=received_at, status=status, secrets=secrets)


def _other_than(exchange: Exchange, data: object, secrets: Mapping[str, Secret]) -> str:
    call = exchange.call
    return unlike(call.endpoint.echoes or (), call.params, call.at, exchange.user, data, secrets)
