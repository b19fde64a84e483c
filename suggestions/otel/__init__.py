"""OpenTelemetry: a span for each answer, and the metrics of it, by the GenAI conventions.

It needs `opentelemetry-api`; what is recorded goes to the providers that the program has set up.
"""

try:
    from .watcher import Instrumentation, instrument, uninstrument
except ModuleNotFoundError as missing:
    if not (missing.name or "").startswith("opentelemetry"):
        raise
    raise ImportError(
        "suggestions.otel needs opentelemetry-api: install `suggestions-sdk[otel]`"
    ) from missing

__all__ = ["Instrumentation", "instrument", "uninstrument"]
