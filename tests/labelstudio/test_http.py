"""Requests: prefetching, and every failure as one line without the token."""

import http.server
import socket
import threading

import pytest

from annotate.errors import CannotRun
from annotate.labelstudio import server
from annotate.labelstudio.client import Studio
from annotate.labelstudio.http import LOCAL, ServerAddress, prefetch


def test_prefetch_keeps_items_and_their_order() -> None:
    assert list(prefetch(iter(range(1000)))) == list(range(1000))
    assert list(prefetch(iter([None, None]))) == [None, None]
    assert list(prefetch(iter(()))) == []


def test_prefetch_raises_where_the_item_would_be() -> None:
    items = prefetch(1 // number for number in (1, 0))
    assert next(items) == 1
    with pytest.raises(ZeroDivisionError):
        next(items)


def test_unreachable_server_is_one_line() -> None:
    with (
        Studio(ServerAddress("http://127.0.0.1:1", "x", "a-secret"), timeout=5) as studio,
        pytest.raises(CannotRun) as caught,
    ):
        studio.find_projects("Port news")
    assert "cannot be reached" in str(caught.value)
    assert "a-secret" not in str(caught.value)
    with pytest.raises(CannotRun, match="cannot be reached"), Studio(ServerAddress("no address", "x", "k")) as studio:
        studio.find_projects("Port news")


class Page(http.server.BaseHTTPRequestHandler):
    """Another web server, which answers every request with a page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Welcome</html>")

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_other_web_server_is_reported() -> None:
    with http.server.HTTPServer((server.HOST, 0), Page) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        where = ServerAddress(f"http://{server.HOST}:{other.server_port}", LOCAL, "k")
        try:
            with Studio(where) as studio, pytest.raises(CannotRun, match="is not Label Studio"):
                studio.find_projects("Port news")
        finally:
            other.shutdown()
            thread.join()


def test_silent_server_times_out() -> None:
    with socket.socket() as silent:
        silent.bind((server.HOST, 0))
        silent.listen()
        where = ServerAddress(f"http://{server.HOST}:{silent.getsockname()[1]}", LOCAL, "k")
        with Studio(where, timeout=0.2) as studio, pytest.raises(CannotRun, match="does not answer in time"):
            studio.find_projects("Port news")
