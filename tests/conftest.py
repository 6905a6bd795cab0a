"""For all tests: nobody's kept state reaches them, and those that listen in real time have the machine for themselves.

`make test` runs the others two at a time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("shared machine", deadline=None)  # a time is never asserted in a test
settings.load_profile("shared machine")

ALONE = (
    "tests/live/",
    "tests/faults/",
    "tests/sound/test_sound_devices.py",
    "tests/live_set/test_real_time.py",
    "tests/osc/test_real_peers.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(place in item.path.as_posix() for place in ALONE):
            item.add_marker(pytest.mark.alone)


@pytest.fixture(scope="session", autouse=True)
def _nobodys_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    yield
    if before is None:
        del os.environ["XDG_STATE_HOME"]
    else:
        os.environ["XDG_STATE_HOME"] = before
