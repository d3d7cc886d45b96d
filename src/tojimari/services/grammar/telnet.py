"""What a telnet server shows before anybody logs in: the system's own words, when any."""

from tojimari.services.grammar import names, versions
from tojimari.services.grammar.software import Software, short

DISTRIBUTIONS = ("Debian GNU/Linux", "Ubuntu", "Fedora", "CentOS", "Red Hat", "Raspbian", "Alpine")


@short
def product(text: str) -> Software | None:
    """The software of a greeting; None where it names none."""
    match = names.find(text, "telnet")
    if match is None:
        return None
    return Software(match.name.vendor, match.name.product, versions.after(text, match.end))


def system(text: str) -> str | None:
    """The operating system that the greeting names: ``Debian GNU/Linux 12``."""
    for line in text.splitlines():
        for name in DISTRIBUTIONS:
            if line.strip().startswith(name):
                version = versions.after(line, line.index(name) + len(name), words=0)
                return f"{name} {version}" if version else name
    return None
