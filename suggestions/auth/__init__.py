"""Tokens: a text, any callable that gives one, or one of these providers.

    from suggestions.auth import ChatbotLogin

    source = SuggestionsEventSource(
        question, ChatbotLogin(base_url, username, password), dialect=Chatbot(base_url)
    )

What a name needs is imported when the name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suggestions.auth.chatbot import ChatbotLogin as ChatbotLogin
    from suggestions.auth.environment import EnvironmentToken as EnvironmentToken
    from suggestions.auth.jetpack import JetpackToken as JetpackToken
    from suggestions.auth.keyring import KeyringToken as KeyringToken
    from suggestions.auth.token import Token as Token
    from suggestions.auth.token import check_token as check_token
    from suggestions.auth.token import current_token as current_token
    from suggestions.auth.token import redact as redact
    from suggestions.auth.token import redact_text as redact_text

_HOME = {
    "ChatbotLogin": "chatbot",
    "EnvironmentToken": "environment",
    "JetpackToken": "jetpack",
    "KeyringToken": "keyring",
    "Token": "token",
    "check_token": "token",
    "current_token": "token",
    "redact": "token",
    "redact_text": "token",
}

__all__ = [
    "ChatbotLogin",
    "EnvironmentToken",
    "JetpackToken",
    "KeyringToken",
    "Token",
    "check_token",
    "current_token",
    "redact",
    "redact_text",
]


def __getattr__(name: str) -> object:
    import importlib

    if name not in _HOME:
        raise AttributeError(f"module 'suggestions.auth' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"suggestions.auth.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
