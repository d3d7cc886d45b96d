"""What every test may count on: isolation, or a counted skip; in CI a skip is a failure."""

import os
import shutil
import socket
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import streets as practice

# A busy machine is no mistake of an example's; what takes too long has a test of its own. Whatever
# profile is in force (in CI hypothesis has one) is kept but for that.
settings.register_profile(
    "tojimari", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tojimari")

# Reasons for which a test may be skipped in CI too, each with the why.
ALLOWED_SKIPS: dict[str, str] = {}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs programs that this machine lacks; script/test names their packages."""
    for mark in item.iter_markers("peers"):
        missing = [str(name) for name in mark.args if shutil.which(str(name)) is None]
        if missing:
            pytest.skip(f"needs {', '.join(missing)}")


@pytest.fixture
def network() -> None:
    """The test opens sockets: it runs only where nobody else can be reached."""
    if os.environ.get("TOJIMARI_TESTS_ISOLATED") != "1":
        pytest.skip("needs a network namespace of its own: run script/test")
    assert "eth0" not in [name for _, name in socket.if_nameindex()]


@pytest.fixture
def root(network: None) -> None:
    """The test needs what only the machine's root may do, not that of a user namespace."""
    del network
    users = Path("/proc/self/uid_map").read_text(encoding="ascii").split()
    if os.geteuid() != 0 or users != ["0", "0", "4294967295"]:
        pytest.skip("needs root")


@pytest.fixture(scope="session")
def streets(tmp_path_factory: pytest.TempPathFactory) -> Generator[practice.Streets]:
    """The practice network: ``streets.up(scene)`` gives a street of real servers."""
    reason = practice.missing()
    if reason is not None:
        pytest.skip(reason)
    made = practice.Streets(tmp_path_factory.mktemp("street"))
    yield made
    made.down()


TABLE = "table"


@pytest.fixture(scope="session")
def announce() -> Callable[[str], None]:
    """Keeps a text to be shown at the end of the run, whether the tests pass or fail."""
    return _TOLD.append


_TOLD: list[str] = []  # of this process: with several, the one that prints is another


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was announced."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, text in getattr(report, "user_properties", ()):
                if name == TABLE:
                    terminalreporter.section(text.partition("\n")[0])
                    terminalreporter.write_line(text.partition("\n")[2])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI turn a skip into a failure, unless its reason is listed; carry what is announced."""
    report = yield
    while _TOLD:
        report.user_properties.append((TABLE, _TOLD.pop(0)))
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if reason.removeprefix("Skipped: ") not in ALLOWED_SKIPS:
            report.outcome = "failed"
            report.longrepr = f"skipped in CI: {reason}"
    return report
