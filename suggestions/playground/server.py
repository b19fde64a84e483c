"""Serves the playground from a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from ipaddress import ip_address
from types import TracebackType

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from ..relay.stores import Store
from .app import create_app, is_local
from .jetpack import PATH as JETPACK_PATH
from .plain_streams import JSON_PATH, LINES_PATH, RAW_PATH, TEXT_PATH
from .relay import PATH as RELAY_PATH

_logger = logging.getLogger("suggestions")
_POLL = 0.05  # seconds until the accepting thread sees that it is to stop
_STOP_TIMEOUT = 5.0  # seconds, for the threads
# Seconds for the next bytes of a request, and for a client to take the next of an answer. A client
# that has gone without a word would hold its thread for ever.
_PATIENCE = 60.0


class Playground:
    """The playground on a port of this machine, a free one by default; a context manager.

    `pace` is the mean time between two tokens in seconds; with a `token`, requests must carry it.
    `store` keeps the answers of its page; without it they are kept in memory.
    If `host` is an address of this machine alone, web pages of other hosts are refused.
    """

    __module__ = __name__.rpartition(".")[0]

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        pace: float = 0.03,
        store: Store | None = None,
    ) -> None:
        self._address = (host, port)
        self._app = create_app(token=token, pace=pace, local=is_local(host), store=store)
        self._server: WSGIServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Playground:
        """Listens, and serves from a daemon thread. Raises `OSError` if the port is taken.

        Logs a warning if other machines can reach it.
        """
        if self._server is not None:
            raise RuntimeError("the playground is already running")
        server = self._server = listen(*self._address, self._app)
        if not ip_address(str(server.server_address[0])).is_loopback:
            _logger.warning(
                "Warning: other machines can reach %s. The playground is for "
                "trying things out, not for an open network.",
                self._address[0] or "every address",
            )
        self._thread = threading.Thread(
            target=server.serve_forever, args=(_POLL,), name="playground", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Closes the port and every open connection, and waits for their threads to end."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is None or thread is None:
            return
        server.shutdown()
        thread.join(_STOP_TIMEOUT)
        server.close_connections(_STOP_TIMEOUT)

    def wait(self) -> None:
        """Blocks until the playground is stopped, by another thread or by Ctrl-C."""
        thread = self._thread
        while thread is not None and thread.is_alive():
            # On Windows, Ctrl-C does not interrupt a wait without a timeout.
            thread.join(0.5)

    @property
    def url(self) -> str:
        """Its address, like `http://127.0.0.1:49152`. Raises `RuntimeError` if it does not run."""
        if self._server is None:
            raise RuntimeError("the playground is not running: call start(), or use `with`")
        host = self._address[0]
        return f"http://{f'[{host}]' if ':' in host else host}:{self._server.port}"

    @property
    def page_url(self) -> str:
        """The page on which to ask, with the answer and its events."""
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
        """The base URL of Anthropic's API; `/v1/messages` follows it."""
        return self.url

    @property
    def ollama_url(self) -> str:
        """The base URL of Ollama's API; `/api/chat` follows it."""
        return self.url

    @property
    def chatbot_url(self) -> str:
        """The base URL of the chatbot backend; `/auth` follows it.

        Its users are "demo" and "expired"; their passwords are their names. The tokens of "expired"
        have expired already.
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
        """The full address that sends `{"message": text}`, one a line."""
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
    store: Store | None = None,
    ready: Callable[[Playground], object] = lambda playground: None,
) -> None:
    """Serves until Ctrl-C, and prints nothing. Calls `ready(playground)` once the port listens.

    The other arguments are those of `Playground`. Raises `OSError` if the port is taken.
    """
    with (
        contextlib.suppress(KeyboardInterrupt),
        Playground(host=host, port=port, token=token, pace=pace, store=store) as playground,
    ):
        ready(playground)
        playground.wait()


def listen(host: str, port: int, app: Flask) -> WSGIServer:
    """A server that listens already; port 0: a free one. Raises `OSError` if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=128) as listener:
        return WSGIServer(listener, app)


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE
    # Each chunk is sent in four small writes, which must not wait for an ACK in between.
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: object) -> None:
        """Logs no request. The server still reports an error in the playground itself."""


class WSGIServer(ThreadedWSGIServer):
    """Serves on a copy of `listener`, and keeps its open connections, to close them."""

    def __init__(self, listener: socket.socket, app: Flask) -> None:
        # If the address were taken, werkzeug itself would print that and end the program.
        host, port = listener.getsockname()[:2]
        super().__init__(host, port, app, _Handler, fd=listener.fileno())
        self._open: dict[threading.Thread, socket.socket] = {}

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Handles a request on a thread of its own. Only the accepting thread calls this."""
        assert isinstance(request, socket.socket)
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="playground-request",
            daemon=True,
        )
        self._open = {t: connection for t, connection in self._open.items() if t.is_alive()}
        self._open[thread] = request
        thread.start()

    def close_connections(self, timeout: float) -> None:
        """Closes every open connection, which wakes its thread, and waits `timeout` seconds."""
        for connection in self._open.values():
            with contextlib.suppress(OSError):  # it is closed already
                connection.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + timeout
        for thread in self._open:
            thread.join(max(0.0, deadline - time.monotonic()))
