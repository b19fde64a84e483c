"""Signed thinking: what a reasoner signs of it, and how it checks what comes back.

A model that calls a tool after it has thought gets its own thinking back with the tool's result.
Anthropic signs the blocks that it thinks in; OpenAI's Responses has an id for each item and
encrypts its reasoning if asked. Both refuse what is missing or changed. Every check raises
`Refused`, in the words of the service.
Sources: Anthropic's guide "Extended thinking", "Preserving thinking blocks"; OpenAI's guide
"Reasoning models", "Keeping reasoning items in context".
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence

from .answers import shorten
from .request_body import Body, checked
from .streaming import Fault, Refused

_ENDING = (
    "When `thinking` is enabled, a final `assistant` message must start with a thinking block "
    "(preceeding the lastmost set of `tool_use` and `tool_result` blocks). We recommend you "
    "include thinking blocks from previous turns. To avoid this requirement, disable `thinking`. "
    "Please consult our documentation at "
    "https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
)
_NOT_PARSED = "Encrypted content could not be decrypted or parsed."
_OTHER_ID = "Encrypted content item_id did not match the target item id."
_NOT_STORED = (
    " Items are not persisted when `store` is set to false. Try again with `store` set to true, or "
    "remove this item from your input."
)
_PREFIXES = {"message": "msg", "function_call": "fc", "reasoning": "rs"}
_AFTER_REASONING = ("function_call", "custom_tool_call", "image_generation_call")


def sign(thinking: str) -> str:
    """The signature of a thinking: the same for the same text, in every playground."""
    return base64.b64encode(_digest("signed", thinking)).decode()


def _digest(purpose: str, text: str) -> bytes:
    data = f"the playground's {purpose} thinking\n{text}"
    return hashlib.sha256(data.encode("utf-8", "replace")).digest()


# Anthropic


def check_blocks(messages: Sequence[Body]) -> None:
    """Checks the thinking in the messages of a request that has `thinking` enabled."""
    for number, message in enumerate(messages):
        for place, block in enumerate(blocks_of(message)):
            if message.get("role") == "assistant" and block.get("type") == "thinking":
                _check_block(block, f"messages.{number}.content.{place}")
    if any(block.get("type") == "tool_result" for block in blocks_of(messages[-1])):
        _check_first_block(messages[:-1])


def blocks_of(message: Body) -> list[Body]:
    """The content blocks of a message; a text is none."""
    content = message.get("content")
    blocks = content if isinstance(content, list) else []
    return [block for block in blocks if isinstance(block, dict)]


def _check_block(block: Body, path: str) -> None:
    for name in ("thinking", "signature"):
        if name not in block:
            raise Refused(Fault(400, f"{path}.thinking.{name}: Field required"))
    thinking = checked(block["thinking"], str, f"{path}.thinking.thinking")
    if block["signature"] != sign(thinking):
        raise Refused(Fault(400, f"{path}: Invalid `signature` in `thinking` block"))


def _check_first_block(messages: Sequence[Body]) -> None:
    """The last message of the assistant, which has called the tools, must begin with thinking."""
    number = len(messages) - 1
    if number < 0 or messages[number].get("role") != "assistant":
        return
    found = next((block.get("type") for block in blocks_of(messages[number])), "text")
    if found not in ("thinking", "redacted_thinking"):
        expected = "Expected `thinking` or `redacted_thinking`, but found"
        message = f"messages.{number}.content.0.type: {expected} `{shorten(str(found))}`. {_ENDING}"
        raise Refused(Fault(400, message))


# OpenAI's Responses


def reasoning_id(response: str, thinking: str) -> str:
    """The id of a reasoning item: that of its response, 24 characters, and a digest."""
    return f"rs_{response}{_mark(thinking)}"


def item_id(prefix: str, response: str, thinking: str, number: int) -> str:
    """The id of another item. It has in it which reasoning item it needs, if any."""
    return f"{prefix}_{response}{_mark(thinking) if thinking else ''}{number:02}"


def encrypt(reasoning: str, thinking: str) -> str:
    """The `encrypted_content` of the reasoning item with that id. It is not a secret, only
    signed."""
    sealed = json.dumps([reasoning, thinking, sign(reasoning + thinking)])
    return "gAAAA" + base64.urlsafe_b64encode(sealed.encode()).decode()


def _mark(thinking: str) -> str:
    return _digest("marked", thinking).hex()[:16]


def check_ids(items: Sequence[Body]) -> None:
    """Checks that each id is one of its kind of item."""
    for number, item in enumerate(items):
        prefix = _PREFIXES.get(str(item.get("type", "message")))
        given = item.get("id")
        if prefix and given is not None:
            path = f"input[{number}].id"
            if not checked(given, str, path).startswith(prefix):
                message = (
                    f"Invalid '{path}': '{shorten(str(given))}'. Expected an ID that begins with "
                    f"'{prefix}'."
                )
                raise Refused(Fault(400, message, "invalid_value", param=path))


def check_items(items: Sequence[Body], *, stored: bool) -> None:
    """Checks the reasoning in the input of a request to a reasoner.

    `stored` says whether the service keeps answers, so that the id of an item is enough.
    """
    given: set[object] = set()
    for number, item in enumerate(items):
        if item.get("type") == "reasoning":
            _check_reasoning(item, f"input[{number}]", stored=stored)
            _check_following(item, items[number + 1 : number + 2])
            given |= {item.get("id"), _sealed_id(item)}
        needed = _needed(item)
        if needed and needed not in given:
            message = (
                f"Item '{item['id']}' of type '{item.get('type', 'message')}' was provided without "
                f"its required 'reasoning' item: '{needed}'."
            )
            raise Refused(Fault(400, message, param="input"))


def _needed(item: Body) -> str | None:
    """The id of the reasoning item that must come before this one, if its id names one."""
    found = re.fullmatch(r"(?:fc|msg|ig)_([0-9a-f]{40})[0-9]{2}", str(item.get("id")))
    return f"rs_{found[1]}" if found else None


def _check_reasoning(item: Body, path: str, *, stored: bool) -> None:
    sealed_id = _sealed_id(item)
    own_id = item.get("id")
    if item.get("encrypted_content") is not None:
        if sealed_id is None:
            raise _unverified(own_id, _NOT_PARSED)
        if own_id not in (None, sealed_id):
            raise _unverified(own_id, _OTHER_ID)
    elif own_id is None:
        path = f"{path}.encrypted_content"
        message = f"Missing required parameter: '{path}'."
        raise Refused(Fault(400, message, "missing_required_parameter", param=path))
    elif not stored or not re.fullmatch("rs_[0-9a-f]{40}", str(own_id)):
        message = f"Item with id '{shorten(str(own_id))}' not found.{'' if stored else _NOT_STORED}"
        raise Refused(Fault(404, message, param="input"))
    shown = "".join(str(part.get("text")) for part in blocks_of(item))
    if shown and _mark(shown) != str(sealed_id or own_id)[-16:]:
        raise _unverified(own_id or sealed_id, _NOT_PARSED)


def _sealed_id(item: Body) -> str | None:
    """The id in `encrypted_content`; None if this is none of the playground's, or was changed."""
    try:
        data = base64.urlsafe_b64decode(str(item.get("encrypted_content")).removeprefix("gAAAA"))
        reasoning, thinking, signature = json.loads(data)
        return str(reasoning) if signature == sign(reasoning + thinking) else None
    except (ValueError, TypeError, RecursionError):
        return None


def _unverified(item: object, reason: str) -> Refused:
    what = f"content for item {item}" if item else "content"
    message = f"The encrypted {what} could not be verified. Reason: {reason}"
    return Refused(Fault(400, message, "invalid_encrypted_content"))


def _check_following(item: Body, rest: Sequence[Body]) -> None:
    """What the model did after it had thought must follow: by its id if the service keeps it."""
    following = rest[0] if rest else {}
    is_message = following.get("role") == "assistant"
    if is_message or following.get("type") in _AFTER_REASONING:
        by_id = following.get("id")
        own_id = item.get("id") or _sealed_id(item)
        if _needed(following) == own_id or (by_id is None and item.get("encrypted_content")):
            return
    message = (
        f"Item '{item.get('id')}' of type 'reasoning' was provided without its required following "
        "item."
    )
    raise Refused(Fault(400, message, param="input"))
