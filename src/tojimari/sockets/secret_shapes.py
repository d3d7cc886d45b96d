"""Secrets that are known by the text around them, or by their own shape.

A password in an address, a token in a header, a key that begins as all keys of its maker do: these
are found wherever they stand in a word. What an option's name says is the business of
``secrets``.

Patterns are kept as text and compiled by ``re`` when first needed, since most command lines need
none. They are linear in the length of the text, for a process chooses its own command line: what
repeats is possessive, or bounded, or cannot meet itself. Only single characters are possessive,
never a group: Python before 3.11.5 matches such groups wrongly (CPython gh-106052).
"""

import re
from collections.abc import Callable, Sequence

MASK = "***"

IN_URL = r"(?P<head>://[^\s/@:\"'?#]{0,256}:)[^\s/\"'?#]{1,512}(?=@)"
ALONE_IN_URL = r"(?P<head>://)[A-Za-z0-9_-]{20,512}+(?=@)"
IN_QUERY = r"(?P<head>[?&;](?P<key>[\w.-]{1,80}+)=)[^&;#\s\"']++"
# Go's database drivers: user:password@tcp(host:port)/name
DATA_SOURCE = r"(?P<head>(?<![\w./-])[\w.-]{1,64}+:)[^\s@]{1,256}+(?=@(?:tcp|unix)\()"
# The scheme, once found, is not given back to be masked with nothing behind it. A lookahead is left
# for good and the reference takes just what it saw, as an atomic group would.
HEADER = (
    r"(?P<head>\b(?:(?:proxy-)?authorization|(?:set-)?cookie|private-token"
    r"|x-(?:[a-z]{1,20}-){0,4}(?:token|key|secret|auth|password)(?:-[a-z]{1,20}){0,2})"
    r"\s{0,8}+[:=]\s{0,8}+"
    r"(?=(?P<scheme>(?:(?:bearer|basic|token|digest|negotiate|apikey|aws4-hmac-sha256)\s{1,8}+)?))"
    r"(?P=scheme))[^\"']++"
)
BEARER = r"(?P<head>\bbearer\s{1,8}+)[\w.~+/=-]{8,}+"
QUOTED_PAIR = (
    r"(?P<head>[\"'](?P<key>[\w.-]{1,80}+)[\"']\s{0,8}+:\s{0,8}+(?P<quote>[\"']))"
    r"(?:[^\"'\\]++|(?!(?P=quote))[\"']|\\.)+"
)
SHAPES = (
    r"\beyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+)*"  # JWT (RFC 7519)
    r"|\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"  # AWS IAM identifiers
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}+|\bgithub_pat_\w{22,}+|\bglpat-[\w-]{20,}+"
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}+|\bxapp-[A-Za-z0-9-]{10,}+"  # Slack
    r"|\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}+|\bwhsec_[A-Za-z0-9]{16,}+"  # Stripe
    r"|\bsk-[\w-]{20,}+|\bhf_[A-Za-z0-9]{30,}+"
    r"|\bAIza[\w-]{35}|\bya29\.[\w-]{20,}+"  # Google
    r"|\bnpm_[A-Za-z0-9]{36}|\bpypi-[\w-]{30,}+"
    r"|\bhv[sbr]\.[\w-]{20,}+|\bdop_v1_[0-9a-f]{64}|\btskey-[\w-]{16,}+|\bdckr_pat_[\w-]{20,}+"
    r"|\bSG\.[\w-]{16,}+\.[\w-]{16,}+|\b\d{8,10}:AA[\w-]{33}\b"  # SendGrid, Telegram
    r"|\bK10[0-9a-f]{64}::[\w:-]++"  # k3s
    r"|(?<=hooks\.slack\.com/services/)[\w/]++"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*"
)
# One of these stands in every text that SHAPES finds something in.
SHAPE_MARKS = (
    *("eyJ", "AKIA", "ASIA", "ABIA", "ACCA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat"),
    *(
        "glpat-",
        "xox",
        "xapp-",
        "_live_",
        "_test_",
        "whsec_",
        "sk-",
        "hf_",
        "AIza",
        "ya29.",
        "npm_",
    ),
    *("pypi-", "hvs.", "hvb.", "hvr.", "dop_v1_", "tskey-", "dckr_pat_", "SG.", ":AA", "K10"),
    *("hooks.slack.com", "-----BEGIN "),
)


def masked(text: str, is_sensitive: Callable[[str], bool]) -> str:
    """The text, everything masked in it that is known by its surroundings or its shape.

    Args:
        text: One argument.
        is_sensitive: Whether a name says that its value is a secret.
    """
    if "@" in text:
        text = re.sub(IN_URL, rf"\g<head>{MASK}", text)
        text = re.sub(ALONE_IN_URL, rf"\g<head>{MASK}", text)
        if "@tcp(" in text or "@unix(" in text:
            text = re.sub(DATA_SOURCE, rf"\g<head>{MASK}", text)
    if "=" in text and "?" in text:
        text = re.sub(IN_QUERY, _if(is_sensitive, "sig", "key", "signature", "auth"), text)
    low = text.lower()
    if any(part in low for part in ("auth", "cookie", "token", "x-")):
        text = re.sub(HEADER, rf"\g<head>{MASK}", text, flags=re.IGNORECASE)
    if "bearer" in low:
        text = re.sub(BEARER, rf"\g<head>{MASK}", text, flags=re.IGNORECASE)
    if ":" in text and ('"' in text or "'" in text):
        text = re.sub(QUOTED_PAIR, _if(is_sensitive, "auth"), text, flags=re.DOTALL)
    if contains_any(text, SHAPE_MARKS):
        text = re.sub(SHAPES, MASK, text, flags=re.DOTALL)
    return text


def contains_any(text: str, parts: Sequence[str]) -> bool:
    """Whether one of the parts stands in the text."""
    return any(map(text.__contains__, parts))


def _if(is_sensitive: Callable[[str], bool], *names: str) -> Callable[[re.Match[str]], str]:
    """A replacement that masks only what a sensitive key, or one of the names, stands before."""

    def replaced(match: re.Match[str]) -> str:
        key = match["key"]
        secret = is_sensitive(key) or key.lower() in names
        return f"{match['head']}{MASK}" if secret else match[0]

    return replaced
