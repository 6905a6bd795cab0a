"""A million damaged frames: whatever is accepted is exactly what was sent."""

from __future__ import annotations

import random
import time

import wire

FRAMES = 1_000_000
BATCH = 100  # frames fed at once, as a busy port does


def originals(count: int, chance: random.Random) -> list[bytes]:
    """Payloads of data messages as the board makes them, all signals."""
    payloads = []
    for index in range(count):
        number, *_, kind, width = wire.SIGNALS[index % len(wire.SIGNALS)]
        low, high = (0, 1 << 18) if kind == "u24" else (-2000, 2000)
        samples = tuple(chance.randrange(low, high) for _ in range(chance.randint(1, 4) * width))
        payloads.append(wire.pack("data", number, 0, 0, index, index * 10_000, samples))
    return payloads


def damaged(frame: bytes, chance: random.Random) -> bytes:
    """One of: bits flipped, bytes inserted, deleted, a piece doubled, the end cut off."""
    kind = int(chance.random() * 5)
    at = int(chance.random() * len(frame))
    span = 1 + int(chance.random() * 4)
    if kind == 0:
        bits = chance.getrandbits(8) or 1
        return frame[:at] + bytes((frame[at] ^ bits,)) + frame[at + 1 :]
    if kind == 1:
        return frame[:at] + chance.randbytes(span) + frame[at:]
    if kind == 2:
        return frame[:at] + frame[at + span :]
    if kind == 3:
        return frame[: at + span] + frame[at:]
    return frame[:at]


def test_a_million_damaged_frames_yield_no_wrong_sample() -> None:
    chance = random.Random(20261121)
    sent = originals(4000, chance)
    truth = set(sent)
    frames = [wire.encode_frame(payload) for payload in sent]
    decoder = wire.FrameDecoder()
    began = time.perf_counter()
    whole = wrong = 0
    for _ in range(FRAMES // BATCH):
        stream = b"".join([damaged(frame, chance) for frame in chance.choices(frames, k=BATCH)])
        for payload in decoder.feed(stream):
            if payload in truth:
                whole += 1
            else:
                wrong += 1
    seconds = time.perf_counter() - began
    print(f"{FRAMES} damaged frames in {seconds:.1f} s: {decoder.bad_frames} refused, {whole} whole, {wrong} wrong")
    assert wrong == 0
    assert decoder.bad_frames > FRAMES // 2
    assert decoder.feed(b"\0" + frames[0]) == [sent[0]]
