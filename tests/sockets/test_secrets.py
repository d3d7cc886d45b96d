import re
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tojimari.sockets import secrets
from tojimari.sockets.secrets import MASK, is_sensitive, mask

HEX = "0123456789abcdef" * 2
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJyb290In0.c2lnbmF0dXJlLW9mLWl0"


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        ("x --password=hunter2", "x --password=***"),
        ("x --password hunter2", "x --password ***"),
        ("x --password -hunter-2!", "x --password ***"),
        ("x --password -hunter-=2", "x --password ***"),
        ("x -password hunter2", "x -password ***"),
        ("x --db-password2=hunter2", "x --db-password2=***"),
        ("x --dbPassword=hunter2", "x --dbPassword=***"),
        ("x --pass hunter2 --port 22", "x --pass *** --port 22"),
        ("x --client-secret=hunter2", "x --client-secret=***"),
        ("x --api-key hunter2", "x --api-key ***"),
        ("x --apiKey=hunter2", "x --apiKey=***"),
        ("x --secret-access-key=hunter2", "x --secret-access-key=***"),
        ("x --access-key hunter2", "x --access-key ***"),
        ("x --private-key=hunter2", "x --private-key=***"),
        ("x --token hunter2", "x --token ***"),
        ("x token=hunter2", "x token=***"),
        ("x password:hunter2", "x password:***"),
        ("x /password:hunter2", "x /password:***"),
        ("x --connection-string=hunter2", "x --connection-string=***"),
        ("env TOKEN=hunter2 serve", "env TOKEN=*** serve"),
        ("env MYSQL_PWD=hunter2 serve", "env MYSQL_PWD=*** serve"),
        ("env AWS_SECRET_ACCESS_KEY=hunter2 x", "env AWS_SECRET_ACCESS_KEY=*** x"),
        ("docker run -e POSTGRES_PASSWORD=hunter2 pg", "docker run -e POSTGRES_PASSWORD=*** pg"),
        ("java -Dspring.datasource.password=hunter2", "java -Dspring.datasource.password=***"),
        ("java -Djavax.net.ssl.keyStorePassword=x1", "java -Djavax.net.ssl.keyStorePassword=***"),
        ("redis-server --requirepass hunter2", "redis-server --requirepass ***"),
        ("redis-server - requirepass hunter2", "redis-server - requirepass ***"),
        ("ngrok authtoken hunter2", "ngrok authtoken ***"),
        ("x Bearer hunter2", "x Bearer ***"),
        (f"x --key {HEX}", "x --key ***"),
        (f"x --key={HEX}", "x --key=***"),
        (f"x --cookie={HEX}", "x --cookie=***"),
        ("openssl rsa -passin pass:hunter2", "openssl rsa -passin ***"),
        ("openssl enc -k hunter2", "openssl enc -k ***"),
    ],
)
def test_what_an_option_calls_a_secret_is_masked(words: str, masked: str) -> None:
    assert mask(words.split()) == tuple(masked.split())


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        ("mysql -u root -phunter2 -P 3306", "mysql -u root -p*** -P 3306"),
        ("/usr/bin/mysqldump -phunter2 shop", "/usr/bin/mysqldump -p*** shop"),
        ("mariadb-admin -phunter2 ping", "mariadb-admin -p*** ping"),
        ("7z x -phunter2 a.7z", "7z x -p*** a.7z"),
        ("sshpass -p hunter2 ssh host", "sshpass -p *** ssh host"),
        ("sshpass -phunter2 ssh host", "sshpass -p*** ssh host"),
        ("redis-cli -a hunter2 ping", "redis-cli -a *** ping"),
        ("mosquitto_sub -P hunter2 -p 1883", "mosquitto_sub -P *** -p 1883"),
        ("ldapsearch -x -w hunter2", "ldapsearch -x -w ***"),
        ("docker login -u me -p hunter2", "docker login -u me -p ***"),
        ("curl -u me:hunter2 host", "curl -u me:*** host"),
        ("curl -ume:hunter2 host", "curl -ume:*** host"),
        ("curl --user=me:hunter2 host", "curl --user=me:*** host"),
        ("curl --user me:hunter2 host", "curl --user me:*** host"),
        ("smbclient -U me%hunter2 //host/x", "smbclient -U me%*** //host/x"),
        ("ncat --proxy-auth me:hunter2", "ncat --proxy-auth ***"),
        ("mosquitto_pub -P hunter2 -t login", "mosquitto_pub -P *** -t login"),
        ("docker exec db mysql -uroot -phunter2", "docker exec db mysql -uroot -p***"),
        ("sudo -u me redis-cli -a hunter2", "sudo -u me redis-cli -a ***"),
        ("timeout 5 /usr/bin/curl -u me:hunter2 host", "timeout 5 /usr/bin/curl -u me:*** host"),
    ],
)
def test_what_a_program_writes_in_its_own_way_is_masked(words: str, masked: str) -> None:
    assert mask(words.split()) == tuple(masked.split())


@pytest.mark.parametrize(
    ("word", "masked"),
    [
        ("postgresql://me:hunter2@db:5432/shop", "postgresql://me:***@db:5432/shop"),
        ("redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"),
        ("https://me:hunt@er2@host/", "https://me:***@host/"),
        ("--url=https://me:hunter2@host/", "--url=https://me:***@host/"),
        (f"https://{HEX}@host/", "https://***@host/"),
        ("https://host/?token=hunter2&page=2", "https://host/?token=***&page=2"),
        ("https://host/?page=2&sig=hunter2", "https://host/?page=2&sig=***"),
        ("me:hunter2@tcp(db:3306)/shop", "me:***@tcp(db:3306)/shop"),
        ("Authorization: Bearer hunter2", "Authorization: Bearer ***"),
        ("authorization: Basic bWU6aHVudGVyMg==", "authorization: Basic ***"),
        ("X-Api-Key: hunter2", "X-Api-Key: ***"),
        ("X-Vault-Token: hunter2", "X-Vault-Token: ***"),
        ("Cookie: session=hunter2", "Cookie: ***"),
        ("PRIVATE-TOKEN: hunter2", "PRIVATE-TOKEN: ***"),
        ("send bearer hunter2hunter2 now", "send bearer *** now"),
        ('{"user": "me", "password": "hunt\\"er2"}', '{"user": "me", "password": "***"}'),
        ("{'auth':'hunter2','port':'22'}", "{'auth':'***','port':'22'}"),
        ("{'token':'a\"b','port':'22'}", "{'token':'***','port':'22'}"),
        ("{'token':'a\\'b','port':'22'}", "{'token':'***','port':'22'}"),
        ('Authorization: Bearer ""', 'Authorization: Bearer ""'),
        ("Authorization: Bearerhunter2", "Authorization: ***"),
    ],
)
def test_what_the_text_around_it_tells_is_masked(word: str, masked: str) -> None:
    assert mask(["x", word]) == ("x", masked)


@pytest.mark.parametrize(
    "secret",
    [
        JWT,
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1" * 18,
        "github_pat_" + "a1" * 20,
        "glpat-" + "a1" * 10,
        "xoxb-1234567890-abc",
        "sk_" + "live_" + "a1" * 12,
        "sk-proj-" + "a1" * 12,
        "hf_" + "a1" * 17,
        "AIza" + "a" * 35,
        "npm_" + "a1" * 18,
        "pypi-" + "a1" * 20,
        "hvs." + "a1" * 12,
        "dop_v1_" + HEX * 2,
        "tskey-auth-" + "a1" * 12,
        "SG." + "a1" * 11 + "." + "b2" * 20,
        "123456789:AA" + "a" * 33,
        f"K10{HEX}{HEX}::server:abc",
        "-----BEGIN RSA PRIVATE KEY-----\nabc",
    ],
)
def test_a_secret_that_is_known_by_its_shape_is_masked_anywhere(secret: str) -> None:
    assert mask(["x", f"a,{secret}"]) == ("x", "a,***")


def test_the_way_to_a_web_hook_is_a_secret() -> None:
    hook = "https://hooks.slack.com/services/T000/B000/XXXX"
    assert mask(["x", hook]) == ("x", "https://hooks.slack.com/services/***")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mysql -phunter2 | cat -p", "mysql -p*** | cat -p"),
        ("export TOKEN=hunter2; exec serve", "export TOKEN=***; exec serve"),
        ("serve  --password   hunter2", "serve  --password   ***"),
        ("TOKEN='hunter2 hunter3' serve", "TOKEN=*** serve"),
        ('curl -H "Authorization: Bearer hunter2"', 'curl -H "Authorization: Bearer ***"'),
        ("ssh host 'mysql -phunter2'", "ssh host 'mysql -p***'"),
        ("serve --password $PASSWORD", "serve --password $PASSWORD"),
        ('serve --password="${PASSWORD}"', 'serve --password="${PASSWORD}"'),
        ("a --token hunter2 && b --port 22", "a --token *** && b --port 22"),
        ("it's --token hunter2", "it's --token ***"),
    ],
)
def test_a_command_line_within_a_word_is_looked_through(text: str, masked: str) -> None:
    assert mask(["sh", "-c", text]) == ("sh", "-c", masked)


def test_a_title_that_a_program_gave_itself_is_looked_through() -> None:
    assert mask(["worker --token hunter2 --port 22"]) == ("worker --token *** --port 22",)


@pytest.mark.parametrize(
    "words",
    [
        "sshd -p 2222",
        "x --port 22",
        "docker run -p 8080:80 nginx",
        "docker run -p8080:80 nginx:1.25@sha256:abc",
        "mysqld -p3306",
        "mysql -p",
        "mysql --password -u root",
        "psql -p 5432 -U me shop",
        "ssh -L 8080:localhost:80 me@host",
        "git clone git@github.com:me/it.git",
        "rsync me@host:/var/x y",
        "x --password-file=/run/secrets/db",
        "x --password-file /run/secrets/db",
        "x --token-ttl 3600",
        "x --token-auth-file=/etc/tokens.csv",
        "x --private-key=/etc/ssl/private.pem",
        "x --private-key ./tls/key.pem",
        "x --tls-key /etc/ssl/key.pem",
        "x --key server.key",
        "x --ssh-key-type=ed25519",
        "x --secret-name=database",
        "x --no-password prompt",
        "x --use-token-auth=true",
        "x --password=",
        "x --password=true",
        "x --password -v",
        "x --password --verbose=1",
        "x --ask-pass host",
        "x --enable-bootstrap-token-auth next",
        "openssl rsa -passin env:PW",
        "openssl rsa -passin file:/etc/pw",
        "x --compass=north --bypass west --passive",
        "x --keyboard jp106 --monkey banana",
        "x --spin 3 --pinned yes --pinning on",
        "x --author me --authority here --authentication ldap",
        f"x --id {HEX}",
        f"x --container-id={HEX}",
        "x http://host:80/a?page=2&size=3",
        "x http://me@host:80/",
        "curl -u me host",
        "docker login registry.example",
        "postgres: walwriter",
        "nginx: master process /usr/sbin/nginx -g daemon on;",
        "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
        "java -Xmx512m -XX:+UseG1GC -Dhttp.port=8080 -jar /opt/app.jar",
        "python -m http.server 8000",
        "/usr/bin/containerd-shim-runc-v2 -namespace moby -address /run/containerd.sock",
        "x -",
        "x -- a=b :c =d",
    ],
)
def test_what_is_no_secret_stays(words: str) -> None:
    assert mask(words.split()) == tuple(words.split())


@pytest.mark.parametrize("words", [[], [""], ["", "--password", ""], ["x", "--token"], ["key="]])
def test_where_nothing_is_there_is_nothing_to_mask(words: list[str]) -> None:
    assert mask(words) == tuple(words)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("DB_PASSWORD", True), ("x-api-key", True), ("2", False), ("tokenizer", False), ("", False)],
)
def test_a_name_says_whether_its_value_is_a_secret(name: str, *, expected: bool) -> None:
    assert is_sensitive(name) is expected


SECRET = st.text(string.ascii_letters + string.digits + "!#%+,.:?_~", min_size=8).map(
    lambda text: f"Zq{text}"
)
TEMPLATES = (
    ("x", "--password={}"),
    ("x", "--password", "{}"),
    ("env", "API_TOKEN={}", "x"),
    ("mysql", "-p{}"),
    ("redis-cli", "-a", "{}"),
    ("curl", "-u", "me:{}"),
    ("curl", "-H", "Authorization: Bearer {}"),
    ("sh", "-c", "exec x --token={} --port 22"),
    ("sh", "-c", "cd / && x --token '{}' | y"),
    ("ssh", "host", "sh -c 'x --token={}'"),
    ("x", '{{"password":"{}"}}'),
)


@given(SECRET, st.sampled_from(TEMPLATES))
def test_no_secret_passes_in_any_of_these_places(secret: str, words: tuple[str, ...]) -> None:
    written = [word.format(secret) for word in words]
    assert not any(secret in word for word in mask(written))


WORDS = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.sampled_from(
            [
                "--password",
                "mysql",
                "-pX",
                "sh",
                "-c",
                "token=a b",
                "curl",
                "-u",
                "a:b",
                "'",
                '"',
                JWT,
            ]
        ),
        st.text("ab=:/@'\" -$;|&?.{}\\\n", max_size=40),
    ),
    max_size=8,
)


@given(WORDS)
@settings(max_examples=300)
def test_any_words_are_as_many_afterwards(words: list[str]) -> None:
    assert len(mask(words)) == len(words)


@given(WORDS)
@settings(max_examples=300)
def test_what_is_masked_is_not_masked_further(words: list[str]) -> None:
    once = mask(words)
    assert [word.count(MASK) for word in mask(once)] == [word.count(MASK) for word in once]


def always(text: str) -> bool:
    del text
    return True


@given(WORDS)
@settings(max_examples=300)
def test_what_is_spared_a_closer_look_holds_no_secret(words: list[str]) -> None:
    quick = mask(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "suspicious", always)
        assert mask(words) == quick


@given(st.lists(st.from_regex(r"[a-z]{1,3}|--?[b-oq-z]{1,2}|[0-9:]{1,9}", fullmatch=True)))
def test_words_that_speak_of_nothing_stay(words: list[str]) -> None:
    assert mask(["x", *words]) == ("x", *words)


HOSTILE = (
    "a:", "\"'", "'\"", "a@", "://a:", "--a-", "x-", "eyJ", "-", "auth: ", "a=b ", "\\", "=?&a",
    "bearer ", '"a":"', "((((", "password ", "xoxb-", "a b@tcp(", "://aaaaaaaa", "--key=a1", "x-a-",
    "/a", "-a", "a.", '\\"', "eyJaaaaaaaa.", "auth: bearer ", "'a':\"\\", "authorization: basic ",
)  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_command_line_costs_no_more_than_its_length(unit: str) -> None:
    whole = unit * (32768 // len(unit))  # eight times what is read of a process
    began = time.process_time()
    for words in ([f"{whole}@"], ["auth", whole], ["x", f"--key={whole}"], re.split("[ ]", whole)):
        mask(words)
    assert time.process_time() - began < 2  # seconds; anything quadratic takes minutes
