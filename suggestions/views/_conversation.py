"""What each panel checks of its conversation."""

from __future__ import annotations

from ..conversation.conversation import Conversation


def check_conversation(conversation: object) -> None:
    """Raises `TypeError`."""
    if isinstance(conversation, Conversation):
        return
    kind = type(conversation)
    if kind.__name__ == Conversation.__name__:
        ours = Conversation.__module__
        raise TypeError(
            f"conversation is of another copy of the package, {kind.__module__}, than the panel, "
            f"{ours}: import both from the same"
        )
    raise TypeError(f"conversation must be a Conversation, not {kind.__name__}")
