"""A slow page loses frames, which are counted, and nobody else does."""

from __future__ import annotations

import asyncio

from somatone.sinks.page.audience import MOST_WATCHERS, QUEUE, Audience, Watcher


def _joined(audience: Audience) -> Watcher:
    watcher = audience.join(b"whole")
    assert watcher
    return watcher


def test_a_slow_page_loses_the_oldest_and_a_quick_one_nothing() -> None:
    async def watch() -> None:
        audience = Audience()
        slow, quick = _joined(audience), _joined(audience)
        heard = [await quick.next()]
        for number in range(100):
            audience.tell(b"%d" % number)
            heard.append(await quick.next())
        assert heard == [b"whole", *(b"%d" % number for number in range(100))]
        assert [await slow.next() for _ in range(QUEUE)] == [b"%d" % number for number in range(100 - QUEUE, 100)]
        assert (quick.lost, slow.lost, audience.lost) == (0, 101 - QUEUE, 101 - QUEUE)
        audience.leave(slow)
        assert (len(audience), audience.lost) == (1, 101 - QUEUE)

    asyncio.run(watch())


def test_there_are_never_too_many() -> None:
    audience = Audience()
    assert all(audience.join(b"") for _ in range(MOST_WATCHERS))
    assert audience.join(b"") is None
