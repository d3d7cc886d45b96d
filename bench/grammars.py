"""How many products and versions the grammars get right, by the kind of banner.

    bench/grammars.py EXAMPLES.jsonl [-v]

Each line of the file is an example: ``file`` names the kind of field, ``text`` is the field,
``expect_full`` holds ``service.product`` and
``service.version`` where the field states them.

A product is right where its name and the expected one have the same letters and digits, or one
holds the other; a version is right where it is the same text, or the expected one with more of
the builder's words behind it.
"""

import argparse
import importlib
import json
from collections import Counter
from pathlib import Path

FILES = {
    "ssh_banners": "ssh",
    "ftp_banners": "ftp",
    "smtp_banners": "smtp",
    "pop_banners": "pop3",
    "imap_banners": "imap",
    "http_servers": "http",
    "dns_versionbind": "dns",
    "mysql_banners": "mysql",
    "ntp_banners": "ntp",
    "sip_banners": "sip",
    "sip_user_agents": "sip",
    "rtsp_servers": "rtsp",
    "nntp_banners": "nntp",
    "telnet_banners": "telnet",
    "smb_native_lm": "smb",
    "x11_banners": "x11",
    "ldap_searchresult": "ldap",
    "html_title": "title",
    "snmp_sysdescr": "snmp",
}


def letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def same(got: str, expected: str, vendor: str) -> bool:
    one, other = letters(got), letters(expected)
    whole = letters(vendor) + other
    return one in {other, whole} or (len(one) > 3 and (one in whole or other in one))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", type=Path)
    parser.add_argument("-v", action="store_true", help="print what is wrong")
    parser.add_argument("--only", default="", help="one kind of banner")
    chosen = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    for line in chosen.examples.read_text("utf-8").splitlines():
        example = json.loads(line)
        kind = example["file"]
        expected = example["expect_full"].get("service.product")
        if kind not in FILES or (chosen.only and kind != chosen.only):
            continue
        text = example["text"]
        try:
            grammar = importlib.import_module(f"tojimari.services.grammar.{FILES[kind]}")
        except ModuleNotFoundError:
            counts[kind, "no grammar"] += 1
            continue
        found = grammar.product(text)
        if expected is None:
            counts[kind, "none expected"] += 1
            counts[kind, "none, but named"] += found is not None
            continue
        vendor = example["expect_full"].get("service.vendor", "")
        counts[kind, "products"] += 1
        right = found is not None and same(found.product, expected, vendor)
        counts[kind, "product"] += right
        counts[kind, "exact"] += found is not None and found.product == expected
        version = example["expect_full"].get("service.version")
        version_right = True
        if version is not None:
            counts[kind, "versions"] += 1
            got = found.version if found is not None else None
            version_right = got is not None and (got == version or letters(got) == letters(version))
            counts[kind, "version"] += version_right
        if chosen.v and not (right and version_right):
            print(f"{kind}: {text[:90]!r} expected {expected!r} {version!r}, got {found}")
    kinds = sorted({kind for kind, _ in counts})
    heads = f"{'products':>8} {'right':>7} {'exact':>7} {'versions':>8} {'right':>7}"
    print(f"{'kind':18} {heads}  no product expected, but named")
    total: Counter[str] = Counter()
    for kind in kinds:
        row = {
            name: counts[kind, name]
            for name in ("products", "product", "exact", "versions", "version")
        }
        total.update(row)
        print_row(
            kind, row, f"{counts[kind, 'none, but named']} of {counts[kind, 'none expected']}"
        )
    print_row("together", dict(total), "")


def print_row(kind: str, row: dict[str, int], rest: str) -> None:
    def share(part: str, whole: str) -> str:
        return f"{row[part] / row[whole]:7.1%}" if row[whole] else "      -"

    print(
        f"{kind:18} {row['products']:8} {share('product', 'products')} {share('exact', 'products')}"
        f" {row['versions']:8} {share('version', 'versions')}  {rest}"
    )


if __name__ == "__main__":
    main()
