"""Two services, for every client of OpenAI, at the base URL http://localhost:8000/v1.

    pip install "suggestions-sdk[playground]" uvicorn
    uvicorn --app-dir examples openai_proxy:app
    curl -N localhost:8000/v1/chat/completions -H 'Authorization: Bearer my-key' \
        -d '{"model": "smart", "messages": [{"role": "user", "content": "A haiku"}]}'

Both services are the playground, a model on this machine.
"""

import os

from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.playground import Playground
from suggestions.relay import openai_endpoint

playground = Playground().start()
app = openai_endpoint(
    models={
        "fast": Ollama(playground.ollama_url, model="playground"),
        "smart": Anthropic(playground.anthropic_url, "any-key", "playground"),
    },
    authorize=lambda key: key == os.environ.get("PROXY_KEY", "my-key"),
)
