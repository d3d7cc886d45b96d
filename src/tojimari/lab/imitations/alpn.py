"""A TLS server that hangs up unless HTTP/2 is agreed on, as servers of gRPC in Go do.

It then sends an empty SETTINGS frame and waits. Source: RFC 9113, sections 3.4 and 6.5; grpc-go's
release notes 1.67: connections without ALPN are refused.
"""

import argparse
import asyncio
import contextlib
import ssl
from pathlib import Path

SETTINGS = bytes.fromhex("000000040000000000")  # length 0, type 4, no flags, stream 0
PATIENCE = 10.0  # seconds


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    inside: object = writer.get_extra_info("ssl_object")
    agreed = isinstance(inside, ssl.SSLObject) and inside.selected_alpn_protocol() == "h2"
    with contextlib.suppress(OSError, TimeoutError):
        if agreed:
            writer.write(SETTINGS)
            await writer.drain()
            await asyncio.wait_for(reader.read(4096), PATIENCE)
    writer.close()


async def serve(port: int, certificate: Path, key: Path) -> None:
    """Listen at a port, in both families, until ended."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    server = await asyncio.start_server(_serve, None, port, ssl=context)
    await server.serve_forever()


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("--key", type=Path, required=True)
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.certificate, given.key))


if __name__ == "__main__":
    main()
