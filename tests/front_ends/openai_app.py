"""An `openai_endpoint` in front of the playground at `PLAYGROUND`, and of the server at `HELD`."""

from __future__ import annotations

import os
from typing import Any

from suggestions.dialects import Dialect
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.relay import openai_endpoint

PLAYGROUND, MODEL = os.environ["PLAYGROUND"], "playground"


def openai(query: str = "", **parameters: Any) -> Dialect:
    return OpenAI(f"{PLAYGROUND}/v1{query}", "any", MODEL, **parameters)


async def authorize(key: str) -> bool:
    return key == "right"


app = openai_endpoint(
    models={
        "openai": openai(),
        "anthropic": Anthropic(PLAYGROUND, "any", MODEL),
        "ollama": Ollama(PLAYGROUND, None, MODEL),
        "responses": Responses(f"{PLAYGROUND}/v1", "any", MODEL),
        "held": OpenAI(os.environ["HELD"], "any", MODEL),
        **{
            f"fail-{name}": openai(f"?fail={name}")
            for name in ("401", "404", "429", "503", "context", "insufficient_quota", "cut")
        },
    },
    authorize=authorize,
    heartbeat=0.2,
)
