"""The files of a starter workspace, as `acctcfg init` writes them."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["starter_files"]

ROOT = """\
# yaml-language-server: $schema=manifest.schema.json
#
# How the accounts should be. `acctcfg plan` shows the difference to how they are, `acctcfg apply` removes it.
version: 1
include: [accounts/*.yaml]

venues:
  desk:                              # a connection: one API key of one venue user
    type: okx_dma_broker
    environment: demo                # the venue's demo trading; leave out for live
    base_url: http://127.0.0.1:8700  # `acctcfg sandbox`; leave out to talk to the venue itself
    credentials: {env: OKX_DESK}     # OKX_DESK_API_KEY, OKX_DESK_SECRET_KEY, OKX_DESK_PASSPHRASE
    # uid: "1234"                    # whose credentials these must be (`plan` shows it): nobody else's are used
    egress: [127.0.0.1]              # the addresses that acctcfg calls from: keys are bound to addresses

secret_stores:
  vault:                                     # new API secrets go here before anything else happens
    type: age_file
    path: secrets/                           # one encrypted file a secret; safe to commit
    recipients: [@RECIPIENT@]  # add a second that is kept elsewhere, then `acctcfg secrets reencrypt`
    identity: {file: .acctcfg/identity.txt}  # reads them: keep a copy in a safe place, never commit it

guardrails:                   # checked on every plan; a breach blocks the step
  max_leverage: 20
  require_ip_allowlist: true  # for keys that trade
  max_deletes: 0              # deletes and replacements in one apply

profiles:
  market_maker:                   # what accounts have in common
    account_mode: multi_currency  # spot | futures | multi_currency | portfolio
    position_mode: net            # net | long_short
    leverage:
      - {market: swap, family: "*-USDT", margin: cross, value: 3}
      - {market: swap, family: BTC-USDT, margin: cross, value: 10}  # the more specific entry wins
"""

ACCOUNT = """\
# yaml-language-server: $schema=../manifest.schema.json
accounts:
  mmdesk01:                        # the sub-account's name at the venue
    venue: desk
    profile: market_maker
    label: MMdesk01
    api_keys:
      trading:                     # the key's label at the venue
        permissions: [read, trade]
        ip_allowlist: [127.0.0.1]  # where it may be used from; the sandbox is called from here
        store: vault               # its secret goes to vault:desk/mmdesk01/trading
    deposit:
      credit_to: trading           # funding | trading
      addresses:
        - {currency: USDT, chain: USDT-TRC20, count: 1}
"""

IGNORE = """\
# acctcfg: the journal of this machine, and the identity that opens the secrets
.acctcfg/
"""


def starter_files(recipient: str, schema: str) -> Mapping[str, str]:
    """Text by path; `recipient` is the public half of the identity that will open the secrets."""
    return {
        "acctcfg.yaml": ROOT.replace("@RECIPIENT@", recipient),
        "accounts/mmdesk01.yaml": ACCOUNT,
        "manifest.schema.json": schema,
        ".gitignore": IGNORE,
    }
