"""A backend whose answers survive a reload, a lost network, and the death of a worker.

`REDIS_URL` names the Redis that its workers share. Without it, answers are kept in memory: then
there must be one worker. `OPENAI_BASE_URL` names the service.
"""

import os
from pathlib import Path

from fastapi import FastAPI, Header, Response
from fastapi.responses import FileResponse, StreamingResponse

from suggestions.relay import BadRequest, bad_request, build_messages, follow, relay, stop
from suggestions.relay.stores import MemoryStore, RedisStore

app = FastAPI()
app.add_exception_handler(BadRequest, bad_request)  # status 400, and what is wrong
store = RedisStore(os.environ["REDIS_URL"]) if "REDIS_URL" in os.environ else MemoryStore()


@app.get("/")
def page():
    return FileResponse(Path(__file__).with_name("page.html"))


@app.get("/answers/{id}")
def answer(id: str, prompt: str | None = None, last_event_id: str | None = Header(None)):
    """With a prompt, it asks; but only once, however often the browser comes back."""
    if prompt is not None:
        response = relay(
            build_messages(prompt, system="You answer briefly."),
            store=store,
            id=id,  # who may read it: see docs/stores.md
            last_event_id=last_event_id,
        )
    else:
        response = follow(id, last_event_id, store=store)
    headers = {**response.headers, "X-Worker": str(os.getpid())}
    return StreamingResponse(response, status_code=response.status, headers=headers)


@app.delete("/answers/{id}")
def stop_answer(id: str):
    return Response(status_code=204 if stop(id, store=store) else 404)
