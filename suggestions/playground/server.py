"""Serves the playground from a thread of its own, and hangs up when told to."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from ipaddress import ip_address
from types import TracebackType

from .app import create_app
from .jetpack import PATH as JETPACK_PATH
from .local_only import is_local
from .plain import JSON_PATH, LINES_PATH, RAW_PATH, TEXT_PATH
from .relay import PATH as RELAY_PATH
from .wsgi import WSGIServer, listen

_logger = logging.getLogger("suggestions")
_POLL = 0.05  # seconds until the accepting thread sees that it is to stop
_PATIENCE = 5.0  # seconds that stop() grants the threads


class Playground:
    """The playground on a port of this machine, a free one by default; a context manager.

    `pace` is the mean time between two tokens in seconds; with a `token`, requests must carry it.
    As long as `host` is an address of this machine alone, web pages of other hosts are refused.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        pace: float = 0.03,
    ) -> None:
        self._address = (host, port)
        self._app = create_app(token=token, pace=pace, local=is_local(host))
        self._server: WSGIServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Playground:
        """Listen, and serve from a daemon thread. Raises `OSError` when the port is taken.

        Logs a warning where other machines can reach it.
        """
        if self._server is not None:
            raise RuntimeError("the playground is already running")
        server = self._server = listen(*self._address, self._app)
        if not ip_address(str(server.server_address[0])).is_loopback:
            _logger.warning(
                "Warning: %s can be reached from other machines. The playground is made for "
                "trying things, not for an open network.",
                self._address[0] or "every address",
            )
        self._thread = threading.Thread(
            target=server.serve_forever, args=(_POLL,), name="playground", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and every open connection, and wait for their threads to end."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is None or thread is None:
            return
        server.shutdown()
        thread.join(_PATIENCE)
        server.hang_up(_PATIENCE)

    def wait(self) -> None:
        """Block until the playground is stopped, by another thread or by Ctrl-C."""
        thread = self._thread
        while thread is not None and thread.is_alive():
            # On Windows, Ctrl-C does not interrupt a wait that has no limit.
            thread.join(0.5)

    @property
    def url(self) -> str:
        """Where it listens, like `http://127.0.0.1:49152`; `RuntimeError` while it does not."""
        if self._server is None:
            raise RuntimeError("the playground is not running: call start(), or use `with`")
        host = self._address[0]
        return f"http://{f'[{host}]' if ':' in host else host}:{self._server.port}"

    @property
    def page_url(self) -> str:
        """The page that asks, and shows the answer and its events."""
        return f"{self.url}/"

    @property
    def openai_url(self) -> str:
        """The base URL for an OpenAI client."""
        return f"{self.url}/v1"

    @property
    def jetpack_url(self) -> str:
        """The full address of Jetpack AI's endpoint."""
        return f"{self.url}{JETPACK_PATH}"

    @property
    def responses_url(self) -> str:
        """The base URL for the Responses API, the same as for an OpenAI client."""
        return self.openai_url

    @property
    def anthropic_url(self) -> str:
        """The base URL of Anthropic's API, where `/v1/messages` is."""
        return self.url

    @property
    def ollama_url(self) -> str:
        """The base URL of Ollama's API, where `/api/chat` is."""
        return self.url

    @property
    def chatbot_url(self) -> str:
        """The base URL of the chatbot backend, where `/auth` is.

        Its users are "demo", and "expired" whose tokens are just that; their passwords are their
        names.
        """
        return self.url

    @property
    def relay_url(self) -> str:
        """The full address of the relay that sends frames with a type."""
        return f"{self.url}{RELAY_PATH}"

    @property
    def text_url(self) -> str:
        """The full address that sends text as the data of server-sent events."""
        return f"{self.url}{TEXT_PATH}"

    @property
    def raw_url(self) -> str:
        """The full address that sends text without any framing."""
        return f"{self.url}{RAW_PATH}"

    @property
    def json_url(self) -> str:
        """The full address that sends `{"message": text}` as the data of server-sent events."""
        return f"{self.url}{JSON_PATH}"

    @property
    def json_lines_url(self) -> str:
        """The full address that sends `{"message": text}` a line each."""
        return f"{self.url}{LINES_PATH}"

    def __enter__(self) -> Playground:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def serve_forever(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    pace: float = 0.03,
    ready: Callable[[Playground], object] = lambda playground: None,
) -> None:
    """Serve until Ctrl-C, and print nothing; `ready(playground)` is called once the port listens.

    The other arguments are those of `Playground`.

    Raises `OSError` when the port is taken.
    """
    with (
        contextlib.suppress(KeyboardInterrupt),
        Playground(host=host, port=port, token=token, pace=pace) as playground,
    ):
        ready(playground)
        playground.wait()
