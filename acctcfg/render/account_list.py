"""Accounts on a page, with filters by name and status: what the pages of a plan and of a run have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from acctcfg.render.folded import MANY
from acctcfg.render.web import html, table_row

__all__ = ["SCRIPT", "STYLE", "Group", "account_list", "chips"]

STYLE: Final = (
    "h1{margin:0 0 .5rem}h2{margin:1.6rem 0 .5rem;font-size:1.15rem}"
    ".totals strong{display:inline-block;margin:0 .5rem .5rem 0;padding:.2rem .7rem;border:1px solid #888;"
    "border-radius:9px}.facts{opacity:.8;font-size:.9rem;overflow-wrap:anywhere}"
    "form{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;position:sticky;top:0;background:Canvas;"
    "padding:.6rem 0;z-index:1}input,select,button{font:inherit;padding:.3rem .5rem;max-width:100%}"
    "details{border-top:1px solid #8885;content-visibility:auto;contain-intrinsic-size:auto 2.2rem}"
    "summary strong{font-weight:600}summary span{opacity:.8;margin-left:.6rem}summary .bad{opacity:1}"
    "[hidden]{display:none!important}"
    "@media(max-width:40rem){body{margin:1rem auto}thead{display:none}tr{display:block;padding:.4rem 0;"
    "border-bottom:1px solid #8885}td,td:first-child{display:block;width:auto;border:0;padding:.1rem 0}}"
    "@media print{form{display:none!important}body{margin:0;max-width:none}details{content-visibility:visible}}"
)
SCRIPT: Final = """
(() => {
  const one = (id) => document.getElementById(id);
  const all = [...document.querySelectorAll("details")];
  const filter = () => {
    const name = one("name").value.trim().toLowerCase(), status = one("status").value;
    let number = 0;
    for (const account of all) {
      const fits = account.dataset.name.toLowerCase().includes(name)
        && (!status || account.dataset.status.split(" ").includes(status));
      account.hidden = !fits;
      number += fits;
    }
    one("shown").textContent = `${number} of ${all.length} accounts`;
  };
  const open = (yes) => all.forEach((account) => { account.open = yes && !account.hidden; });
  one("name").addEventListener("input", filter);
  one("status").addEventListener("change", filter);
  one("open").addEventListener("click", () => open(true));
  one("close").addEventListener("click", () => open(false));
  one("filters").addEventListener("submit", (event) => event.preventDefault());
  let before = [];
  addEventListener("beforeprint", () => { before = all.map((account) => account.open); open(true); });
  addEventListener("afterprint", () => all.forEach((account, number) => { account.open = before[number]; }));
  one("filters").hidden = false;
  filter();
})();
"""


class Group(NamedTuple):
    """One account. `told` and `rows` are HTML, of which every word that is not ours went through `html`."""

    name: str
    venue: str
    status: Sequence[str]  # words to filter by
    told: str  # beside its name
    rows: str
    urgent: bool  # open, however many there are


def chips(counts: Iterable[tuple[int, str, bool]]) -> str:
    """Totals: a number, its word, and whether there should be none."""
    told = (
        f"<strong{' class=bad' * (bad and bool(number))}>{number} {html(word)}</strong>" for number, word, bad in counts
    )
    return f"<p class=totals>{''.join(told)}</p>"


def account_list(groups: Sequence[Group], head: Sequence[str], statuses: Iterable[str]) -> str:
    """The filters, which show themselves only where they work, and the accounts; few of them are open at once."""
    options = "".join(f'<option value="{html(one)}">{html(one.replace("_", " "))}</option>' for one in statuses)
    few = len(groups) <= MANY
    return (
        "<h2>Accounts</h2><form id=filters hidden><input id=name type=search placeholder=Account aria-label=Account>"
        f'<select id=status aria-label=Status><option value="">every status</option>{options}</select>'
        "<button id=open type=button>Open all</button><button id=close type=button>Close all</button>"
        "<output id=shown></output></form>\n"
        + "\n".join(_account(one, head, unfolded=few or one.urgent) for one in groups)
    )


def _account(group: Group, head: Sequence[str], *, unfolded: bool) -> str:
    return (
        f'<details data-name="{html(group.name)}" data-status="{html(" ".join(group.status))}"{" open" * unfolded}>'
        f"<summary><strong>{html(group.name)}</strong><span>{html(group.venue)}</span>{group.told}</summary>"
        f"<table><thead>{table_row('th', head)}</thead><tbody>{group.rows}</tbody></table></details>"
    )
