"""Lines for a reader who may be slow: nobody who writes them waits for him."""

from __future__ import annotations

import threading

from acctcfg.render.line_writer import LineWriter


def test_a_reader_that_does_not_keep_up_is_left_behind() -> None:
    """With so many lines waiting no more are taken, writing and the end return at once, and the reason is kept."""
    stuck = threading.Event()
    writer = LineWriter(lambda _: stuck.wait(30), most=3)
    for number in range(10):
        writer.write(str(number))
    writer.close(patience_s=0.0)
    assert writer.lost == "its reader does not keep up"
    stuck.set()


def test_all_lines_are_written_before_the_end() -> None:
    """In their order."""
    written = list[str]()
    writer = LineWriter(written.append)
    for number in range(1000):
        writer.write(str(number))
    writer.close()
    assert "".join(written).split() == [str(number) for number in range(1000)]
    assert writer.lost == ""


def test_a_disk_that_is_full_is_told_and_ends_it() -> None:
    """The first error is kept, and nothing more is tried."""

    def full(text: str) -> None:
        raise OSError(28, "No space left on device")

    writer = LineWriter(full)
    writer.write("one")
    writer.close()
    assert writer.lost == "No space left on device"
