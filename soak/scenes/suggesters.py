"""Views that ask again before they are answered: the latest question wins."""

from __future__ import annotations

import threading
import time
from random import Random
from typing import Any

from soak.record import SOON, check
from soak.service import Service
from soak.words import answer_to
from suggestions import Suggester


class _View:
    def __init__(self, service: Service, port: str) -> None:
        self.told: list[tuple[str, Any]] = []
        self.ended = threading.Event()
        self.suggester = Suggester(
            on_suggestion=lambda text: self.told.append(("suggestion", text)),
            on_done=self._end("done"),
            on_stop=self._end("stop"),
            on_error=self._end("error"),
            url=service.url(port),
            session=service.session,
        )

    def _end(self, name: str) -> Any:
        def callback(detail: Any) -> None:
            self.told.append((name, detail))
            if name == "done":
                self.ended.set()

        return callback


def latest_wins(service: Service, random: Random) -> None:
    view = _View(service, random.choice(("answer", "slow answer")))
    questions = [f"{number}. {random.random()}" for number in range(random.randint(1, 5))]
    for question in questions[:-1]:
        view.suggester.request(question)
        time.sleep(random.uniform(0, 0.02))
    view.ended.clear()
    told = len(view.told)
    view.suggester.request(questions[-1])
    expected = answer_to(questions[-1])
    deadline = time.monotonic() + SOON
    while ("done", expected) not in view.told[told:] and time.monotonic() < deadline:
        time.sleep(0.001)
    check(view.told[-1:] == [("done", expected)], "the latest:", questions, view.told)
    suggestions = [text for name, text in view.told if name == "suggestion"]
    check(suggestions[-1] == view.suggester.suggestion == expected, "texts:", view.told)
    check(view.suggester.state == "done", view.suggester.state)
    _check_order(suggestions, questions)


def stopped(service: Service, random: Random) -> None:
    view = _View(service, "slow answer")
    view.suggester.request("Stop me.")
    time.sleep(random.uniform(0, 0.05))
    random.choice((view.suggester.stop, view.suggester.reset))()
    state = view.suggester.state
    check(state in ("aborted", "init", "done"), state)


def dropped(service: Service, random: Random) -> None:
    _View(service, "slow answer").suggester.request("Drop me.")


def _check_order(suggestions: list[str], questions: list[str]) -> None:
    """Each text is of the same question as the one before it, or of a later one."""
    answers = [answer_to(question) for question in questions]
    for text in suggestions:
        while answers and not answers[0].startswith(text):
            del answers[0]
        check(answers, "an older one behind a newer:", text, suggestions)
