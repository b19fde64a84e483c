"""Logs in to a chatbot backend with a user name and a password, and asks two questions.

One login serves both: the token is kept until it expires, and fetched again when it is refused.
It asks the playground, a model on this machine: no key, no network.

    pip install 'suggestions-sdk[playground]'
    python examples/chatbot_login.py
"""

from suggestions import SuggestionsError, SuggestionsEventSource, ask_question_sync
from suggestions.auth import ChatbotLogin
from suggestions.dialects.chatbot import Chatbot
from suggestions.playground import Playground

with Playground() as playground:
    login = ChatbotLogin(playground.chatbot_url, "demo", "demo")
    chatbot = Chatbot(playground.chatbot_url, login)

    with SuggestionsEventSource("Write a haiku", dialect=chatbot) as source:
        for chunk in source:
            print(chunk, end="", flush=True)
    print("\n")

    print(ask_question_sync("What is 17 + 25?", dialect=chatbot), end="\n\n")

    wrong = ChatbotLogin(playground.chatbot_url, "demo", "no such password")
    try:
        ask_question_sync("Hello", token=wrong, dialect=chatbot)
    except SuggestionsError as error:
        print(f"{type(error).__name__}: {error.message}")
