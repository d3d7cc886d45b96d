"""The LAN manager string of an SMB server (MS-CIFS, section 2.2.4.53.2): name and version."""

from tojimari.services.grammar import names, versions
from tojimari.services.grammar.software import Software, short


@short
def product(text: str) -> Software | None:
    """The software of a LAN manager string: ``Samba 3.6.9-151.el6``."""
    match = names.find(text, "smb")
    if match is None:
        return None
    version = versions.after(text, match.end, words=0)
    if version is not None and version.partition("-")[2][:1].isdigit():
        version = version.partition("-")[0]
    return Software(match.name.vendor, match.name.product, version)
