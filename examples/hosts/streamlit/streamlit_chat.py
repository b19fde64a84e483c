"""A chat in Streamlit. Stop and a closed tab end the answer at once, also of a silent model.

    pip install 'suggestions-sdk[playground]' streamlit
    streamlit run examples/hosts/streamlit/streamlit_chat.py

`OPENAI_API_KEY`, `OPENAI_BASE_URL` and `AI_MODEL_NAME` name the service; without a key, it asks the
playground, a model on this machine.
"""

import os

import streamlit as st

from suggestions import SuggestionsEventSource
from suggestions.dialects.openai import OpenAI
from suggestions.errors import SuggestionsError
from suggestions.playground import Playground


@st.cache_resource
def service():
    if os.environ.get("OPENAI_API_KEY"):
        return OpenAI()
    return OpenAI(Playground().start().openai_url, "any-key", "playground")


messages = st.session_state.setdefault("messages", [])
for message in messages:
    st.chat_message(message["role"]).markdown(message["content"])

if question := st.chat_input("Ask"):
    messages.append({"role": "user", "content": question})
    st.chat_message("user").markdown(question)
    shown = st.chat_message("assistant").empty()
    with SuggestionsEventSource(messages, dialect=service()) as source:
        try:
            # Streamlit looks for Stop in each call of `st`: make one also if no text has come.
            while not source.wait(0.03):
                shown.markdown(source.full_message)
            shown.markdown(source.result())
        except SuggestionsError as error:
            st.error(error.message)
        finally:
            if source.full_message:
                messages.append({"role": "assistant", "content": source.full_message})
