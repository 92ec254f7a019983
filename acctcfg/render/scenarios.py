"""Results of scenarios as text, as JSON, and as JUnit's XML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from acctcfg.core.scenario_result import Miss, ScenarioResult
from acctcfg.render.formats import Page
from acctcfg.render.harmless import harmless, json_text
from acctcfg.render.paint import Paint

__all__ = ["JUNIT_BEGINS", "junit", "results_json", "results_text"]

JUNIT_BEGINS: Final = "<?xml "
"""How each report begins, as those of other tools do."""


def results_text(results: Sequence[ScenarioResult], page: Page) -> str:
    """A line for each, what it missed below it, and the counts."""
    paint = Paint(page.color)
    lines = []
    for one in results:
        word = paint("green", "ok  ") if one.passed else paint("red", "FAIL")
        lines.append(f"{word}  {one.place.file}: {one.name}")
        lines += [f"      {miss}" for miss in one.misses]
    failed = sum(not one.passed for one in results)
    lines += ["", f"Tested: {len(results) - failed} passed, {failed} failed."]
    return "\n".join(harmless(line, styles=page.color) for line in lines)


def results_json(results: Sequence[ScenarioResult]) -> str:
    """One document: the counts, and each scenario with what it missed."""
    failed = sum(not one.passed for one in results)
    return json_text(
        {
            "format_version": "1.0",
            "summary": {"passed": len(results) - failed, "failed": failed},
            "scenarios": [
                {
                    "name": one.name,
                    "place": one.place._asdict(),
                    "passed": one.passed,
                    "seconds": round(one.seconds, 3),
                    "misses": [_miss(miss) for miss in one.misses],
                }
                for one in results
            ],
        }
    )


def _miss(miss: Miss) -> dict[str, object]:
    return {"place": miss.place._asdict(), "what": miss.what, "expected": miss.expected, "got": miss.got}


def junit(results: Iterable[ScenarioResult]) -> str:
    """A suite for each file of scenarios, as CI systems read it."""
    root = Element("testsuites")
    suites: dict[str, Element] = {}
    for one in results:
        suite = suites.get(one.place.file)
        if suite is None:
            suite = suites[one.place.file] = SubElement(root, "testsuite", name=harmless(one.place.file))
        case = SubElement(suite, "testcase", name=harmless(one.name), classname=harmless(one.place.file))
        case.set("time", f"{one.seconds:.3f}")
        if not one.passed:
            failure = SubElement(case, "failure", message=harmless(one.misses[0].told))
            failure.text = "\n".join(harmless(str(miss)) for miss in one.misses)
    for suite in suites.values():
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(sum(case.find("failure") is not None for case in suite)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"
