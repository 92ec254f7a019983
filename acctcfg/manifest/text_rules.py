"""What single texts of a manifest may look like, each with the words of a message."""

from __future__ import annotations

from acctcfg.core.rules import TextRule

__all__ = [
    "CURRENCY",
    "DEVICE",
    "DURATION",
    "ENDPOINT",
    "JOURNAL_URL",
    "PATTERN",
    "PROXY",
    "SECRET_PATH",
    "SHARE",
    "UID",
]

UID = TextRule(r"[0-9A-Za-z]{1,40}", "the venue's id: digits or letters")
DURATION = TextRule(r"[1-9][0-9]{0,4}[smhdw]", "a duration such as 90d (s, m, h, d or w)")
CURRENCY = TextRule(r"[A-Za-z0-9]{1,30}", "a currency's code such as USDT")
PATTERN = TextRule(
    r"(?:[A-Za-z0-9*?!_.:/-]|\[[A-Za-z0-9*?!_.:/-]{1,50}\]){1,100}",
    "a name or a shell pattern such as BTC-* (*, ? and [...])",
)
SHARE = TextRule(r"(?:100(?:\.0{1,9})?|[0-9]{1,2}(?:\.[0-9]{1,9})?)%", "a number of accounts, or a share such as 50%")
SECRET_PATH = TextRule(
    r"[A-Za-z0-9][A-Za-z0-9_.-]*(?:/[A-Za-z0-9][A-Za-z0-9_.-]*)*", "a path in the store, such as desk/mmdesk01/trading"
)
PROXY = TextRule(
    r"http://[^\s/?#@]+:[0-9]{1,5}/?", "http://host:port, such as http://127.0.0.1:3128 (a login goes into HTTPS_PROXY)"
)
DEVICE = TextRule(r"[!-~]{1,200}", "the id of a device, without blanks")
ENDPOINT = TextRule(r"(?:GET|POST|PUT|DELETE) /[^\s?#]+", "a method and a path, such as GET /api/v5/account/config")
JOURNAL_URL = TextRule(r"postgres(?:ql)?://[!-~]*", "postgresql://user@host:port/database")
