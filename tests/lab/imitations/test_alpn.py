import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest

from tojimari.lab.imitations import alpn

pytestmark = pytest.mark.usefixtures("network")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate and its key, signed by itself."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-subj", "/CN=lab.example"),
            *("-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", "k", "-out", "c"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    return tmp_path / "c", tmp_path / "k"


async def greeted(certificate: tuple[Path, Path], protocols: list[str]) -> bytes:
    """What the server says to a client that speaks some protocols."""
    serving = asyncio.ensure_future(alpn.serve(9102, *certificate))
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    for _ in range(1000):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", 9102, ssl=context)
        except ConnectionRefusedError:
            await asyncio.sleep(0)
            continue
        break
    else:
        pytest.fail("nobody listens")
    heard = await reader.read(9)
    writer.close()
    await writer.wait_closed()
    serving.cancel()
    return heard


def test_http2_is_greeted_with_settings(certificate: tuple[Path, Path]) -> None:
    assert asyncio.run(greeted(certificate, ["h2"])) == bytes.fromhex("000000040000000000")


@pytest.mark.parametrize("protocols", [[], ["http/1.1"]])
def test_anybody_else_is_left_standing(
    certificate: tuple[Path, Path], protocols: list[str]
) -> None:
    assert asyncio.run(greeted(certificate, protocols)) == b""


def test_it_listens_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[tuple[int, Path, Path]] = []

    async def serve(port: int, certificate: Path, key: Path) -> None:
        served.append((port, certificate, key))

    monkeypatch.setattr(alpn, "serve", serve)
    monkeypatch.setattr(
        "sys.argv", ["alpn", "--port", "40003", "--certificate", "/c", "--key", "/k"]
    )
    alpn.main()
    assert served == [(40003, Path("/c"), Path("/k"))]
