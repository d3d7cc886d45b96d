import datetime as dt
import json
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scenery import door
from tojimari.app import look
from tojimari.app import policy as app
from tojimari.core.endpoint import Transport
from tojimari.core.errors import RefusedError, TojimariError, UsageError
from tojimari.policy.draft import proposals
from tojimari.policy.files import Origin
from tojimari.policy.problem import PolicyError

HEAD = 'schema = "tojimari.doors/1"\n'
DOOR = '[[door]]\nport = 22\nfrom = "lan"\nwhy = "x"\n'
TODAY = dt.date(2026, 11, 20)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory, and no settings of anybody's."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setattr("tojimari.policy.files.SYSTEM", tmp_path / "etc")
    return place


def put(text: str, name: str = "doors.toml") -> None:
    Path(name).write_text(text, encoding="utf-8")


def said(error: TojimariError) -> tuple[str, str]:
    return (
        error.message.text.format_map(error.message.values),
        error.hint.text.format_map(error.hint.values),
    )


def test_without_a_file_no_policy_is_in_force() -> None:
    found = app.in_force()

    assert (found.policy, found.origin, found.passed) == (None, None, ())


def test_the_policy_of_the_current_directory_is_in_force() -> None:
    put(HEAD + DOOR)

    found = app.in_force()

    assert found.policy is not None
    assert found.policy.path == "./doors.toml"
    assert found.policy.intents[0].ports.first == 22
    assert found.origin is Origin.HERE


def test_the_policy_that_is_named_is_in_force() -> None:
    put(HEAD, "other.toml")

    found = app.in_force("other.toml")

    assert found.policy is not None
    assert found.policy.path == "other.toml"


def test_a_policy_with_a_mistake_is_not_in_force() -> None:
    put(HEAD + "x = 1\n")

    with pytest.raises(PolicyError):
        app.in_force()


def test_a_file_that_is_not_believed_is_told() -> None:
    put(HEAD)
    Path("doors.toml").chmod(0o666)

    assert [message.code for message in app.in_force().passed] == ["others-may-write"]


def test_lint_finds_mistakes_and_what_is_doubtful() -> None:
    put(HEAD + DOOR + "until = 2020-01-01\n")

    found = app.lint(today=TODAY)

    assert [problem.code for problem in found.problems] == ["expired"]
    assert (found.errors, found.warnings) == (0, 1)
    assert found.origin is Origin.HERE


def test_lint_counts_mistakes() -> None:
    put(HEAD + DOOR + "x = 1\ny = 1\n")

    assert (app.lint().errors, app.lint().warnings) == (2, 0)


def test_lint_knows_services_and_which_of_them_should_not_face_the_internet() -> None:
    put(HEAD + DOOR.replace("22", "6379").replace("lan", "internet") + 'service = "redis"\n')

    assert [problem.code for problem in app.lint().problems] == ["never-public"]


def test_lint_goes_by_the_number_where_no_service_is_meant() -> None:
    public = DOOR.replace("lan", "internet")
    put(HEAD + public.replace("22", "23") + public.replace("22", "443"))

    assert [problem.span.line for problem in app.lint().problems] == [4]


def test_lint_says_nothing_of_a_whole_range() -> None:
    put(HEAD + DOOR.replace("22", '"20-30"').replace("lan", "internet"))

    assert app.lint().problems == ()


def test_lint_does_not_know_a_service_that_does_not_exist() -> None:
    put(HEAD + DOOR + 'service = "shh"\n')

    assert [problem.code for problem in app.lint().problems] == ["unknown-service"]


@pytest.mark.parametrize("name", ["ssh", "postgresql", "domain", "http-alt", "node-exporter"])
def test_lint_knows_the_names_of_iana_and_of_everyday(name: str) -> None:
    put(HEAD + DOOR + f'service = "{name}"\n')

    assert app.lint().problems == ()


def test_without_a_file_the_places_are_told() -> None:
    with pytest.raises(UsageError) as caught:
        app.lint()

    message, hint = said(caught.value)
    assert message.startswith("there is no policy yet; it was looked for at ./doors.toml, ")
    assert hint == "tojimari policy init writes one from what is open now"


def test_without_a_believed_file_the_reason_is_told() -> None:
    put(HEAD)
    Path("doors.toml").chmod(0o666)

    with pytest.raises(UsageError) as caught:
        app.explain("22")

    assert said(caught.value)[0].startswith("./doors.toml was passed over: others may write to it")


def test_the_line_that_decides_is_explained() -> None:
    put(HEAD + DOOR)

    found = app.explain("22/tcp", today=TODAY)

    assert (found.port, found.transports, found.address) == (22, (Transport.TCP,), None)
    assert [answer.intent.line for answer in found.answers] == [2]
    assert found.today == TODAY


def test_a_port_without_a_transport_is_asked_for_under_both() -> None:
    put(HEAD)

    assert app.explain("22").transports == (Transport.TCP, Transport.UDP)


def test_an_address_is_taken_in_any_form() -> None:
    put(HEAD)

    assert app.explain("22", address="0::1").address == "::1"


@pytest.mark.parametrize("question", ["0", "80-90", "https", "22/sctp", "99999", "22/xyz", ""])
def test_what_is_no_single_port_is_told(question: str) -> None:
    put(HEAD)

    with pytest.raises(UsageError) as caught:
        app.explain(question)

    assert said(caught.value)[1] == "tojimari policy explain 443, tojimari policy explain 53/udp"


def test_what_is_no_address_is_told() -> None:
    with pytest.raises(UsageError, match="eth0 is no IP address"):
        app.explain("22", address="eth0")


def test_without_a_date_the_machine_s_counts() -> None:
    put(HEAD + DOOR)

    assert abs((app.explain("22").today - dt.datetime.now(tz=dt.UTC).date()).days) <= 1


@pytest.mark.parametrize(
    ("typed", "sources"),
    [
        ("lan", ("lan",)),
        (" lan , 192.0.2.0/24 ", ("lan", "192.0.2.0/24")),
        ('["lan", "internet"]', ("lan", "internet")),
        ("192.0.2.7 ::2", ("192.0.2.7", "::2")),
    ],
)
def test_sources_are_read_as_they_are_typed(typed: str, sources: tuple[str, ...]) -> None:
    assert app.sources(typed) == sources


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("localhost", 'did you mean "this-machine"?'),
        ("10.0.0.5/8", '"10.0.0.0/8" for the whole network, "10.0.0.5" for the one machine'),
        ("", '"this-machine" is the least; or leave the whole door out'),
    ],
)
def test_what_is_no_source_is_told(typed: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        app.sources(typed)

    assert said(caught.value)[1] == hint


def test_everything_that_is_open_can_be_taken_as_it_is() -> None:
    survey = app.Survey("web1", TODAY, proposals([door(22), door(80)]), 0, ())

    lines = [line for line, _ in app.accepted(survey, "because")]

    assert [(line.ports[0].first, line.sources, line.why) for line in lines] == [
        (22, ("lan",), "because"),
        (80, ("lan",), "because"),
    ]


def test_a_survey_finds_a_real_door(network: None, monkeypatch: pytest.MonkeyPatch) -> None:
    del network
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_server(("::", 0), family=socket.AF_INET6) as wide,
    ):
        ports = server.getsockname()[1], wide.getsockname()[1]
        seen = look.view()

    # Whether the network of the tests is the machine's own depends on who runs them.
    inode = Path("/proc/self/ns/net").stat().st_ino
    home = tuple(replace(one, is_host=one.inode == inode) for one in seen.namespaces)
    monkeypatch.setattr(look, "view", lambda: replace(seen, namespaces=home))
    found = app.survey()
    away = tuple(replace(one, is_host=False) for one in seen.namespaces)
    monkeypatch.setattr(look, "view", lambda: replace(seen, namespaces=away))
    outside = app.survey()

    near, far = (
        next(one for one in found.proposals if one.line.ports[0].first == port) for port in ports
    )
    assert near.line.sources == ("this-machine",)
    assert near.line.exe == str(Path(sys.executable).resolve())
    assert far.line.addresses == ()
    assert found.host == socket.gethostname()
    assert outside.elsewhere >= 2


def test_a_file_is_written_once(here: Path) -> None:
    app.write("doors.toml", "one", force=False)
    with pytest.raises(RefusedError):
        app.write("doors.toml", "two", force=False)
    app.write("doors.toml", "three", force=True)

    assert os.listdir(here) == ["doors.toml"]  # noqa: PTH208 - names are what counts
    assert Path("doors.toml").read_text() == "three"


def test_a_file_that_is_there_is_told_beforehand() -> None:
    app.refuse_to_replace("doors.toml")
    put("")

    with pytest.raises(RefusedError):
        app.refuse_to_replace("doors.toml")


def test_the_schema_is_the_one_in_the_package() -> None:
    assert json.loads(app.schema())["title"] == "doors.toml"
