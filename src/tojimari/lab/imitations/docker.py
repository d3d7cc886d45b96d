"""Imitates an unprotected Docker Engine: ``/_ping``, ``/version`` and the list of containers.

Source: Docker Engine API v1.41, "Ping", "Get version", "List containers". Nothing runs behind it.
"""

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = "20.10.24"
API = "1.41"

_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"

_VERSION = {
    "Platform": {"Name": ""},
    "Version": VERSION,
    "ApiVersion": API,
    "MinAPIVersion": "1.12",
    "Os": "linux",
    "Arch": "amd64",
}

ANSWERS = {
    "/_ping": (_TEXT, "OK"),
    "/version": (_JSON, json.dumps(_VERSION)),
    "/containers/json": (_JSON, "[]\n"),
}


class Handler(BaseHTTPRequestHandler):
    """Answers with the lines that the engine puts at the top of each answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer one of the known paths, or 404."""
        known = ANSWERS.get(self.path)
        missing = json.dumps({"message": "page not found"})
        kind, text = known if known is not None else (_JSON, missing)
        body = text.encode()
        self.send_response_only(404 if known is None else 200)
        self.send_header("Api-Version", API)
        self.send_header("Content-Type", kind)
        self.send_header("Docker-Experimental", "false")
        self.send_header("Ostype", "linux")
        self.send_header("Server", f"Docker/{VERSION} (linux)")
        self.send_header("Date", self.date_time_string())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its signature
        """Say nothing."""


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=2375)
    port: int = parser.parse_args().port
    ThreadingHTTPServer(("", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
