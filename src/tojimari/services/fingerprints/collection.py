"""Fingerprints on top of what a conversation told: gaps are filled, evidence is added.

The grammars' word stands: a fingerprint names the product only where they named none, and gives a
version or a maker only to the product that it names itself. What it says beyond that is told as a
detail.
"""

from dataclasses import replace
from pathlib import Path

from tojimari.core.errors import UsageError
from tojimari.core.message import Message, Value, mark
from tojimari.core.service import Service
from tojimari.services.fingerprints import files
from tojimari.services.fingerprints.fields import FIELDS, Field
from tojimari.services.fingerprints.files import HINT, File, Fingerprint
from tojimari.services.fingerprints.patience import Patience

PRODUCT, VERSION, VENDOR = "service.product", "service.version", "service.vendor"
TOLD = {
    "service.cpe23": "fingerprint-cpe",
    "os.vendor": "fingerprint-os-vendor",
    "os.product": "fingerprint-os",
    "os.version": "fingerprint-os-version",
    "hw.vendor": "fingerprint-hardware-vendor",
    "hw.product": "fingerprint-hardware",
    "hw.device": "fingerprint-device",
}
"""What else a fingerprint means, and the name of its detail."""

MOST_SLOW = 4  # patterns that may run out of time for one text; then the rest is not tried


class Fingerprints:
    """The fingerprints of one folder. A file is read when a text that it is for first comes."""

    def __init__(self, folder: Path, patience: Patience | None = None) -> None:
        """See what there is.

        Args:
            folder: A checkout of rapid7/recog, or the folder ``xml`` in it.
            patience: How long one match may take.

        Raises:
            UsageError: There are no fingerprints.
        """
        self._patience = patience or Patience()
        self._paths: dict[str, list[Path]] = {}
        self._files: dict[str, list[File]] = {}
        self._broken: dict[Path, str] = {}
        self._slow = 0
        paths = files.listed(folder)
        for path in paths:
            try:
                matches = files.key(path)
            except (ValueError, OSError) as error:
                self._broken[path] = str(error)
            else:
                self._paths.setdefault(matches, []).append(path)
        if not self._paths:
            path, why = next(iter(self._broken.items()))
            raise UsageError(
                "None of the files in {path} holds fingerprints; {name}: {why}",
                hint=HINT,
                path=str(folder),
                name=path.name,
                why=why,
            )

    def added(self, service: Service) -> Service:
        """The service, with what the fingerprints know of it.

        Raises:
            HostError: A match cannot be ended here, see ``Patience.timer``.
        """
        for matches, field in FIELDS.items():
            text = field.of(service) if matches in self._paths else ""
            if not text:
                continue
            for file in self._of(matches):
                found = self._first(file, text)
                if found is not None:
                    service = _with(service, field, *found)
        return service

    def left_out(self) -> list[Message]:
        """What could not be used, of the files that were needed."""
        told: list[Message] = []
        used = [file for several in self._files.values() for file in several]
        count = sum(file.left_out for file in used)
        if count:
            total = count + sum(len(file.fingerprints) for file in used)
            text = mark(
                "{count} of {total} fingerprints are written in a way that has no equal here,"
                " and were left out"
            )
            told.append(Message("fingerprints-left-out", text, {"count": count, "total": total}))
        if self._slow:
            text = mark(
                "{count} fingerprints took too long with what a peer said, and were stopped"
            )
            told.append(Message("fingerprints-slow", text, {"count": self._slow}))
        broken = self._broken | {file.path: file.broken for file in used if file.broken}
        for path, why in broken.items():
            text = mark("the fingerprints in {name} could not be read, or not to the end: {why}")
            told.append(Message("fingerprints-broken", text, {"name": path.name, "why": why[:200]}))
        return told

    def _of(self, matches: str) -> list[File]:
        if matches not in self._files:
            self._files[matches] = [files.read(path, matches) for path in self._paths[matches]]
        return self._files[matches]

    def _first(self, file: File, text: str) -> tuple[Fingerprint, dict[str, str]] | None:
        """The first fingerprint that fits, and what it means. One that is too slow is given up."""
        slow: list[Fingerprint] = []
        found = None
        with self._patience.timer():
            for one in file.fingerprints:
                match, in_time = self._patience.search(one.pattern, text)
                if match is not None:
                    found = one, one.told(match)
                    break
                if not in_time:
                    slow.append(one)
                    if len(slow) >= MOST_SLOW:
                        break
        if slow:
            self._slow += len(slow)
            file.fingerprints = [one for one in file.fingerprints if one not in slow]
        return found


def _with(service: Service, field: Field, one: Fingerprint, told: dict[str, str]) -> Service:
    """The service, with what one fingerprint means."""
    details: dict[str, Value] = {"fingerprint": one.description or one.pattern.pattern[:80]}
    details |= {name: told[key] for key, name in TOLD.items() if key in told}
    service = replace(service, details=details | service.details)
    product = told.get(PRODUCT)
    if product is None or not field.names_product:
        return service
    if service.product is None:
        return replace(service, product=product, version=told.get(VERSION), vendor=told.get(VENDOR))
    if _same(service.product, product):
        return replace(
            service,
            version=service.version or told.get(VERSION),
            vendor=service.vendor or told.get(VENDOR),
        )
    return service


def _same(ours: str, theirs: str) -> bool:
    """Whether two names mean one product: ``ProFTPD`` and ``proftpd``."""
    one, other = (
        "".join(char for char in name.lower() if char.isalnum()) for name in (ours, theirs)
    )
    return bool(one) and one == other
