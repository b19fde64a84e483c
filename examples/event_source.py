"""Follows a stream of named events as a browser would, over a server that hangs up now and then.

    pip install suggestions-sdk
    python examples/event_source.py

The server is a part of this program: no key, no network. It sends a price each half second and
ends the connection after every third; nothing is lost, as it goes on after `Last-Event-ID`.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from suggestions import EventSource

PRICES = [101, 104, 99, 97, 103, 108, 110, 107]


class Prices(BaseHTTPRequestHandler):
    def do_GET(self):
        first = int(self.headers.get("Last-Event-ID", -1)) + 1
        if first == len(PRICES):
            self.send_response(204)  # the standard's way to say: do not come back
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b": welcome\nretry: 500\n\n")
        for number in range(first, min(first + 3, len(PRICES))):
            time.sleep(0.5)
            data = json.dumps({"price": PRICES[number]})
            self.wfile.write(f"id: {number}\nevent: price\ndata: {data}\n\n".encode())

    def log_message(self, *_):
        pass


def main(url):
    closed = threading.Event()
    source = EventSource(url, read_timeout=30, start=False)

    @source.on("open")
    def opened(source, event):
        print(f"connected, status {event.detail.status}, after event {source.last_event_id!r}")

    @source.on("comment")
    def comment(source, event):
        print(f"  the server remarks: {event.detail}")

    @source.on("price")
    def show(source, event):
        print(f"  {event.detail.last_event_id}: {event.detail.json()['price']}")

    @source.on("error")
    def failed(source, event):
        if source.ready_state == EventSource.CLOSED:
            print(f"closed: {event.detail}")
            closed.set()
        else:
            print(f"lost: {event.detail} Again in {event.detail.retry_after:.1f} s.")

    source.start()
    with source:
        closed.wait()


with ThreadingHTTPServer(("127.0.0.1", 0), Prices) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    main(f"http://127.0.0.1:{server.server_port}/prices")
    server.shutdown()
