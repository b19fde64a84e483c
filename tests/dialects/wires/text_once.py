"""Kind 2: text counts once, whichever event carries it."""

from __future__ import annotations

from suggestions.dialects.json_lines import json
from wires.shapes import (
    COUNTED,
    DONE,
    HI,
    MESSAGE_STOP,
    STOP,
    USAGE,
    added,
    block,
    block_stop,
    body,
    choice,
    choices,
    chunk,
    completed,
    completion,
    created,
    item_done,
    last_line,
    line,
    message_delta,
    message_item,
    message_start,
    named,
    opened,
    part_added,
    piece,
    response,
    sse,
    text_delta,
    text_done,
    whole,
)
from wires.wire import JSON, NDJSON, Wire, done

HI_THERE = {"role": "assistant", "content": "Hi there"}
RESPONDED = done("Hi there", usage=COUNTED)

CHATS = [
    Wire(
        "MiniMax: the last chunk is the whole answer, with text and reasoning",
        "openai",
        chunk(None, role="", reasoning_content="Hm")
        + chunk("Hi", role="")
        + chunk(" there", role="")
        + sse(whole(choice("stop", message={**HI_THERE, "reasoning_content": "Hm"})))
        + DONE,
        done("Hi there", reasoning="Hm", usage=COUNTED),
    ),
    Wire(
        "Perplexity: beside each piece, the `message` with the whole text so far",
        "openai",
        choices(choice(delta={"content": "Hi"}, message={**HI_THERE, "content": "Hi"}))
        + choices(choice(delta={"content": " there"}, message=HI_THERE))
        + choices(choice("stop", delta={"content": ""}, message=HI_THERE), usage=USAGE)
        + DONE,
        done("Hi there", usage=COUNTED),
    ),
    Wire(
        "a gateway: a stream of one chunk, with the whole `message`",
        "openai",
        sse(whole(choice("stop", message=HI_THERE))) + DONE,
        done("Hi there", usage=COUNTED),
    ),
    Wire(
        "a gateway: the closing `message` has more than the pieces",
        "openai",
        HI + sse(whole(choice("stop", message=HI_THERE))) + DONE,
        done("Hi there", usage=COUNTED),
    ),
    Wire(
        "Cloudflare Workers AI: the piece `0` is a number",
        "openai",
        chunk("$", role="assistant") + chunk(0) + chunk(".005") + STOP + DONE,
        done("$0.005"),
    ),
    Wire(
        "Cloudflare Workers AI: other pieces that are numbers",
        "openai",
        chunk("[", role="assistant") + chunk(6) + chunk("] ") + chunk(0.5) + STOP + DONE,
        done("[6] 0.5"),
    ),
    Wire(
        "Cloudflare Workers AI: a piece of reasoning that is a number",
        "openai",
        chunk(None, reasoning_content=1) + chunk("Hi") + STOP + DONE,
        done("Hi", reasoning="1"),
    ),
    Wire(
        "llama-cpp-python: the text in the choice itself, as in the older completions",
        "openai",
        choices(choice(text="Hi"))
        + choices(choice(text=" there"))
        + choices(choice("stop", text=""))
        + DONE,
        done("Hi there"),
    ),
    Wire(
        "llama-cpp-python: the same in a whole answer",
        "openai",
        body(id="c1", object="text_completion", choices=[choice("stop", text="Hi")], usage=USAGE),
        done("Hi", usage=COUNTED),
        content_type=JSON,
    ),
    Wire(
        "Copilot: the reasoning as `reasoning_text`",
        "openai",
        chunk(None, reasoning_text="H") + chunk(None, reasoning_text="m") + HI + STOP + DONE,
        done("Hi", reasoning="Hm"),
    ),
    Wire(
        "Envoy AI gateway before Bedrock: the reasoning as an object",
        "openai",
        chunk("", reasoning_content={"text": "H"})
        + chunk(None, reasoning_content={"text": "m"})
        + chunk(None, reasoning_content={"signature": "c2ln"})
        + HI
        + STOP
        + DONE,
        done("Hi", reasoning="Hm"),
    ),
    Wire(
        "Databricks: the reasoning as a summary, in a list of parts",
        "openai",
        chunk([{"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]}])
        + chunk([{"type": "text", "text": "Hi"}])
        + STOP
        + DONE,
        done("Hi", reasoning="Hm"),
    ),
    Wire(
        'a gateway: the index of the choice is the text "0"',
        "openai",
        choices(choice(None, "0", delta={"content": "Hi"}))
        + choices(choice("stop", "0", delta={}))
        + DONE,
        done("Hi"),
    ),
    Wire(
        "LiteLLM in 2023: the only choice has the index 1",
        "openai",
        choices(choice(None, 1, delta={"content": "Hi"}))
        + choices(choice(None, 1, delta={"content": " there"}))
        + choices(choice("stop", 1, delta={}))
        + DONE,
        done("Hi there"),
    ),
    Wire(
        "vLLM: the same reasoning in `reasoning` and in `reasoning_content`",
        "openai",
        chunk(None, reasoning="Hm", reasoning_content="Hm") + HI + STOP + DONE,
        done("Hi", reasoning="Hm"),
    ),
    Wire(
        "Mistral: the text and the thinking are lists of parts",
        "openai",
        chunk([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}])
        + chunk([{"type": "text", "text": "Hi"}])
        + chunk(" there")
        + STOP
        + DONE,
        done("Hi there", reasoning="Hm"),
    ),
    Wire(
        "Mistral: the text and the thinking are lists of parts, in a whole answer",
        "openai",
        completion(
            [
                {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
                {"type": "text", "text": "Hi"},
            ]
        ),
        done("Hi", reasoning="Hm", usage=COUNTED),
        content_type=JSON,
    ),
    Wire(
        "counter-sample, OpenAI: two alternatives (n=2) in turn",
        "openai",
        choices(choice(None, 0, delta={"content": "Hi"}))
        + choices(choice(None, 1, delta={"content": "Hello"}))
        + choices(choice(None, 0, delta={"content": " there"}))
        + choices(choice("stop", 1, delta={}))
        + choices(choice("stop", 0, delta={}))
        + DONE,
        done("Hi there"),
    ),
    Wire(
        "counter-sample, OpenAI: alternatives (n=2), the second first",
        "openai",
        choices(choice(None, 1, delta={"content": "Hello"}))
        + choices(choice(None, 0, delta={"content": "Hi"}))
        + choices(choice("stop", 1, delta={}))
        + choices(choice("stop", 0, delta={}))
        + DONE,
        done("Hi"),
    ),
    Wire(
        "counter-sample, OpenAI: two pieces that are alike",
        "openai",
        chunk("ha", role="assistant") + chunk("ha") + chunk("ha") + STOP + DONE,
        done("hahaha"),
    ),
    Wire(
        "counter-sample, OpenAI: a piece that is all the text so far",
        "openai",
        chunk("bye", role="assistant") + chunk(" ") + chunk("bye ") + STOP + DONE,
        done("bye bye "),
    ),
]

RESPONSES = [
    Wire(
        "a gateway: the text only in `output_text.done`",
        "responses",
        created() + text_done("Hi there") + completed(),
        RESPONDED,
    ),
    Wire(
        "Codex's backend: the text only in `output_item.done`",
        "responses",
        created() + added(message_item()) + item_done(message_item("Hi there")) + completed(),
        RESPONDED,
    ),
    Wire(
        "Spice AI: the text only in `response.completed`",
        "responses",
        created() + completed(message_item("Hi there")),
        RESPONDED,
    ),
    Wire(
        "a gateway: the text only in `output_text` of the whole response",
        "responses",
        created() + completed(output_text="Hi there"),
        RESPONDED,
    ),
    Wire(
        "Codex's backend: the text only in deltas, `output` is null",
        "responses",
        opened()
        + text_delta("Hi")
        + text_delta(" there")
        + named("response.completed", response=response(output=None)),
        done("Hi there"),
    ),
    Wire(
        "Llama Stack: no `output_text.done`, but the part's own end",
        "responses",
        created()
        + added(message_item())
        + part_added()
        + text_delta("Hi there")
        + named(
            "response.content_part.done",
            item_id="msg1",
            output_index=0,
            content_index=0,
            part={"type": "output_text", "text": "Hi there", "annotations": []},
        )
        + completed(message_item("Hi there")),
        RESPONDED,
    ),
    Wire(
        "counter-sample, OpenAI's Responses: each event repeats the same text",
        "responses",
        created()
        + added(message_item())
        + part_added()
        + text_delta("Hi")
        + text_delta(" there")
        + text_done("Hi there")
        + item_done(message_item("Hi there"))
        + completed(message_item("Hi there")),
        RESPONDED,
    ),
    Wire(
        "counter-sample, OpenAI's Responses: two messages with the same text",
        "responses",
        created()
        + item_done(message_item("ha"))
        + item_done({**message_item("ha"), "id": "msg2"}, 1)
        + completed(message_item("ha"), {**message_item("ha"), "id": "msg2"}),
        done("haha", usage=COUNTED),
    ),
]

OTHERS = [
    Wire(
        "a gateway before Anthropic: a piece that is a number",
        "anthropic",
        message_start()
        + block()
        + piece("$")
        + piece(0)
        + piece(".005")
        + block_stop()
        + message_delta()
        + MESSAGE_STOP,
        done("$0.005", usage=COUNTED),
    ),
    Wire(
        "a gateway before Anthropic: the whole text in the start of its block",
        "anthropic",
        message_start()
        + block(type="text", text="Hi there")
        + block_stop()
        + message_delta()
        + MESSAGE_STOP,
        done("Hi there", usage=COUNTED),
    ),
    Wire(
        "a gateway before Ollama: a piece that is a number",
        "ollama",
        line("$") + line(0) + line(".005") + last_line(),
        done("$0.005", usage=COUNTED),
        content_type=NDJSON,
    ),
    Wire(
        "Cloudflare Workers AI: a `response` that is a number, in a wire of its own",
        json("response"),
        sse('{"response":"$"}') + sse('{"response":0}') + sse('{"response":".005"}') + DONE,
        done("$0.005", finish=None),
    ),
    Wire(
        "Cloudflare Workers AI: a whole answer that is a number",
        json("result.response"),
        body(result={"response": 42}, success=True, errors=[], messages=[]),
        done("42", finish=None),
        content_type=JSON,
    ),
]

TABLE = [*CHATS, *RESPONSES, *OTHERS]
