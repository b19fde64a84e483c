"""`Round`: one question of a `Suggester`, with the answers that call tools before the last one."""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable
from typing import Any

from .._sources import ending
from .._sources.suggestions_event_source import SuggestionsEventSource as Source
from .._util import threads
from ..dialects.question import Question
from ..errors import SuggestionsError
from .running import Cancellation
from .tool import tools_by_name
from .tool_loop import Steps, ToolsError, has_calls
from .tool_set import ToolSet

logger = logging.getLogger("suggestions")


class Round:
    """`source` is the first answer's, not started. Raises what `SuggestionsEventSource` does, and
    `TypeError` if there are async tools, and no dispatcher that awaits them."""

    def __init__(self, question: Question, tools: ToolSet, arguments: dict[str, Any]) -> None:
        tools = tools._replace(dispatch=arguments.get("dispatch"))
        tools_by_name(tools.tools, tools.dispatch)
        self._has_tools = bool(tools.tools)
        self._cancellation = Cancellation()
        self._steps = Steps(tools, arguments, self._cancellation)
        self.source = self._steps.ask(question, start=False)
        self._messages: list[Any] = (
            [{"role": "user", "content": question}] if isinstance(question, str) else [*question]
        )
        self._delivery = self.source._delivery  # for `ending`

    def watch(self, source: Source) -> None:
        """`close()` closes that answer. If it came before this, it is closed here."""
        self._cancellation.watch(source)

    def close(self) -> None:
        """Closes the answer, and cancels the calls."""
        self._cancellation.cancel()

    def calls(self, source: Source) -> bool:
        """Whether that answer has ended with calls of the tools, so that another one is to come."""
        return self._has_tools and source.state == "done" and has_calls(source)

    def call_tools(
        self,
        source: Source,
        asked: Callable[[Source], object],
        failed: Callable[[SuggestionsError], object],
    ) -> None:
        """Calls the tools on a thread, and then there `asked(source)` with the next answer's, not
        started; or `failed(error)`, an `AbortedError` after `close()`."""

        def work() -> None:
            try:
                self._steps.take(source, self._messages)
                following = self._steps.ask(self._messages, start=False)
            except SuggestionsError as error:
                failed(error)
            except BaseException as error:  # from `approve`; also `sys.exit()`
                logger.exception("the tools could not be called")
                failed(ToolsError(f"{type(error).__name__}: {error}"))
            else:
                asked(following)

        self._delivery = source._delivery
        context = contextvars.copy_context()
        try:
            ending.add(self)
            threads.start(lambda: context.run(work), "tools", self._delivery)
        except RuntimeError as error:  # the program ends, or there are too many threads
            failed(ToolsError(f"The tools cannot be called: {error}"))
