"""The Live sink over real sockets, against the stand-in's ten readings a second: found, moved, reordered, restarted."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from fakes.ableton import FakeLive, Track
from live_set.example import example_piece, example_song
from osc.receiver import free_port
from somatone.pieces.outside import LIVE, LIVE_CLIPS
from somatone.records import Control, Note
from somatone.sinks.live.sink import LiveSink

FILTER = "Breath/Auto Filter/Frequency"


def within(seconds: float, what: Callable[[], bool]) -> bool:
    end_s = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end_s:
            return False
        time.sleep(0.02)
    return True


def test_live_is_moved_reordered_and_restarted(tmp_path: Path) -> None:
    port, reply_port = free_port(), free_port()
    news: list[tuple[str, str]] = []
    sink = LiveSink(example_piece(tmp_path).outside, lambda *said: news.append(said), time.monotonic, port, reply_port)
    sink.start()
    sink.put(Control(LIVE, FILTER, 0.5, 0.0))

    def filter_at(value: float) -> bool:
        with live.lock:
            return bool(
                abs(live.song.track("Breath").device("Auto Filter").parameter("Frequency").value - value) < 0.01
            )

    def stroke_found() -> bool:
        """Whether the sink knows where the clip is now."""
        with live.lock:
            heart = live.song.tracks.index(live.song.track("Heart"))
        launch = sink.live.set.outside.clips["clip Heart/stroke"]
        return sink.live.set.place(launch) == ("/live/clip/fire", (heart, 1))

    try:
        with FakeLive(example_song, port, reply_port) as live:
            assert within(4.0, lambda: filter_at(77.5))
            with live.lock:
                live.song.tracks.reverse()
                live.song.tracks.insert(0, Track("New"))
            assert within(4.0, stroke_found)  # a launch is sent once: not before Live was asked where the clip is now
            sink.put(Control(LIVE, FILTER, 1.0, 0.0))
            sink.put(Note(LIVE_CLIPS, 0.0, {"clip Heart/stroke": 1.0}))
            assert within(2.0, lambda: filter_at(135.0))
            assert within(2.0, lambda: live.song.fired == [("clip", "Heart", "stroke")])
            live.stop()
            time.sleep(2.0)
            live.start()
            assert within(2.0, lambda: filter_at(135.0))
            live.silent = True  # a dialogue is open
            time.sleep(2.0)
            sink.put(Control(LIVE, FILTER, 0.0, 0.0))
            live.silent = False
            assert within(2.0, lambda: filter_at(20.0))
    finally:
        sink.close()
    assert (sink.errors, sink.live.ignored) == (0, 0)
    assert [value for value, _ in news].count("lost") in (2, 3)  # at the start it may not have been waited for
    assert news[-1] == ("running", "Ableton Live answers.")


def test_a_taken_reply_port_is_one_sentence(tmp_path: Path) -> None:
    import socket  # noqa: PLC0415

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        news: list[str] = []
        sink = LiveSink(
            example_piece(tmp_path).outside, lambda value, said: news.append(said), time.monotonic, free_port(), taken
        )
        sink.start()
        assert within(2.0, lambda: bool(news))
        sink.close()
    assert len(news) == 1
    assert f"its answers come to UDP port {taken} of this machine, which must be free" in news[0]
