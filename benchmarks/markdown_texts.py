"""The Markdown that views are measured with."""

from __future__ import annotations

_MIXED = """\
## A section about `List<int>`

Some *words* of a paragraph with **bold** text, `code`, and [a link](https://example.com). It goes
on for a while, as models do, and says the same once more in other words.

- an item with some text in it
- another one, which has
  - a nested one
  - and one more

```python
def answer(question: str) -> str:
    return question.replace("?", "!")


print(answer("Why?"))
```

1. first, do this
2. then do that

| a column | another |
| --- | --- |
| a cell | `x < y` |
| one more | and so on |

> A quote that somebody may have said.

"""
TEXTS: dict[str, tuple[str, str]] = {
    "mixed": ("", _MIXED),
    "endless code": ("```python\n", "    value = compute(value, other=[1, 2, 3])  # and so on\n"),
    "endless list": ("", "- an item of *some* words with `code` in it\n"),
    "endless table": ("| a | b |\n| --- | --- |\n", "| a cell of it | and `another` |\n"),
    "endless paragraph": ("", "some *words* of it that `never` end "),
}
"""The beginning, and what is repeated."""
