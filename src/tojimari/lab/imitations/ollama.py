"""Imitates the public answers of an Ollama server that has one model: ``/``, version and tags.

Source: Ollama's API documentation (docs/api.md): "List Local Models", "Version". No model runs.
"""

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = "0.9.0"

_JSON = "application/json; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"

_MODEL = {
    "name": "practice:latest",
    "model": "practice:latest",
    "modified_at": "2025-06-01T00:00:00Z",
    "size": 1_000_000,
    "digest": "0" * 64,
    "details": {
        "format": "gguf",
        "family": "llama",
        "families": ["llama"],
        "parameter_size": "1M",
        "quantization_level": "Q4_0",
    },
}

ANSWERS = {
    "/": (_TEXT, "Ollama is running"),
    "/api/version": (_JSON, json.dumps({"version": VERSION}, separators=(",", ":"))),
    "/api/tags": (_JSON, json.dumps({"models": [_MODEL]}, separators=(",", ":"))),
}


class Handler(BaseHTTPRequestHandler):
    """Answers as Go's HTTP server does: no ``Server`` line."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer one of the known paths, or 404."""
        kind, text = ANSWERS.get(self.path, (_TEXT, "404 page not found"))
        body = text.encode()
        self.send_response_only(200 if self.path in ANSWERS else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Date", self.date_time_string())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the same

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its signature
        """Say nothing."""


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=11434)
    port: int = parser.parse_args().port
    ThreadingHTTPServer(("", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
