"""Secrets in command lines, masked before anybody sees them.

Whatever a process was given on its command line, other users of the machine can read; that is a
mistake of the program's, and not one to spread into terminals, logs and tickets. What looks like a
secret is replaced by ``MASK``; the words around it stay, since they explain the program. In doubt
it is masked: a word too few is a nuisance, a password too many is a leak.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tojimari.sockets.secret_shapes import MASK, SHAPE_MARKS, contains_any, masked

__all__ = ["MASK", "mask"]

# Parts of a name that say "secret"; names are cut at "-", "_", ".", ":" and before capitals.
_SENSITIVE = frozenset(
    (
        *("password", "passwd", "passwort", "passphrase", "passcode", "pass", "pwd", "pw", "pin"),
        *("passin", "passout", "userpass", "rootpw", "psk", "secret", "secrets", "secretkey"),
        *("token", "tokens", "authtoken", "accesstoken", "apitoken", "apikey", "authkey", "jwt"),
        *("credential", "credentials", "creds", "bearer", "requirepass", "masterauth"),
    )
)
# Two parts that say so together.
_SENSITIVE_PAIRS = frozenset(
    (
        *((kind, "key") for kind in ("api", "access", "auth", "account", "master", "signing")),
        *((kind, "key") for kind in ("shared", "private", "encryption", "encrypt", "secret")),
        *((kind, "key") for kind in ("license", "licence", "session", "storage", "client")),
        *((kind, "key") for kind in ("join", "cluster", "service", "subscription", "function")),
        *(("connection", "string"), ("webhook", "url"), ("sas", "url"), ("pre", "shared")),
    )
)
# A last part that makes the value something about a secret, not the secret.
_ABOUT = frozenset(
    (
        *("file", "files", "path", "paths", "dir", "directory", "fd", "url", "uri", "endpoint"),
        *("host", "name", "id", "type", "policy", "length", "len", "min", "max", "ttl", "timeout"),
        *(
            "expiry",
            "expire",
            "expires",
            "lifetime",
            "age",
            "rotation",
            "command",
            "cmd",
            "program",
        ),
        *("script", "store", "format", "algorithm", "algo", "alg", "hash", "mode", "method", "ref"),
        *("provider", "prompt", "env", "var", "variable", "issuer", "audience", "header", "field"),
        *("regex", "pattern", "count", "size", "limit", "enabled", "required", "strength", "cache"),
        *("backend", "version", "reviewer", "review", "mount", "source", "location", "manager"),
        *("operator", "engine", "class", "service", "scope"),
    )
)
# A first part that makes the option a switch.
_SWITCHES = frozenset(
    (
        *("no", "ask", "use", "allow", "enable", "disable", "skip", "require", "prompt", "with"),
        *("without", "show", "hide", "has", "is", "never", "dont", "generate", "random", "reset"),
        *("print", "read"),
    )
)
_PLAIN_VALUES = frozenset(
    ("true", "false", "yes", "no", "on", "off", "none", "null", "prompt", "ask", "stdin", "-", "0")
)
# Bare words after which the secret comes: redis' configuration words, ngrok's command.
_BARE_WORDS = frozenset(("bearer", "requirepass", "masterauth", "authtoken", "add-authtoken"))

# Short options that carry a secret, attached or as the next word, by program.
_SHORT_OPTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("sshpass", "rdesktop", "mongo", "mongosh", "mongodump"), ("-p",)),
    **dict.fromkeys(("mongorestore", "mongoexport", "mongoimport"), ("-p",)),
    **dict.fromkeys(("redis-cli", "valkey-cli", "keydb-cli"), ("-a",)),
    **dict.fromkeys(("mosquitto_pub", "mosquitto_sub", "ipmitool", "sqlcmd", "bcp"), ("-P",)),
    **dict.fromkeys(("zip", "unzip"), ("-P",)),
    **dict.fromkeys(("ldapsearch", "ldapmodify", "ldapadd", "ldapdelete", "ldapwhoami"), ("-w",)),
    **dict.fromkeys(("snmpget", "snmpwalk", "snmpset", "snmpbulkwalk"), ("-c", "-A", "-X")),
    **dict.fromkeys(("ss-server", "ss-local", "sslocal", "ssserver"), ("-k",)),  # shadowsocks
    **dict.fromkeys(("frpc", "frps"), ("-t",)),
    "ncat": ("--proxy-auth",),
    "openssl": ("-k", "-K", "-pass"),
}
# Options whose value is USER:PASSWORD or USER%PASSWORD, by program.
_USER_OPTIONS: dict[str, tuple[str, ...]] = {
    "curl": ("-u", "--user", "-U", "--proxy-user"),
    "smbclient": ("-U", "--user"),
    "rpcclient": ("-U",),
    "turnserver": ("-u", "--user"),
}
# Programs with a command that logs in: docker login -p SECRET, but docker run -p 8080:80.
_LOGIN: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("docker", "podman", "nerdctl", "skopeo", "buildah", "helm"), ("-p",)),
}
# Programs whose -p is a password only where it is attached; alone it asks for one (mysql(1)).
_ATTACHED = ("mysql", "mariadb", "7z")
_DAEMONS = frozenset(("mysqld", "mysqld_safe", "mariadbd", "mariadbd-safe"))  # -p means port there

_PROGRAMS = frozenset((*_SHORT_OPTIONS, *_USER_OPTIONS, *_LOGIN))

# One of these stands, in lower case, in every command line that anything below would change.
_MARKS = (
    *("pass", "pwd", "pw", "pin", "secret", "token", "key", "cred", "bearer", "jwt", "psk", "auth"),
    *(
        "cookie",
        "string",
        "webhook",
        "sas",
        "shared",
        "salt",
        "seed",
        "sig",
        "login",
        "@",
        *_ATTACHED,
    ),
    *_SHORT_OPTIONS,
    *_USER_OPTIONS,
)

# What repeats is possessive where it is a single character. No group is: Python before 3.11.5
# matches such groups wrongly (CPython gh-106052). It costs no time: a turn of a group cannot end
# earlier, and what follows the group never begins as a turn does, so going back fails at once, once
# a turn. Where nothing follows, nothing goes back.
_PARTS = r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+"
_ASSIGNMENT = r"(?P<key>-{0,2}/?[A-Za-z_][\w.-]{0,80}+)(?P<sign>=|:(?!//)\s{0,4}+)(?P<value>.++)\Z"
_PROPERTY = r"(?P<key>-{1,2}[A-Za-z][\w.:-]{0,120}+)(?P<sign>=)(?P<value>.++)\Z"  # -Xa:b.c=value
_SHELL_OPTION = r"-[a-z]{0,4}c\Z"  # sh -c, bash -lc: the next word is a command line
_OPTION = r"-{1,2}[A-Za-z][\w.-]{0,80}+\Z"
# What another option looks like, where a secret was expected; a secret may begin with "-" too.
_NEXT_OPTION = (
    r"-(?:[A-Za-z0-9]{1,2}|[a-z]++(?:[-_.][a-z0-9]++)*(?:[=:].*+)?"
    r"|-[A-Za-z][A-Za-z0-9]*+(?:[-_.][A-Za-z0-9]++)*(?:=.*+)?)\Z"
)
_PATH = r"(?:~|\.{0,2})(?:/[\w.@+-]++){2,}/?\Z"
_SHELL_VARIABLE = r"[\"']?\$\{?[A-Z_][A-Z0-9_]*+\}?[\"']?\Z"
_REFERENCE = r"(?:env|file|fd):"  # openssl-passphrase-options(1)
_USER_PAIR = r"(?P<head>[\"']?[^:%\"']*+[:%])."
# Words of a shell text: blanks and separators, or a run in which quotes hold together.
_SHELL_WORDS = (
    r"(?P<gap>\s++|[;|&()<>]++)"
    r"|(?:[^\s;|&()<>\"'\\]++|\\.|\"[^\"\\]*+(?:\\.[^\"\\]*+)*\"|'[^']*+'|[\"'\\])+"
)
_QUOTES = frozenset({'"', "'"})
# Levels of quotes and texts: sh -c "ssh host 'mysql -pX'" has four. Deeper, only what stands around
# a secret and its shape are looked for.
_DEPTH = 6
_LONG = 16  # characters; shorter values than this after a mere "key" are names
_BITS = 3.0  # bits a character; English words of this length have less, random hexadecimal more
_DASH_AND_LETTER = 2  # characters of "-p"


def mask(words: Sequence[str]) -> tuple[str, ...]:
    """The same command line, every secret in it replaced by ``MASK``.

    Args:
        words: The command line, one word an argument.

    Returns:
        As many words. A word that is itself a command line (``sh -c "..."``, or a title that the
        program gave itself) is looked through in the same way.
    """
    if not suspicious("\0".join(words)):
        return tuple(words)
    return tuple(_masked(list(words), _DEPTH, in_text=False))


def suspicious(text: str) -> bool:
    """Whether there may be a secret in a text; where not, a closer look is spared."""
    return contains_any(text.lower(), _MARKS) or contains_any(text, SHAPE_MARKS)


def is_sensitive(name: str) -> bool:
    """Whether a name says that its value is a secret: ``db_password``, ``X-Api-Key``."""
    parts = _parts(name)
    if not parts or parts[-1] in _ABOUT:
        return False
    return not _SENSITIVE.isdisjoint(parts) or any(
        pair in _SENSITIVE_PAIRS for pair in pairwise(parts)
    )


def _masked(words: list[str], depth: int, *, in_text: bool) -> Iterator[str]:
    """Each word, masked by itself or by the option before it."""
    program, before = "", ""
    short: Sequence[str] = ()
    pairs: Sequence[str] = ()
    for position, word in enumerate(words):
        if before in short:
            done = MASK
        elif before in pairs:
            done = _user_and_mask(word)
        elif before and suspicious(before) and _awaits(before, word):
            done = _value(before, word, in_text=in_text)
        elif (attached := _attached(program, short, pairs, word)) is not None:
            done = attached
        elif not suspicious(word):
            done = word
        elif before.startswith("-") and re.match(_SHELL_OPTION, before):
            done = _text(word, depth)
        else:
            done = _word(word, depth, in_text=in_text)
        before = word if position else ""
        # docker exec db mysql -pX: what follows belongs to the last program that is named.
        name = word.rpartition("/")[2]
        if position == 0 or name in _PROGRAMS or name.startswith(_ATTACHED):
            program, (short, pairs) = name, _own_options(name, words)
        yield done


def _own_options(program: str, words: list[str]) -> tuple[Sequence[str], Sequence[str]]:
    """A program's own options that carry a secret, and those that carry a user and a secret."""
    own = _LOGIN if program in _LOGIN and "login" in words else _SHORT_OPTIONS
    return own.get(program, ()), _USER_OPTIONS.get(program, ())


def _word(word: str, depth: int, *, in_text: bool) -> str:
    """One argument that no option before it explains."""
    if depth and len(word) > 1 and word[0] in _QUOTES and word[-1] == word[0]:
        return f"{word[0]}{_word(word[1:-1], depth - 1, in_text=in_text)}{word[0]}"
    for pattern in (_ASSIGNMENT, _PROPERTY):
        match = re.match(pattern, word, re.DOTALL)
        if match and (is_sensitive(match["key"]) or _random_key(match["key"], match["value"])):
            value = _value(match["key"], match["value"], in_text=in_text)
            return f"{match['key']}{match['sign']}{value}"
    return _text(word, depth)


def _text(word: str, depth: int) -> str:
    """One argument that may be a command line itself, or hold a secret somewhere."""
    if depth and any(map(str.isspace, word)):
        word = _shell_text(word, depth - 1)
    return masked(word, is_sensitive)


def _shell_text(text: str, depth: int) -> str:
    """A command line within a word: each of its commands by itself, the gaps as they were."""
    pieces: list[str] = []
    command: list[re.Match[str]] = []

    def finish() -> None:
        done = _masked([one[0] for one in command if one["gap"] is None], depth, in_text=True)
        pieces.extend(next(done) if one["gap"] is None else one[0] for one in command)
        command.clear()

    for match in re.finditer(_SHELL_WORDS, text, re.DOTALL):
        if match["gap"] and not match["gap"].isspace():
            finish()
        command.append(match)
    finish()
    return "".join(pieces)


def _value(key: str, value: str, *, in_text: bool) -> str:
    """The value of a sensitive name, masked unless it plainly is none."""
    if value.lower() in _PLAIN_VALUES or not value.strip("\"'"):
        return value
    if in_text and re.match(_SHELL_VARIABLE, value):
        return value
    if "pass" in key and re.match(_REFERENCE, value):
        return value
    if _parts(key)[-1:] == ["key"] and re.match(_PATH, value) and not _is_random(value):
        return value
    return MASK


def _awaits(option: str, word: str) -> bool:
    """Whether a word is a secret by the name of the option before it."""
    if re.match(_NEXT_OPTION, word, re.DOTALL):
        return False
    if option.lower() in _BARE_WORDS:
        return True
    if not re.match(_OPTION, option) or not _SWITCHES.isdisjoint(_parts(option)[:1]):
        return False
    return is_sensitive(option) or _random_key(option, word)


def _attached(program: str, short: Sequence[str], pairs: Sequence[str], word: str) -> str | None:
    """A program's own way to write option and secret into one word; None where this is none."""
    asks = program.startswith(_ATTACHED) and program not in _DAEMONS
    if asks and word.startswith("-p") and len(word) > _DASH_AND_LETTER:
        return f"-p{MASK}"
    for option in short:
        if word.startswith(option) and len(option) == _DASH_AND_LETTER < len(word):
            return f"{option}{MASK}"
    for option in pairs:
        rest = word.removeprefix(option)
        if rest not in {word, ""} and (rest[0] == "=" or len(option) == _DASH_AND_LETTER):
            return option + _user_and_mask(rest)
    return None


def _user_and_mask(value: str) -> str:
    """``user:MASK`` out of ``user:secret``; a user alone stays."""
    match = re.match(_USER_PAIR, value, re.DOTALL)
    return f"{match['head']}{MASK}" if match else value


def _parts(name: str) -> list[str]:
    """``--dbPassword2`` is ``db``, ``password``."""
    parts = [part.lower() for part in re.findall(_PARTS, name)]
    while parts and parts[-1].isdigit():
        parts.pop()
    return parts


def _random_key(name: str, value: str) -> bool:
    """Whether a name speaks of a key of some kind, and the value looks like one."""
    about = {"key", "auth", "salt", "seed", "cookie", "signature"}
    return not about.isdisjoint(_parts(name)[-1:]) and _is_random(value)


def _is_random(value: str) -> bool:
    """Whether a value is long and has no pattern: keys are, names and paths are not."""
    return (
        len(value) >= _LONG
        and not re.match(_PATH, value)
        and any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
        and not any(map(str.isspace, value))
        and _entropy(value) >= _BITS
    )


def _entropy(value: str) -> float:
    """Bits a character, by how often each occurs (Shannon)."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())
