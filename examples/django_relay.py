"""A backend that passes a model's answer on to browsers, with Django.

    pip install "suggestions-sdk[playground]" django
    python examples/django_relay.py
    curl -N localhost:8000/ask -H 'Content-Type: application/json' -d '{"prompt": "A haiku"}'

`OPENAI_API_KEY`, `OPENAI_BASE_URL` and `AI_MODEL_NAME` name the service; without a key, it asks the
playground, a model on this machine.
"""

import os

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground
from suggestions.relay import BadRequest, build_messages, json_object, relay

settings.configure(DEBUG=True, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
dialect = None


def save(text):
    print(f"an answer of {len(text)} characters")


@csrf_exempt
@require_POST
def ask(request):
    try:
        prompt = json_object(request.body).get("prompt")
        messages = build_messages(prompt, system="You answer briefly.")
        answer = relay(messages, dialect=dialect, error_context="ask", on_complete=save)
    except BadRequest as error:
        return JsonResponse({"error": str(error)}, status=400)
    # Under ASGI: StreamingHttpResponse(aiter(answer), headers=answer.headers)
    return StreamingHttpResponse(answer, headers=answer.headers)


urlpatterns = [path("ask", ask)]

if __name__ == "__main__":
    if not os.environ.get("OPENAI_API_KEY"):
        dialect = OpenAI(Playground().start().openai_url, "any-key", "playground")
    port = os.environ.get("PORT", "8000")
    execute_from_command_line(["django_relay", "runserver", "--noreload", port])
