"""Reasoning counts once, too: in parts, in summaries, under several names."""

from __future__ import annotations

from responses_wire.shapes import (
    Wire,
    added,
    completed,
    created,
    item_done,
    message,
    on,
    part_done,
    text,
    thought,
)

REASONING = [
    Wire(
        "OpenAI: a summary in two parts, repeated",
        created()
        + added(thought())
        + on("reasoning_summary_part.added", part={"type": "summary_text", "text": ""})
        + on("reasoning_summary_text.delta", delta="Hm")
        + on("reasoning_summary_text.done", text="Hm")
        + on("reasoning_summary_part.done", part={"type": "summary_text", "text": "Hm"})
        + on("reasoning_summary_text.delta", 0, 1, delta=", well")
        + on("reasoning_summary_text.done", 0, 1, text=", well")
        + item_done(thought("Hm", ", well"))
        + text("Hi", 1)
        + completed(thought("Hm", ", well"), message("Hi")),
        "Hi",
        "Hm, well",
    ),
    Wire(
        "a gateway: a summary only in its part",
        created()
        + on("reasoning_summary_part.done", part={"type": "summary_text", "text": "Hm"})
        + text("Hi", 1)
        + completed(message("Hi")),
        "Hi",
        "Hm",
    ),
    Wire(
        "vLLM: reasoning parts, and another content_index with each event",
        created()
        + added(thought())
        + on("reasoning_part.added", part={"type": "reasoning_text", "text": ""})
        + on("reasoning_text.delta", 0, 1, delta="Hm")
        + on("reasoning_text.done", 0, 2, text="Hm")
        + on("reasoning_part.done", 0, 3, part={"type": "reasoning_text", "text": "Hm"})
        + item_done(thought(content=("Hm",)))
        + text("Hi", 1)
        + completed(thought(content=("Hm",)), message("Hi")),
        "Hi",
        "Hm",
    ),
    Wire(
        "Open Responses: reasoning.delta, and its part is a part of the content",
        created()
        + on("reasoning.delta", delta="Hm")
        + on("reasoning.done", text="Hm")
        + part_done("Hm", kind="reasoning_text")
        + item_done(thought(content=("Hm",)))
        + text("Hi", 1)
        + completed(thought(content=("Hm",)), message("Hi")),
        "Hi",
        "Hm",
    ),
    Wire(
        "Open Responses: raw reasoning of the type output_text, only in output_item.done",
        created()
        + item_done({**thought(), "content": [{"type": "output_text", "text": "Hm"}]})
        + text("Hi", 1)
        + completed(message("Hi")),
        "Hi",
        "Hm",
    ),
    Wire(
        "a gateway: reasoning only in response.completed",
        created() + completed(thought("Hm"), message("Hi")),
        "Hi",
        "Hm",
    ),
]
