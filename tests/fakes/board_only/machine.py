"""`machine` with just the Timer that the sampler makes; it never fires, the test calls `tick` itself."""


class Timer:
    PERIODIC = 1

    def __init__(self, *args, **options) -> None:
        pass
