"""CPU seconds of an octoDNS plan without changes, for each record: both sides are YAML files, and in memory already.

Argument: how many records. Reading the files is not timed, on either side of the comparison.
"""

import logging
import sys
import tempfile
import time
from pathlib import Path

from octodns.provider.yaml import YamlProvider
from octodns.zone import Zone

logging.disable(logging.CRITICAL)


class InMemory(YamlProvider):
    """The file provider, whose answer has come."""

    found: Zone

    def populate(self, zone, target=False, lenient=False):  # noqa: ARG002
        """Hand over what was read before."""
        for record in self.found.records:
            zone.add_record(record, lenient=True)
        return True


def main(count: int) -> None:
    """Print it, the best of five."""
    with tempfile.TemporaryDirectory() as name:
        rows = (f"host{n:06d}:\n  ttl: 300\n  type: A\n  value: 192.0.2.{n % 250 + 1}\n" for n in range(count))
        (Path(name) / "example.com.yaml").write_text("---\n" + "".join(rows))
        file = YamlProvider("file", name)
        desired, live = Zone("example.com.", []), Zone("example.com.", [])
        file.populate(desired, lenient=True)
        file.populate(live, lenient=True)
        target = InMemory("target", name)
    target.found = live
    took = []
    for _ in range(5):
        begun = time.process_time()
        plan = target.plan(desired)
        took.append(time.process_time() - begun)
        if plan is not None:
            raise SystemExit("octoDNS finds changes")
    print(min(took) / count)


main(int(sys.argv[1]))
