"""Text counts once, whichever event carries it; refusals are text."""

from __future__ import annotations

from outcomes import named
from responses_wire.shapes import (
    DONE,
    SAID,
    SAYS_ONLY_THE_END,
    Wire,
    added,
    completed,
    created,
    item_done,
    message,
    on,
    part_done,
    response,
    text,
    text_done,
    thought,
)

TEXTS = [
    Wire(
        "OpenAI: each event repeats the text",
        created()
        + SAID
        + text_done("Hi you")
        + part_done("Hi you")
        + item_done(message("Hi you"))
        + completed(message("Hi you")),
        "Hi you",
    ),
    Wire(
        "Muse Spark: only in output_text.done",
        created() + text_done("Hi") + completed(),
        "Hi",
        differs=SAYS_ONLY_THE_END,
    ),
    Wire(
        "a gateway: only in content_part.done",
        created() + part_done("Hi") + completed(),
        "Hi",
        differs=SAYS_ONLY_THE_END,
    ),
    Wire(
        "Codex's backend: only in output_item.done",
        created() + item_done(message("Hi")) + completed(),
        "Hi",
        differs=SAYS_ONLY_THE_END,
    ),
    Wire("Spice AI: only in response.completed", created() + completed(message("Hi")), "Hi"),
    Wire(
        "agentgateway: only in deltas, and the rest is empty",
        created() + SAID + text_done("") + part_done("") + item_done(message()) + completed(),
        "Hi you",
        differs=SAYS_ONLY_THE_END,
    ),
    Wire(
        "Codex's backend: `output` is null",
        created() + SAID + completed(output=None),
        "Hi you",
        differs=SAYS_ONLY_THE_END,
    ),
    Wire(
        "a gateway that lost a piece: the last event has the whole",
        created() + text("Hi") + completed(message("Hi you")),
        "Hi you",
    ),
    Wire(
        "two parts, both only at their ends",
        created()
        + text_done("Hi")
        + text_done(" you", part=1)
        + item_done(message("Hi", " you"))
        + completed(),
        "Hi you",
        differs=SAYS_ONLY_THE_END,
    ),
    Wire(
        "two messages that say the same",
        created()
        + item_done(message("ha"))
        + item_done(message("ha", name="msg2"), 1)
        + completed(message("ha"), message("ha", name="msg2")),
        "haha",
    ),
    Wire(
        "vLLM: another content_index with each event",
        created()
        + text("Hi", 0, 1)
        + text(" you", 0, 2)
        + text_done("Hi you", 0, 3)
        + part_done("Hi you", 0, 4)
        + item_done(message("Hi you"))
        + completed(message("Hi you")),
        "Hi you",
    ),
    Wire(
        "OpenAI's agents SDK: content_index counts the reasoning",
        created()
        + item_done(thought("Hm"))
        + text_done("Hi", 1, 1)
        + item_done(message("Hi"), 1)
        + completed(),
        "Hi",
        "Hm",
        differs=SAYS_ONLY_THE_END,
    ),
    Wire(
        "open-responses-server: no indexes",
        created()
        + named("response.output_text.delta", delta="Hi")
        + named("response.output_text.done", text="Hi")
        + named("response.content_part.done", part={"type": "output_text", "text": "Hi"})
        + named("response.output_item.done", item=message("Hi"))
        + completed(message("Hi")),
        "Hi",
    ),
    Wire(
        "OpenRouter in 2025: content_part.delta, and response.done",
        created()
        + on("content_part.delta", delta="Hi")
        + on("content_part.delta", delta={"type": "text", "text": " you"})
        + named("response.done", response=response("completed"))
        + DONE,
        "Hi you",
        differs="it knows neither event, and ends quietly",
    ),
    Wire(
        "a gateway: the content is a text",
        created()
        + item_done({**message(), "content": "Hi"})
        + completed({**message(), "content": "Hi"}),
        "Hi",
        differs="its text is a list of parts",
    ),
    Wire(
        "Open Responses: a part of the type `text`, and [DONE] after it all",
        created()
        + part_done("Hi", kind="text")
        + completed({**message(), "content": [{"type": "text", "text": "Hi"}]})
        + DONE,
        "Hi",
        differs="its text is of one type of part",
    ),
    Wire(
        "OpenAI: commentary, and then the final answer",
        created()
        + added(message(phase="commentary"))
        + text("Let me look. ")
        + text_done("Let me look. ")
        + item_done(message("Let me look. ", phase="commentary"))
        + added(message(phase="final_answer"), 1)
        + text("Hi", 1)
        + item_done(message("Hi", phase="final_answer"), 1)
        + completed(
            message("Let me look. ", phase="commentary"), message("Hi", phase="final_answer")
        ),
        "Let me look. Hi",
    ),
    Wire(
        "a gateway: a digit as a number",
        created() + text("1") + on("output_text.delta", delta=0) + completed(message("10")),
        "10",
    ),
]

REFUSALS = [
    Wire(
        "OpenAI: a refusal, repeated",
        created()
        + on("refusal.delta", delta="I ")
        + on("refusal.delta", delta="cannot")
        + on("refusal.done", refusal="I cannot")
        + on("content_part.done", part={"type": "refusal", "refusal": "I cannot"})
        + completed({**message(), "content": [{"type": "refusal", "refusal": "I cannot"}]}),
        "I cannot",
        differs="its output_text leaves a refusal out",
    ),
    Wire(
        "a gateway: a refusal only at its end",
        created() + on("refusal.done", refusal="I cannot") + completed(),
        "I cannot",
        differs=SAYS_ONLY_THE_END,
    ),
]
