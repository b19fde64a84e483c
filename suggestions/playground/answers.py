"""What the model knows by heart: a table of patterns, and the answer that each one gets."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

_WORLD_CUP = """\
**Argentina** won the 2022 FIFA World Cup. They beat France in the final at Lusail Stadium in \
Qatar on 18 December 2022: it was 3-3 after extra time, and 4-2 on penalties.

Lionel Messi scored twice and \u00c1ngel Di Mar\u00eda once, while Kylian Mbapp\u00e9 scored a \
hat-trick for France. It was Argentina's third title, after 1978 and 1986."""

_HAIKU = """\
Small words cross the wire,
one token after the next:
the stream finds the sea."""

_CODE = """\
Here is a small Python function that does it:

```python
def fibonacci(count: int) -> list[int]:
    numbers = [0, 1]
    while len(numbers) < count:
        numbers.append(numbers[-1] + numbers[-2])
    return numbers[:count]


print(fibonacci(10))  # [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]
```

It keeps the numbers found so far and adds the last two, so it needs `count` steps."""

_LIST = """\
Here are five things that make a streamed answer pleasant to read:

1. **Start early.** Show the first words as soon as they arrive.
2. **Keep still.** Do not move what is already on the screen.
3. **Say what happens.** A blinking cursor is enough.
4. **Let go.** A stop button that works at once is worth a lot.
5. **Fail kindly.** Keep the text so far, and offer to try again."""

_GREETING = """\
Hello! \U0001f44b Nice to meet you. I am the **playground**, and I can greet you in a few languages:

- Fran\u00e7ais: Bonjour, \u00e7a va bien ?
- Espa\u00f1ol: \u00a1Hola! \u00bfQu\u00e9 tal, se\u00f1or?
- Deutsch: Sch\u00f6ne Gr\u00fc\u00dfe!
- \u65e5\u672c\u8a9e: \u3053\u3093\u306b\u3061\u306f\u3001\u304a\u5143\u6c17\u3067\u3059\u304b\u3002
- \u4e2d\u6587: \u4f60\u597d\uff0c\u5f88\u9ad8\u5174\u8ba4\u8bc6\u4f60\u3002

Ask me anything \U0001f469\u200d\U0001f4bb\u2728"""

_ANYTHING = """\
You asked: "{question}"

This is the **playground**, a small server on this very machine. It speaks like the real service, \
but it needs no key and no network, and it knows only a few things by heart:

- who won the world cup in 2022,
- a haiku, a list, or a piece of code,
- a greeting, or a sum such as `17 + 25`,
- to `cite` its sources, or to `draw` a picture.

Anything else gets this answer, token by token, at about the pace of a real model."""


def _arithmetic(question: re.Match[str]) -> str:
    left, right = Decimal(question["left"]), Decimal(question["right"])
    sign = question["sign"].strip()
    if sign in "/\u00f7" and not right:
        return f"**{left} / 0** has no answer: nothing times zero gives {left}."
    if sign in "/\u00f7":
        result = left / right
    elif sign in "*\u00d7":
        result = left * right
    else:
        result = left + right if sign == "+" else left - right
    shown = f"{result:.6f}".rstrip("0").rstrip(".")
    return f"**{left} {sign} {right} = {shown}**\n\nI worked it out step by step, digit by digit."


def _always(answer: str) -> Callable[[re.Match[str]], str]:
    return lambda question: answer


# The first pattern that is found in the question decides. A minus or a slash needs spaces around
# it, so that a date or a path is not taken for a sum.
_KNOWN: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"world cup.*2022|2022.*world cup", _always(_WORLD_CUP)),
    (r"\bhaiku\b", _always(_HAIKU)),
    (
        r"(?P<left>\d{1,9}(\.\d{1,6})?)(?P<sign>\s*[+*\u00d7\u00f7]\s*|\s+[-/]\s+)"
        r"(?P<right>\d{1,9}(\.\d{1,6})?)(?!\d)",
        _arithmetic,
    ),
    (r"\b(code|python|program)\b", _always(_CODE)),
    (r"\b(list|ideas|steps|tips)\b", _always(_LIST)),
    (
        r"^\W*((hello|hi|hey|hola|hallo|bonjour|good (morning|evening))\b"
        r"|\u4f60\u597d|\u3053\u3093\u306b\u3061\u306f)",
        _always(_GREETING),
    ),
)


DRAWN = "Here it is: a small picture, in the colours of your question."
CANNOT_DRAW = "I cannot draw here: an answer of this service has no images."


def answer_to(question: str) -> str:
    """The answer to a question, in Markdown; the same question always gets the same one."""
    for pattern, answer in _KNOWN:
        if found := re.search(pattern, question, re.IGNORECASE | re.DOTALL):
            return answer(found)
    return _ANYTHING.format(question=shorten(question))


class Source(NamedTuple):
    """What an answer cites: the `sentence` of the answer is what the source is for."""

    sentence: str
    url: str
    title: str
    quote: str


_SOURCES = (
    Source(
        "The playground knows its answers by heart.",
        "https://example.com/playground/answers",
        "What the playground knows",
        "All of its answers are in one table.",
    ),
    Source(
        "It sends them token by token, at the pace of a model \U0001f40c.",
        "https://example.com/playground/pace",
        "The pace of the playground",
        "Thirty milliseconds from one token to the next.",
    ),
)


def sources_for(question: str) -> tuple[Source, ...]:
    """What to cite after the answer: nothing, unless the question says "cite" or "sources"."""
    return _SOURCES if re.search(r"\b(cite|sources)\b", question, re.IGNORECASE) else ()


def wants_picture(question: str) -> bool:
    """Whether the question says "draw"."""
    return bool(re.search(r"\bdraw\b", question, re.IGNORECASE))


def shorten(text: str, length: int = 120) -> str:
    """The text on one line, at most `length` characters of it."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "\u2026"
