"""An agent that speaks AG-UI, with FastAPI: `HttpAgent`, CopilotKit and others are its front ends.

    pip install fastapi uvicorn "suggestions-sdk[playground]"
    cd examples/ag_ui
    python app.py

`chat.mjs` beside this file is a client. `OPENAI_API_KEY`, `OPENAI_BASE_URL` and `AI_MODEL_NAME`
name the service; without a key, the agent asks the playground, a model on this machine.
"""

import os
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground
from suggestions.relay import (
    AgUiRun,
    BadRequest,
    bad_request,
    messages_from_ag_ui,
    relay,
    tools_from_ag_ui,
)

app = FastAPI()
app.add_exception_handler(BadRequest, bad_request)  # status 400, and what is wrong
dialect = None


def get_time(city: str) -> str:
    """The time of day in a city."""
    return f"It is noon in {city}"


@app.post("/agent")
async def agent(body: dict[str, Any]) -> StreamingResponse:
    messages = messages_from_ag_ui(body)
    tools = [*tools_from_ag_ui(body), get_time]  # the client's, and one that runs here
    answer = relay(messages, dialect=dialect, tools=tools, frames=AgUiRun(body))
    return StreamingResponse(answer, headers=answer.headers)


if __name__ == "__main__":
    if not os.environ.get("OPENAI_API_KEY"):
        dialect = OpenAI(Playground().start().openai_url, "any-key", "playground")
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")), timeout_graceful_shutdown=5)
