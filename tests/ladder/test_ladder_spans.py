"""Spans for OpenTelemetry: a collector that is named gets them, and is in nobody's way."""

from __future__ import annotations

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Self

import pytest
from desk import Desk
from ladder_parts import KEY
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from acctcfg.render import spans

MODES = {"api_keys": KEY, "account_mode": "multi_currency"}


class Collector:
    """A collector on loopback that keeps what it is sent."""

    def __init__(self, status: int = 200) -> None:
        self.names: list[str] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if status == 200:
                    found = ExportTraceServiceRequest.FromString(body).resource_spans
                    collector.names += [span.name for some in found for one in some.scope_spans for span in one.spans]
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    @property
    def url(self) -> str:
        """As OTEL_EXPORTER_OTLP_ENDPOINT has it."""
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk without any variable of OpenTelemetry but the test's own."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(spans, "PATIENCE_S", 2.0)
    return desk.write({"mmdesk01": MODES})


def test_a_collector_gets_the_run(alone: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run, its phases and its steps, by the end of the command."""
    with Collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        said = alone.apply()
    assert (said.code, said.err) == (0, "")
    steps = ["create account", "create api_keys", "change account_mode"]
    phases = ["reading accounts", "asking what stands in the way", "applying"]
    assert sorted(collector.names) == sorted(["acctcfg apply", *phases, *steps])


@pytest.mark.sample(2)
@pytest.mark.parametrize("trouble", ["refuses", "is not there", "speaks another protocol"])
def test_a_collector_in_trouble_changes_nothing(alone: Desk, monkeypatch: pytest.MonkeyPatch, trouble: str) -> None:
    """One note on stderr, and the exit status is the command's own."""
    with Collector(400) as collector:
        url = collector.url if trouble == "refuses" else "http://127.0.0.1:1"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        if trouble == "speaks another protocol":
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        said = alone.plan("--detailed-exitcode")
    assert said.code == 2
    words = "no spans are sent: acctcfg speaks" if "protocol" in trouble else "not all spans were sent"
    assert said.err.startswith(f"note: {words}")
    assert said.err.count("\n") == 1


def test_without_the_packages_nothing_is_said(alone: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables may be there for other programs; without `acctcfg[otel]` they mean nothing."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    said = alone.plan()
    assert (said.code, said.err) == (0, "")
