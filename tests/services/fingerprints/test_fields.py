"""What a file of fingerprints is for is a detail that the protocols tell."""

import pytest

from recordings import ALL
from tojimari.services.fingerprints.fields import FIELDS

# Told only by servers of which there is no recording that tells it.
UNRECORDED = {
    *("mysql.error", "ntp.readvar", "rtsp_header.server", "sip_header.server"),
    *("sip_header.user_agent", "http_header.wwwauth", "http_header.x-powered-by"),
}
FOR_ALL = {"x509.subject", "x509.issuer"}  # of the handshake, which is no dialogue's


@pytest.mark.parametrize("key", sorted(set(FIELDS) - UNRECORDED - FOR_ALL))
def test_a_recorded_server_tells_it(key: str) -> None:
    services = [one.replayed(one.spoken) for one in ALL]
    assert [one for one in services if one is not None and FIELDS[key].of(one)]
