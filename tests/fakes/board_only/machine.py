"""`machine` with what the sampler and the launcher make; nothing fires, the test calls `tick` itself."""


class Timer:
    PERIODIC = 1

    def __init__(self, *args, **options) -> None:
        pass


class Pin:
    OUT = 0

    def __init__(self, *args, **options) -> None:
        self.level = -1

    def value(self, level) -> None:
        self.level = level
