"""The pages of a plan and of a run in a real browser."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from patience import PATIENCE_S
from plan_samples import step_of
from run_samples import run_of, step_done

from acctcfg.core.address import Address
from acctcfg.core.plan import Plan, Precheck, Warning_
from acctcfg.core.scope import StoreReport
from acctcfg.render.plan_page import plan_page
from acctcfg.render.run_page import run_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
BLOCKED = Precheck("no_open_positions", "fail", "BTC-USDT-SWAP 3 (cross)")
TOLD = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_filters_work_in_a_browser(tmp_path: Path) -> None:
    """300 accounts open without a word on the console, and are found by name and by status."""
    file = tmp_path / "plan.html"
    file.write_text(plan_page(plan_of_300()), encoding="utf-8")
    with browser(tmp_path / "profile") as address:
        shown, told = asyncio.run(driven(address, file.as_uri()))
    assert shown == ["300 of 300 accounts", "10 of 300 accounts", "1 of 300 accounts", "30 of 300 accounts"]
    assert told == []


LONG = "x" * 170
OUTSIDE = (
    "(() => { const width = document.documentElement.clientWidth;"
    "document.querySelectorAll('details').forEach((one) => { one.open = true; });"
    "const far = [...document.querySelectorAll('td,pre,p,h2,summary,form *')]"
    ".filter((one) => one.getBoundingClientRect().right > width + 1 || one.scrollWidth > one.clientWidth + 1);"
    "const thin = [...document.querySelectorAll('td')].filter((one) => one.getBoundingClientRect().width < 60);"
    "return [document.documentElement.scrollWidth > width, far.length, thin.length].join(); })()"
)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("width", [1280, 700, 390])
def test_a_long_name_hides_nothing(tmp_path: Path, width: int) -> None:
    """On a desk, a tablet and a phone: every cell of every table lies in the window, and so does the page."""
    label = f"api_keys[{LONG}]"
    steps = (
        step_of("a", "leverage", before="3", after="5", checks=[BLOCKED]),
        step_of("a", label, before=LONG, after="b"),
    )
    warned = Warning_(f"a.{label}", "unknown_key", LONG)
    store = StoreReport(store="vault", type="age_file", path=f"secrets/{LONG}", recipients=(LONG,))
    plan = Plan(steps=steps, warnings=(warned,), stores=(store,))
    run = run_of(step_done("a.leverage"), step_done(f"a.{label}", status="failed", message=LONG), actor=LONG)
    for name, text in (("plan", plan_page(plan)), ("run", run_page(run))):
        file = tmp_path / f"{name}.html"
        file.write_text(text, encoding="utf-8")
        with browser(tmp_path / f"profile-{name}") as address:
            assert asyncio.run(measured(address, file.as_uri(), width)) == "false,0,0", name


def plan_of_300() -> Plan:
    """Three steps an account; every tenth account is blocked."""
    steps = []
    for name in (f"desk{number:03}" for number in range(300)):
        for before, field in (("", "account_mode"), ("account_mode", "position_mode"), ("position_mode", "leverage")):
            checks = [BLOCKED] if name.endswith("0") and field == "leverage" else []
            waits = (Address(name, before),) if before else ()
            steps.append(step_of(name, field, before="a", after="b", depends_on=waits, checks=checks))
    return Plan(steps=tuple(steps))


@contextmanager
def browser(profile: Path) -> Iterator[str]:
    """Where a headless Chromium takes orders."""
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={profile}")
    with subprocess.Popen([CHROMIUM or "", *options, "about:blank"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            line = next(line for line in process.stderr if "DevTools listening" in line)
            yield line.rpartition("ws://")[2].partition("/")[0]
        finally:
            process.kill()


class Tab:
    """A tab that is driven: `told` is what its console says on the way."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket, self.number, self.told = socket, 0, list[Any]()

    async def ask(self, method: str, until: str = "", **more: Any) -> dict[str, Any]:
        """An order, and its answer; `until`: wait for this event."""
        self.number += 1
        await self.socket.send_json({"id": self.number, "method": method, "params": more})
        while True:
            said = await self.socket.receive_json(timeout=PATIENCE_S)
            if said.get("method") in TOLD:
                self.told.append(said["params"])
            if said.get("method") == until or (not until and said.get("id") == self.number):
                result: dict[str, Any] = said.get("result", {})
                return result

    async def value(self, expression: str) -> str:
        """What a line of script gives."""
        answer = await self.ask("Runtime.evaluate", expression=expression)
        return str(answer["result"]["value"])


@asynccontextmanager
async def opened(address: str, url: str, **size: Any) -> AsyncIterator[Tab]:
    """A tab with a page in it."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://{address}/json/list") as answer:
            target = (await answer.json())[0]["webSocketDebuggerUrl"]
        async with session.ws_connect(target, max_msg_size=0) as socket:
            tab = Tab(socket)
            for domain in ("Runtime", "Log", "Page"):
                await tab.ask(f"{domain}.enable")
            if size:
                await tab.ask("Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=1, mobile=False)
            await tab.ask("Page.navigate", until="Page.loadEventFired", url=url)
            yield tab


async def driven(address: str, url: str) -> tuple[list[str], list[Any]]:
    """What the count says after each change of the filters, and what the console was told."""
    async with opened(address, url) as tab:
        typed = (("", ""), ("K00", ""), ("desk00", "blocked"), ("", "blocked"))
        return [await tab.value(typing(*one)) for one in typed], tab.told


async def measured(address: str, url: str, width: int) -> str:
    """Whether the page is wider than the window, how many parts of it lie outside, and how many cells are slits."""
    async with opened(address, url, width=width, height=900) as tab:
        return await tab.value(OUTSIDE)


def typing(name: str, status: str) -> str:
    """What a person does in the filters, and reads beside them."""
    return (
        f"(() => {{ const by = (id) => document.getElementById(id);"
        f"by('name').value = '{name}'; by('name').dispatchEvent(new Event('input'));"
        f"by('status').value = '{status}'; by('status').dispatchEvent(new Event('change'));"
        "return by('shown').textContent; })()"
    )
