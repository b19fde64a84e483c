"""Tokens: a text, any callable that returns one, or one of these providers.

    from suggestions.auth import ChatbotLogin

    source = SuggestionsEventSource(
        question, ChatbotLogin(base_url, username, password), dialect=Chatbot(base_url)
    )

Importing this package imports none of them: each is imported when its name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from suggestions._util.lazy import names

if TYPE_CHECKING:
    from suggestions._util.redaction import redact as redact
    from suggestions._util.redaction import redact_text as redact_text
    from suggestions._util.secret import Secret as Secret
    from suggestions.auth.chatbot import ChatbotLogin as ChatbotLogin
    from suggestions.auth.environment import EnvironmentToken as EnvironmentToken
    from suggestions.auth.jetpack import JetpackToken as JetpackToken
    from suggestions.auth.keyring import KeyringToken as KeyringToken
    from suggestions.auth.token import Token as Token
    from suggestions.auth.token import check_token as check_token
    from suggestions.auth.token import current_token as current_token

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
