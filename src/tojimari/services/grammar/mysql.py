"""Server versions in MySQL's greeting: a number, then what builders put behind it.

MariaDB writes ``5.5.5-`` before its own number, so that old replicas accept it. Percona counts its
own releases behind the number.
"""

import re

from tojimari.services.grammar.software import Software, short

NUMBER = re.compile(
    r"(?P<version>[0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)?(?:[a-z](?![a-z])|sp[0-9])?(?:-[0-9]+(?=\+))?)(?P<rest>.*)",
    re.DOTALL,
)
OF_MARIADB = "5.5.5-"
MAXSCALE = re.compile(r"(?P<version>[0-9][0-9.]*)-maxscale", re.IGNORECASE)
MARIADB = re.compile(r"(?P<version>[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9]{1,2}(?=-))?)-MariaDB")
PERCONA = re.compile(r"-(?:rel)?[0-9]{1,2}\.[0-9]+(?:[-.]|$)")
PERCONA_REL = re.compile(r"-rel[0-9.]+")
OTHERS = (("TiDB", "PingCAP", "TiDB"), ("Vitess", "Vitess", "Vitess"))
"""Those that speak MySQL's tongue, tell its version, and their own behind it."""

DISTRIBUTION = re.compile(
    r"[-+~_:]?(?P<hint>[0-9.+~:]*(?:ubuntu|debian|deb|maria~|fedora|el|centos|suse|mga)[\w.~+-]*)",
    re.IGNORECASE,
)


@short
def product(text: str) -> Software | None:
    """The software of a server version.

    Args:
        text: ``8.0.36-0ubuntu0.22.04.1``, ``5.5.5-10.6.16-MariaDB-0ubuntu0.22.04.1-log``.
    """
    proxy = MAXSCALE.search(text)
    if proxy is not None:
        return Software("MariaDB", "MaxScale", proxy["version"])
    mariadb = "maria" in text.lower()
    own = (
        text.removeprefix(OF_MARIADB)
        if mariadb or NUMBER.match(text.removeprefix(OF_MARIADB))
        else text
    )
    number = NUMBER.match(own)
    if number is None:
        return None
    rest = number["rest"]
    hint = DISTRIBUTION.search(rest)
    told = hint["hint"] if hint else None
    if mariadb:
        named = MARIADB.search(own)
        if named is not None:
            return Software("MariaDB", "MariaDB", named["version"], told)
        return Software("MariaDB", "MariaDB", number["version"], told)
    for word, vendor, product_name in OTHERS:
        other = re.search(rf"{word}(?:-v?(?P<version>[0-9][0-9.]*[0-9]))?", rest, re.IGNORECASE)
        if other is not None:
            return Software(vendor, product_name, other["version"] or number["version"], told)
    if "tokudb" in rest.lower():
        return Software("Tokutek", "MariaDB", number["version"], told)
    if "percona" in rest.lower() or PERCONA.match(rest):
        release = PERCONA_REL.match(rest)
        version = number["version"] + (release.group() if release else "")
        return Software("Percona", "Percona Server", version, told)
    return Software("Oracle", "MySQL", number["version"], told)
