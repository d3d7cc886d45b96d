"""The variables of an NTP server (RFC 9327, section 4): ``name=value`` with commas between."""

import re

from tojimari.core.message import Value
from tojimari.services.grammar.software import Software, short

PAIR = re.compile(r'(?P<name>[A-Za-z_]+)=(?:"(?P<quoted>[^"]*)"|(?P<bare>[^,]*))')
DAEMON = re.compile(r"(?P<name>[A-Za-z][\w ]*?)(?: version =)? +(?P<version>[0-9][\w.@+:-]*)")
SHOWN = ("version", "system", "processor", "stratum", "refid")


def parsed(text: str) -> dict[str, str]:
    """The variables by name."""
    return {
        found["name"]: (found["quoted"] if found["quoted"] is not None else found["bare"]).strip()
        for found in PAIR.finditer(text)
    }


def variables(text: str) -> dict[str, Value]:
    """Those that a person wants to know, as details."""
    found = parsed(text)
    return {f"ntp-{name}": found[name] for name in SHOWN if name in found and name != "stratum"}


@short
def product(text: str) -> Software | None:
    """The software that the variables name.

    Args:
        text: ``version="ntpd 4.2.8p15@1.3728-o …", processor="x86_64", …``.
    """
    found = parsed(text)
    version = found.get("version", "")
    daemon = DAEMON.match(version)
    if daemon is not None:
        name = daemon["name"].strip()
        if name.startswith("Domain Time"):
            return Software("Greyware Automation Products, Inc.", name, daemon["version"])
        product_name = "NTPsec" if "ntpsec" in version.lower() else "NTP"
        return Software(None, product_name, daemon["version"])
    return Software(None, "NTP") if "leap" in found and "stratum" in found else None
