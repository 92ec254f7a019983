"""A plan as a comment under a pull request, and in the forms that other programs read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from plan_samples import desk_plan_of_the_manual, step_of

from acctcfg.core.plan import Plan, Precheck, Scope, Unread, VenueReport, Warning_
from acctcfg.core.scope import Reverts
from acctcfg.core.state import AccountValue
from acctcfg.render.gitlab import plan_report
from acctcfg.render.markdown import LARGEST, MARKER, plan_markdown

BLOCKED = Precheck("no_open_positions", "fail", "BTC-USDT-SWAP 3 (cross)")
LEFT_OUT = re.compile(r"\*\*(\d+) more accounts with (\d+) steps are left out here; the totals count them\.\*\*")


def test_the_manuals_plan() -> None:
    """Marker with the digest, totals, how to apply it, what is blocked, then the accounts, folded."""
    plan = desk_plan_of_the_manual()
    page = plan_markdown(plan)
    assert page.startswith(f"{MARKER}{plan.digest} -->\n### Plan: 2 to create, 3 to change, 0 to delete, 1 blocked.\n")
    assert f"\n`acctcfg apply --expect {plan.digest}`\n" in page
    assert page.endswith("""
**Blocked:**

```text
  ~ mmdesk02
    ~ position_mode  net -> long_short                                             BLOCKED
        x no open positions  BTC-USDT-SWAP 3 (cross), ETH-USDT-SWAP -1 (isolated)
        v no pending orders
```

**Venues:**

```text
  desk · okx_dma_broker · demo                         2 accounts read · 14 requests · 1.1 s
```

<details>
<summary><code>mmdesk02</code>: <b>1 BLOCKED</b></summary>

```text
  ~ mmdesk02
    ~ position_mode  net -> long_short                                             BLOCKED
        x no open positions  BTC-USDT-SWAP 3 (cross), ETH-USDT-SWAP -1 (isolated)
        v no pending orders
```

</details>

<details>
<summary><code>mmdesk01</code>: 2 to create, 3 to change</summary>

```text
  + mmdesk01                         new sub-account, label "MMdesk01"
    + api_keys[trading]              read, trade · 203.0.113.7 · secret to vault:desk/mmdesk01/trading
    ~ account_mode                   spot -> multi_currency
    ~ position_mode                  (known after create) -> net
    ~ leverage[swap/BTC-USDT/cross]  (known after create) -> 10
```

</details>""")


def test_match_is_said_of_everything_alone() -> None:
    """A plan without steps names nothing to apply."""
    page = plan_markdown(Plan(steps=(), scope=Scope(whole=True)))
    assert page.splitlines()[1] == "### No changes. Live accounts match the manifest."
    assert "--expect" not in page
    assert "`Only @team was looked at.`" in plan_markdown(Plan(steps=(), scope=Scope(targets=("@team",))))


def test_how_it_is_applied() -> None:
    """With the options that are part of its digest; a revert is applied by its file."""
    step = step_of("desk01", "position_mode", before="net", after="long_short")
    plan = Plan(steps=(step,), scope=Scope(targets=("desk*",), excludes=("desk02",)), replace=("desk01.api_keys[k]",))
    options = "--target 'desk*' --exclude desk02 --replace 'desk01.api_keys[k]'"
    assert f"\n`acctcfg apply --expect {plan.digest} {options}`\n" in plan_markdown(plan)
    many = replace(plan, scope=Scope(targets=tuple(f"desk{number:03}" for number in range(100))))
    assert f"\n`acctcfg apply --expect {many.digest}, with the options that the plan had`\n" in plan_markdown(many)
    undo = Reverts(run="7f3a", at="2026-01-01T00:00:00Z", actor="ops", command="apply", with_deletes=False)
    page = plan_markdown(replace(plan, reverts=undo))
    assert "apply --expect" not in page
    assert "`Back to the state before run 7f3a (apply of ops, 2026-01-01 00:00:00 UTC):`" in page


def test_what_blocks_every_step_is_told_once() -> None:
    """A limit over the whole plan stands above the accounts, not in each of them."""
    breach = Precheck("guardrail:max_deletes", "fail", "3 would be deleted")
    steps = [step_of(name, "position_mode", before="net", after="long_short", checks=[breach]) for name in "ab"]
    page = plan_markdown(Plan(steps=tuple(steps)))
    assert page.count("3 would be deleted") == 1
    assert "**The whole plan is blocked:**" in page


@settings(max_examples=5, deadline=None)
@given(
    st.sampled_from([0, 3, 150]),
    st.integers(1, 2),
    st.sampled_from([0, 1, 200]),
    st.sampled_from(["", "ü" * 500, "\U0001f600" * 300, "\x1b" * 100]),
    st.integers(0, 2),
)
def test_it_fits_a_comment_and_its_totals_are_right(few: int, each: int, long: int, text: str, noise: int) -> None:
    """Whatever the plan: below the limit, and what is shown and what is left out make up the totals."""
    steps = [
        step_of(
            f"desk{number}{text}", "leverage", str(key), before="1", after=text, checks=[BLOCKED] * (number % 3 == 0)
        )
        for number in range(few)
        for key in range(each)
    ]
    steps += [step_of("long", "leverage", str(key), before="1", after=text) for key in range(long)]
    notices = [(f"a{number}", "x", f"{number}{text}") for number in range(noise * 50)]
    plan = Plan(
        steps=tuple(steps),
        warnings=tuple(Warning_(*one) for one in notices),
        unreadable=tuple(Unread(*one) for one in notices),
        reports=tuple(VenueReport(f"{number}{text}", "t", "demo", 1, 1, 1.0) for number in range(noise * 20)),
        scope=Scope(targets=tuple(address for address, _, _ in notices)),
    )
    page = plan_markdown(plan)
    assert len(page.encode()) < 65_536
    assert page.splitlines()[1] == f"### {plan.conclusion[0]}"
    left = LEFT_OUT.search(page)
    assert page.count("<details>") + int(left[1] if left else 0) == plan.summary["accounts"]
    assert page.count("<details>") == page.count("</details>")
    assert page.count("```") % 2 == 0
    assert len(page.encode()) <= LARGEST + 3000


EVIL = st.text() | st.sampled_from(
    ["```\n</details><script>", "`|@admin #1 [x](y)\n::error::", "--> <img src=x>", "</code>"]
)


@settings(max_examples=20, deadline=None)
@given(EVIL, EVIL)
def test_no_name_of_a_venue_steers_its_reader(name: str, message: str) -> None:
    """Outside of fences and code spans there is not a character that somebody else wrote."""
    step = step_of(name, "label", message, before=name, after=message, checks=[replace(BLOCKED, detail=message)])
    made = step_of(name, action="create", after=AccountValue(name, message))
    plan = Plan(
        steps=(made, step),
        warnings=(Warning_(name, "unknown_key", message),),
        unreadable=(Unread(name, "x", message),),
        scope=Scope(targets=(name,)),
        reports=(VenueReport("desk", "okx", "demo", 1, 1, 1.0, uid=name),),
    )
    ours = re.compile(r"[-A-Za-z0-9 ,.:*#!<>/]*")
    for line in _outside(plan_markdown(plan)):
        bare = re.sub(r"<code>[^<]*</code>", "", line)
        assert ours.fullmatch(bare), line
        assert "@" not in bare


def _outside(page: str) -> Iterator[str]:
    """The lines that are no code."""
    fenced = False
    for line in page.split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and not re.fullmatch(r"`[^`]+`", line):
            yield line
    assert not fenced


def test_gitlab_reads_the_counts() -> None:
    """A replacement is one of each, a blocked step none."""
    assert json.loads(plan_report(desk_plan_of_the_manual())) == {"create": 2, "update": 3, "delete": 0}
    replaced = step_of("a", "api_keys", "k", action="replace")
    assert json.loads(plan_report(Plan(steps=(replaced,)))) == {"create": 1, "update": 0, "delete": 1}
