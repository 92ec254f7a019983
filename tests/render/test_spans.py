"""OpenTelemetry: a run is a trace, phases and steps are its spans."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from plan_samples import desk_plan_of_the_manual

from acctcfg.core.events import StepDone, StepStart
from acctcfg.core.outcome import StepResult
from acctcfg.core.untold import keep_untold
from acctcfg.render.spans import Spans, wants_spans

SECRET = "canary-of-a-secret-key-1"


@pytest.fixture
def memory() -> Iterator[tuple[TracerProvider, InMemorySpanExporter]]:
    """A provider that keeps its spans."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider, exporter
    provider.shutdown()


def test_a_run_is_a_trace(memory: tuple[TracerProvider, InMemorySpanExporter]) -> None:
    """Phases are below the run, steps below their phase, and what went wrong is an error without a secret in it."""
    provider, exporter = memory
    keep_untold(SECRET)
    good, bad = desk_plan_of_the_manual().steps[:2]
    told = Spans(provider, "apply")
    told.phase("reading accounts", 2)
    told.phase("applying", 2)
    for step in (good, bad):
        told.happened(StepStart(step))
    told.happened(StepDone(StepResult(good, "done")))
    told.happened(StepDone(StepResult(bad, "failed", f"the venue said {SECRET}")))
    told.conclude(1, {"run": "r1", "text": "Applied: 1 created"})
    assert told.close() == ""
    found = {span.name: span for span in exporter.get_finished_spans()}
    root, applying = found["acctcfg apply"], found["applying"]
    assert root.parent is None
    assert {found[name].parent.span_id for name in ("reading accounts", "applying")} == {root.context.span_id}
    steps = [span for span in exporter.get_finished_spans() if "acctcfg.address" in (span.attributes or {})]
    assert {span.parent.span_id for span in steps} == {applying.context.span_id}
    assert [span.attributes["acctcfg.status"] for span in steps] == ["done", "failed"]
    assert [span.status.is_ok for span in (*steps, root)] == [True, False, False]
    assert steps[1].status.description == "the venue said ***"
    assert root.attributes == {"acctcfg.exit_code": 1, "acctcfg.run": "r1"}
    assert len({span.context.trace_id for span in exporter.get_finished_spans()}) == 1


def test_each_look_is_a_trace_of_its_own(memory: tuple[TracerProvider, InMemorySpanExporter]) -> None:
    """A process that watches for weeks makes no trace without an end; a job's own trace is their parent."""
    provider, exporter = memory
    told = Spans(provider, "watch", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    for _ in range(2):
        told.phase("reading accounts", 1)
        told.conclude(2, {})
    told.conclude(130, {})
    roots = [span for span in exporter.get_finished_spans() if span.name == "acctcfg watch"]
    assert len(roots) == 2
    assert {f"{span.parent.span_id:x}" for span in roots} == {"b7ad6b7169203331"}
    assert {span.status.is_ok for span in roots} == {True}


@pytest.mark.parametrize(
    ("variables", "wants"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "desk"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, False),
    ],
)
def test_only_variables_ask_for_spans(variables: dict[str, str], wants: bool) -> None:
    """Those that name a collector, unless others switch it off."""
    assert wants_spans(variables) is wants
