"""OpenTelemetry: a run is a trace, its phases and steps are spans. Nothing is imported unless `OTEL_*` asks for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from acctcfg import __version__
from acctcfg.core.events import Event, StepDone, StepStart
from acctcfg.core.untold import untold

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

__all__ = ["Spans", "collector_of", "wants_spans"]

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
SPOKEN: Final = "http/protobuf"
PATIENCE_S: Final = 5.0
"""That a collector has at the end to take what is left."""
FINE: Final = (0, 2)
"""Exit statuses of commands that did what they were asked for."""


def wants_spans(environ: Mapping[str, str]) -> bool:
    """Whether the variables name a collector."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = environ.get("OTEL_TRACES_EXPORTER", "")
    return exporter == "otlp" or (not exporter and any(environ.get(name) for name in ENDPOINTS))


def collector_of(environ: Mapping[str, str]) -> TracerProvider:
    """What sends spans to the collector that the variables name. ImportError without `acctcfg[otel]`; ValueError."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    protocol = next((environ[name] for name in PROTOCOLS if environ.get(name)), SPOKEN)
    if protocol != SPOKEN:
        raise ValueError(f"acctcfg speaks {SPOKEN} to a collector, not {protocol}")
    named = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create({} if named else {"service.name": "acctcfg"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=PATIENCE_S)))
    return provider


class Spans:
    """A listener that makes spans. `parent`: the value of a `traceparent` header, of a job that runs the command."""

    def __init__(self, provider: TracerProvider, command: str, parent: str = "") -> None:
        self._provider, self._command = provider, command
        self._tracer = provider.get_tracer("acctcfg", __version__)
        self._parent = _context(parent)
        self._run: Span | None = None
        self._phase: Span | None = None
        self._steps: dict[str, Span] = {}
        self._complaints = _Complaints()

    def phase(self, text: str, total: int | None) -> None:
        """A new phase begins, and the one before it ends."""
        self._end_phase()
        self._phase = self._begin(text, self._root(), {} if total is None else {"acctcfg.total": total})

    def advance(self, n: int = 1, text: str = "") -> None:
        """No span of its own."""

    def log(self, text: str) -> None:
        """No span of its own."""

    def standing(self, text: str, things: Mapping[str, str]) -> None:
        """No span of its own: it is within a phase."""

    def alert(self, text: str) -> None:
        """No span of its own."""

    def happened(self, event: Event) -> None:
        """A step's turn, or its end."""
        match event:
            case StepStart(step):
                address = step.address
                said = {
                    "acctcfg.address": str(address),
                    "acctcfg.venue": step.venue,
                    "acctcfg.action": step.change.action,
                }
                name = f"{step.change.action} {address.field or 'account'}"
                self._steps[str(address)] = self._begin(name, self._phase or self._root(), said)
            case StepDone(result) if (span := self._steps.pop(str(result.step.address), None)) is not None:
                span.set_attribute("acctcfg.status", result.status)
                if result.status in ("failed", "unknown", "blocked"):
                    _fail(span, result.message)
                span.end()

    def conclude(self, status: int, facts: Mapping[str, object]) -> None:
        """The run is over; what comes after it (another look of `watch`) is another trace."""
        if (run := self._run) is None:
            return  # nothing was begun
        for span in self._steps.values():
            span.end()
        self._steps.clear()
        self._end_phase()
        run.set_attribute("acctcfg.exit_code", status)
        run.set_attribute("acctcfg.run", str(facts.get("run", "")))
        if status not in FINE:
            _fail(run, str(facts.get("text", "")))
        run.end()
        self._run = None

    def close(self) -> str:
        """Send what is left, in bounded time. Why not all of it was taken, or ""."""
        closing = threading.Thread(target=self._provider.shutdown, name="spans", daemon=True)
        closing.start()
        closing.join(PATIENCE_S)
        lost = closing.is_alive() or self._complaints.heard
        return "not all spans were sent: the collector did not take them" if lost else ""

    def _root(self) -> Span:
        if self._run is None:
            self._run = self._tracer.start_span(f"acctcfg {self._command}", context=self._parent)
        return self._run

    def _begin(self, name: str, under: Span, attributes: Mapping[str, str | int]) -> Span:
        from opentelemetry.trace import set_span_in_context

        shown = {key: untold(value) if isinstance(value, str) else value for key, value in attributes.items()}
        return self._tracer.start_span(untold(name), context=set_span_in_context(under), attributes=shown)

    def _end_phase(self) -> None:
        if self._phase is not None:
            self._phase.end()
            self._phase = None


class _Complaints(logging.Handler):
    """What the exporter says in its log, which nobody else is to hear: it would stand between the results."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard = False
        log = logging.getLogger("opentelemetry")
        log.propagate = False
        log.handlers = [self]

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002
        """Remember that there was trouble."""
        self.heard = True


def _context(parent: str) -> Context | None:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None


def _fail(span: Span, message: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_status(Status(StatusCode.ERROR, untold(message)))
