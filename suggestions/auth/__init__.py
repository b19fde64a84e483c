"""Tokens: a text, any callable that returns one, or one of these providers.

    from suggestions.auth import ChatbotLogin

    source = SuggestionsEventSource(
        question, ChatbotLogin(base_url, username, password), dialect=Chatbot(base_url)
    )

Importing this package imports none of them: each is imported when its name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import names

if TYPE_CHECKING:
    from .._util.redaction import redact as redact
    from .._util.redaction import redact_text as redact_text
    from .._util.secret import Secret as Secret
    from .chatbot import ChatbotLogin as ChatbotLogin
    from .environment import EnvironmentToken as EnvironmentToken
    from .jetpack import JetpackToken as JetpackToken
    from .keyring import KeyringToken as KeyringToken
    from .token import Token as Token
    from .token import check_token as check_token
    from .token import current_token as current_token

_HOMES = {
    "ChatbotLogin": "chatbot",
    "EnvironmentToken": "environment",
    "JetpackToken": "jetpack",
    "KeyringToken": "keyring",
    "Secret": "._util.secret",
    "Token": "token",
    "check_token": "token",
    "current_token": "token",
    "redact": "._util.redaction",
    "redact_text": "._util.redaction",
}

__all__ = [
    "ChatbotLogin",
    "EnvironmentToken",
    "JetpackToken",
    "KeyringToken",
    "Secret",
    "Token",
    "check_token",
    "current_token",
    "redact",
    "redact_text",
]

__getattr__, __dir__ = names(__name__, _HOMES)
