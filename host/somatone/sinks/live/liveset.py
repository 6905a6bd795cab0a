"""The piece's targets in Live: values wanted, where they are, what was sent and whether it arrived. A plain object.

Live is asked all the time whether its names still stand where they stood, because it never tells. It is away when it
answers nothing; when it is back, or says that it started, everything is asked and sent again. What was sent is asked
back a moment after it came to rest, and sent again where it did not arrive; where Live still has another value then, a
person holds it, and is left alone. Where answers get lost on the way, questions and values are sent in several copies.
Launches are sent once: a clip that is launched twice would begin again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from somatone.pieces.outside import LiveLaunch, LiveTarget, Outside
from somatone.sinks.live.facts import Binding, Facts, Message

STARTUP = "/live/startup"
ERROR = "/live/error"
CHECK_S = 0.5
RETRY_S = 0.1  # Live's own tick
AWAY_S = 1.5
LEAST_S = 0.05  # between two values of one parameter; Live looks at its socket ten times a second
IDLE_S = 0.25
REST_S = 0.15  # a value that has not moved for so long is asked back, as often
LOSSY, COPIES = 0.1, 3  # from this share of questions without an answer on, so many copies are sent
ASK_BACK = 4
TOLERANCE = 1e-4  # of a parameter's range: its value comes back as a float of 32 bits

News = tuple[str, str]  # value, sentence


@dataclass(slots=True)
class _Wanted:
    """One parameter: what it should be, and what is known of it."""

    target: LiveTarget
    value: float = math.nan  # place 0..1, or beats a minute
    binding: Binding | None = None
    sent: float = math.nan  # in Live's own unit
    sent_s: float = -math.inf
    asked_back: int = 0
    asked_back_s: float = -math.inf
    arrived: bool = True

    def due(self, now_s: float) -> float | None:
        """The value to send now, if there is one."""
        if self.binding is None or math.isnan(self.value) or now_s < self.sent_s + LEAST_S:
            return None
        value = self.binding.value(self.value)
        return None if value == self.sent else value

    def forget(self) -> None:
        self.sent = math.nan
        self.arrived = True


@dataclass(slots=True)
class LiveSet:
    """`set` and `fire` what the piece wants, `hear` what Live says, send what is `due`, tell a person the `news`."""

    outside: Outside
    lost: int = 0  # launches while Live was away, or without the clip
    errors: int = 0
    answers: int = 0
    news: list[News] = field(default_factory=list)
    _facts: Facts = field(init=False)
    _wanted: dict[str, _Wanted] = field(init=False)
    _asked: dict[Message, float] = field(default_factory=dict)
    _checked: dict[Message, bool] = field(default_factory=dict)  # questions of the last check, whether answered
    _loss: float = 0.0
    _bound: int = -1  # the version of the facts that the bindings were made of
    _launches: list[Message] = field(default_factory=list)
    _said: set[str] = field(default_factory=set)
    _check_s: float = -math.inf
    _heard_s: float = -math.inf
    _began_s: float = math.nan
    _present: bool | None = None

    def __post_init__(self) -> None:
        self._facts = Facts(self.outside.live.values(), self.outside.clips.values())
        self._wanted = {label: _Wanted(target) for label, target in self.outside.live.items()}

    def set(self, label: str, value: float) -> None:
        """A parameter's place on its range, 0..1 (the tempo's: beats a minute)."""
        self._wanted[label].value = value

    def fire(self, label: str) -> None:
        """Launch a clip or scene, or move the transport; lost where Live cannot do it now."""
        found = self.place(self.outside.clips[label])
        if found:
            self._launches.append(found)
        else:
            self.lost += 1

    def place(self, launch: LiveLaunch) -> Message | None:
        """The message that launches it as Live stands now; None while Live is away, or without it."""
        found = self._facts.find_launch(launch)
        return found if self._present and not isinstance(found, str) else None

    def hear(self, address: str, arguments: Sequence[Any], now_s: float) -> None:
        """One message from Live."""
        self._heard_s = now_s
        if address == ERROR:
            self.errors += 1
            self._check_s = -math.inf  # an index may have moved: look at once
            return
        self.answers += 1
        if address == STARTUP or not self._present:
            self._renew()
        if not self._present:
            self._present = True
            self.news.append(("running", "Ableton Live answers."))
        key = self._facts.hear(address, arguments)
        if key is None:
            self._hear_value(address, arguments)
            return
        for asked in [asked for asked in self._asked if _answers(asked, key)]:
            del self._asked[asked]
            if asked in self._checked:
                self._checked[asked] = True
        self._bind()

    def due(self, now_s: float) -> list[Message]:
        """Everything that is to be sent now."""
        self._notice_silence(now_s)
        launches, self._launches = self._launches, []
        copies = COPIES if self._loss > LOSSY else 1
        return launches + [*self._values(now_s), *self._back(now_s), *self._questions(now_s)] * copies

    def next_s(self, now_s: float) -> float:
        """When to ask again what is due."""
        waiting = any(w.due(math.inf) is not None or not w.arrived for w in self._all())
        return now_s + (LEAST_S if waiting or self._asked else IDLE_S)

    def _all(self) -> Iterator[_Wanted]:
        yield from self._wanted.values()

    def _renew(self) -> None:
        """Live started: nothing that was known or sent holds any more."""
        self._facts.forget()
        self._asked.clear()
        self._checked.clear()
        self._check_s = -math.inf
        for wanted in self._all():
            wanted.binding = None
            wanted.forget()

    def _notice_silence(self, now_s: float) -> None:
        if math.isnan(self._began_s):
            self._began_s = now_s
        quiet_s = now_s - max(self._heard_s, self._began_s)
        if quiet_s < AWAY_S or self._present is False:
            return
        self._present = False
        self._renew()
        where = self.outside.live_host
        self.news.append(
            (
                "lost",
                f"Ableton Live does not answer at {where}: start it, with AbletonOSC as a control surface; "
                "somatone goes on asking.",
            )
        )

    def _bind(self) -> None:
        """Where everything is now. A place that changed gets its value anew."""
        if self._facts.version == self._bound:
            return
        self._bound = self._facts.version
        for wanted in self._all():
            found = self._facts.find(wanted.target)
            binding = found if isinstance(found, Binding) else None
            if binding != wanted.binding:
                wanted.binding = binding
                wanted.forget()
        if self._facts.complete:
            self._say_problems()

    def _say_problems(self) -> None:
        found = [self._facts.find(wanted.target) for wanted in self._all()]
        launches = [self._facts.find_launch(launch) for launch in self.outside.clips.values()]
        problems = {what for what in (*found, *launches) if isinstance(what, str)}
        self.news += [("missing", problem) for problem in sorted(problems - self._said)]
        if self._said and not problems:
            self.news.append(("running", "Ableton Live has everything that the piece names."))
        self._said = problems

    def _values(self, now_s: float) -> Iterator[Message]:
        for wanted in self._all():
            value = wanted.due(now_s)
            if value is not None and wanted.binding:
                wanted.sent, wanted.sent_s = value, now_s
                wanted.asked_back, wanted.arrived = 0, False
                address, ids = wanted.binding.set
                yield address, (*ids, float(value))

    def _questions(self, now_s: float) -> Iterator[Message]:
        check = now_s >= self._check_s + CHECK_S
        if check:
            self._check_s = now_s
            self._facts.drop_chunks()
            self._judge_loss()
        for question in self._facts.questions():
            again_s = self._asked.get(question, -math.inf) + RETRY_S
            if (check or not self._facts.knows(question)) and now_s >= again_s:
                self._asked[question] = now_s
                if check:
                    self._checked[question] = False
                yield question
            if not self._present:
                return  # one question is enough to find out whether anybody is there

    def _judge_loss(self) -> None:
        """The share of a check's questions that found no answer by the next check, slowly averaged."""
        if self._checked and any(self._checked.values()):
            share = 1 - sum(self._checked.values()) / len(self._checked)
            self._loss += (share - self._loss) / 4
        self._checked.clear()

    def _back(self, now_s: float) -> Iterator[Message]:
        for wanted in self._all():
            at_rest = now_s >= max(wanted.sent_s, wanted.asked_back_s) + REST_S
            if wanted.binding and not wanted.arrived and at_rest:
                wanted.asked_back_s = now_s
                yield wanted.binding.get

    def _hear_value(self, address: str, arguments: Sequence[Any]) -> None:
        """A value that was asked back: as it was sent, or to be sent again."""
        for wanted in self._all():
            binding = wanted.binding
            if binding is None or wanted.arrived or len(arguments) != len(binding.get[1]) + 1:
                continue
            if (address, tuple(arguments[:-1])) != binding.get or not isinstance(arguments[-1], int | float):
                continue
            span = max(abs(binding.maximum - binding.minimum), abs(wanted.sent))
            wanted.asked_back += 1
            if abs(arguments[-1] - wanted.sent) <= TOLERANCE * span or wanted.asked_back >= ASK_BACK:
                wanted.arrived = True
            else:
                asked_back = wanted.asked_back
                wanted.forget()
                wanted.arrived, wanted.asked_back = False, asked_back


def _answers(asked: Message, key: tuple[str, tuple[int, ...]]) -> bool:
    """Whether the answer with this key is one to this question (a list without ids answers any range)."""
    address, ids = asked
    return address == key[0] and (not key[1] or ids == key[1])
