"""Settings from publisher.toml, secrets.toml and the environment; what is wrong names its
source.
"""

import inspect
import re
from pathlib import Path

import pytest

from publisher.base.errors import ConfigurationError
from publisher.channels.registry import SPECS
from publisher.settings.account_settings import AccountSettings
from publisher.settings.redis_sentinel import Sentinels
from publisher.settings.settings import Settings, load
from publisher.settings.sources import OTHER_VARIABLES, Sources

pytestmark = pytest.mark.guards("publisher.settings.*")

ACCOUNTS = '[accounts.bice-x]\nchannel = "twitter"\n'


def read(
    folder: Path,
    text: str = ACCOUNTS,
    *,
    secrets: str | None = None,
    environment: dict[str, str] | None = None,
) -> Settings:
    (folder / "publisher.toml").write_text(text, encoding="utf-8")
    if secrets is not None:
        (folder / "secrets.toml").write_text(secrets, encoding="utf-8")
    return load(folder, environment or {})


@pytest.mark.parametrize("secrets", ["[bice-x]\n", "[accounts.bice-x]\n"])
def test_secrets_stand_under_the_account_or_as_in_the_settings(
    tmp_path: Path, secrets: str
) -> None:
    settings = read(tmp_path, secrets=f'{secrets}api_key = "hunter2"\n')
    api_key = settings.accounts["bice-x"].api_key
    assert api_key
    assert api_key.get_secret_value() == "hunter2"


def test_a_credential_in_the_file_that_is_committed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, f'{ACCOUNTS}api_key = "hunter2"\n')
    assert "accounts.bice-x.api_key is a secret, and this file must hold none" in str(caught.value)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("name", [spec.server.setting for spec in SPECS.values() if spec.server])
def test_no_file_that_is_committed_sends_credentials_elsewhere(tmp_path: Path, name: str) -> None:
    """Not even to this machine, where another user may listen."""
    with pytest.raises(
        ConfigurationError, match=f"{name} says where credentials are sent"
    ) as caught:
        read(tmp_path, f'{name} = "http://127.0.0.1:8099"\n{ACCOUNTS}')
    assert f"PUBLISHER_{name.upper()}" in str(caught.value.hint)
    with pytest.raises(ConfigurationError):
        read(tmp_path, secrets=f'{name} = "https://127.0.0.1:8099"\n')


@pytest.mark.parametrize("name", ["PUBLISHER_TWITTER_API_URL", "PUBLISHER_FACEBOOK_GRAPH_URL"])
def test_a_stand_in_is_this_machine_or_spoken_to_over_tls(tmp_path: Path, name: str) -> None:
    for refused in ("http://sandbox.example.org", "http://10.0.0.1:8099", "ftp://127.0.0.1"):
        with pytest.raises(ConfigurationError, match=f"{name}: must begin with https://"):
            read(tmp_path, environment={name: refused})
    for taken in ("http://127.0.0.1:8099", "http://[::1]:8099", "https://sandbox.example.org"):
        assert taken in str(read(tmp_path, environment={name: taken}).warning)
    assert read(tmp_path, environment={name: ""}).warning is None


def test_the_accounts_are_listed_no_more_often_for_more_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A federation has a hundred thousand of them: once for each would take minutes."""
    listed: list[list[str]] = []
    accounts = inspect.getattr_static(Sources, "accounts").fget

    def counted(sources: Sources) -> list[str]:
        listed.append(accounts(sources))
        return listed[-1]

    monkeypatch.setattr(Sources, "accounts", property(counted))
    names = [f"voice-{number}" for number in range(50)]
    read(
        tmp_path,
        "".join(f'[accounts.{name}]\nchannel = "twitter"\n' for name in names),
        secrets="".join(f'[{name}]\napi_key = "hunter2"\n' for name in names),
    )
    assert len(listed) < 5


def test_the_environment_wins_over_the_secrets_and_these_over_the_file(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        f"{ACCOUNTS}[delivery]\nworkers = 2\n",
        secrets='[bice-x]\napi_key = "secrets"\napi_secret = "secrets"\n',
        environment={"PUBLISHER_ACCOUNTS__BICE_X__API_KEY": "environment"},
    )
    account = settings.accounts["bice-x"]
    assert account.api_key
    assert account.api_key.get_secret_value() == "environment"
    assert account.api_secret
    assert account.api_secret.get_secret_value() == "secrets"
    assert settings.delivery.workers == 2


def test_the_urls_may_stand_in_the_secrets_which_win_over_the_file(tmp_path: Path) -> None:
    """They hold passwords, and every command in the workspace must find the same ledger."""
    text = f"{ACCOUNTS}[database]\nurl = 'sqlite:///committed.db'\n[broker]\nurl = 'redis://committed'\n"
    secrets = (
        "[database]\nurl = 'postgresql+psycopg://publisher:hunter2@db/publisher'\n"
        "[broker]\nurl = 'rediss://publisher:hunter2@broker:6379/0'\n"
    )
    settings = read(tmp_path, text, secrets=secrets)
    assert settings.database_url == "postgresql+psycopg://publisher:hunter2@db/publisher"
    assert settings.broker.url == "rediss://publisher:hunter2@broker:6379/0"
    environment = {
        "PUBLISHER_DATABASE__URL": "sqlite:///environment.db",
        "PUBLISHER_BROKER__URL": "redis://environment",
    }
    settings = read(tmp_path, text, secrets=secrets, environment=environment)
    assert settings.database.url == "sqlite:///environment.db"
    assert settings.broker.url == "redis://environment"


@pytest.mark.parametrize(
    ("section", "url"),
    [
        ("database", "postgresql+psycopg://publisher:hunter2@db/publisher"),
        ("database", "postgresql+psycopg://db/publisher?user=publisher&password=hunter2"),
        ("database", "postgresql+psycopg://publisher:hunt/er2@[::1/publisher"),
        ("broker", "redis://:hunter2@broker:6379/0"),
        ("broker", "sentinel://:hunter2@one:26379,two:26379/0?master_name=publisher"),
        ("broker", "sentinel://one:26379/0?master_name=publisher&sentinel_password=hunter2"),
        ("database", "postgresql+psycopg://db/publisher?sslPassword=hunter2"),
    ],
)
def test_a_password_in_a_url_of_the_file_that_is_committed_is_refused(
    tmp_path: Path, section: str, url: str
) -> None:
    """Also where another URL wins over it: it is committed all the same."""
    text = f"{ACCOUNTS}[{section}]\nurl = '{url}'\n"
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text, secrets=f"[{section}]\nurl = 'redis://h'\n")
    assert f"{section}.url holds a password, and this file must hold none" in str(caught.value)
    assert caught.value.hint
    assert f"Move the whole URL into secrets.toml, under [{section}]" in caught.value.hint
    assert "er2" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("section", "url"),
    [
        (
            "database",
            "postgresql+psycopg://publisher@db.example.org:5432/publisher?sslmode=require",
        ),
        ("database", "postgresql+psycopg:///publisher?host=/run/postgresql"),
        ("broker", "redis://broker:6379/0"),
        ("broker", "sentinel://one:26379,two:26379/0?master_name=publisher"),
    ],
)
def test_a_url_without_a_password_may_be_committed(tmp_path: Path, section: str, url: str) -> None:
    settings = read(tmp_path, f"{ACCOUNTS}[{section}]\nurl = '{url}'\n")
    assert url in (settings.database.url, settings.broker.url)


@pytest.mark.parametrize("section", ["database", "broker"])
def test_the_secrets_hold_nothing_of_the_database_and_broker_but_the_url(
    tmp_path: Path, section: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"^secrets\.toml:2:1: urll under \[{section}\]"):
        read(tmp_path, secrets=f"[{section}]\nurll = 'redis://:hunter2@h'\n")


def test_a_broken_url_in_the_secrets_is_refused_without_repeating_it(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^secrets\.toml:2:1: broker\.url: must"
    ) as caught:
        read(tmp_path, secrets="[broker]\nurl = 'amqp://:hunter2@h'\n")
    assert "hunter2" not in str(caught.value)


def test_secrets_that_are_there_and_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    """Going on without them could mean another ledger, or accounts without keys."""
    (tmp_path / "secrets.toml").mkdir()
    with pytest.raises(ConfigurationError, match=r"secrets\.toml cannot be read: Is a directory"):
        read(tmp_path)
    (tmp_path / "secrets.toml").rmdir()
    (tmp_path / "secrets.toml").symlink_to("mounted-elsewhere")
    with pytest.raises(ConfigurationError, match=r"secrets\.toml does not exist"):
        read(tmp_path)


@pytest.mark.parametrize("named", ["missing.toml", "folder", "x" * 300])
def test_a_named_secrets_file_that_cannot_be_read_is_an_error(tmp_path: Path, named: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigurationError, match=named):
        read(tmp_path, environment={"PUBLISHER_SECRETS_FILE": named})


@pytest.mark.parametrize(
    ("text", "secrets", "message"),
    [
        ("accounts = 5", None, "publisher.toml:1:1: accounts: must be a table"),
        ("accounts = [1]", None, "publisher.toml:1:1: accounts: must be a table"),
        ("accounts = 5", "[bice-x]\napi_key = 'hunter2'", "[bice-x] is not an account"),
        ("[accounts]\na = 5", "[a]\napi_key = 'hunter2'", "accounts.a: must be a table"),
        ("delivery = 5", None, "publisher.toml:1:1: delivery: must be a table"),
        ("[accounts.a]", None, "publisher.toml:1:2: accounts.a.channel: is missing"),
        (ACCOUNTS, "accounts = 5", "secrets.toml:1:1: accounts is not a table"),
        (ACCOUNTS, "bice-x = 'hunter2'", "secrets.toml:1:1: bice-x is not a table"),
        (
            ACCOUNTS,
            "[bice-x]\napi_kee = 'hunter2'",
            "secrets.toml:2:1: api_kee under [bice-x] is no",
        ),
        (ACCOUNTS, "[bice-x]\napi_key = 5", "secrets.toml:2:1: bice-x.api_key: must be a text"),
    ],
)
def test_what_has_another_shape_is_named_with_its_file(
    tmp_path: Path, text: str, secrets: str | None, message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text, secrets=secrets)
    assert message in str(caught.value)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("content_warning", "`content_warning` belongs in a draft, between the lines `---`"),
        ("to", "`to` belongs in a draft"),
        ("lang", "Did you mean `language`? `lang` belongs in a draft"),
    ],
)
def test_a_key_of_a_draft_is_sent_there(tmp_path: Path, key: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, f"{ACCOUNTS}\n[accounts.other]\nchannel = 'site'\n{key} = 'a'\n")
    assert (caught.value.hint or "").startswith(hint)


@pytest.mark.parametrize(
    ("text", "secrets", "hint"),
    [
        ("[accounts.a]\nchannel = 'Facebok'", None, "Did you mean `facebook`?"),
        ("language = 'french'", None, "Did you mean `fr`?"),
        ("language = 'polaco'", None, "Did you mean `pl`?"),
        ("[accounts.a]\nchannel = 'site'\nurll = 'x'", None, "Did you mean `url`?"),
        (ACCOUNTS, "[bice-x]\nacces_token = 'hunter2'", "Did you mean `access_token`?"),
        (ACCOUNTS, "[bice-x]\nzzz = 'hunter2'", "api_key"),
    ],
)
def test_what_was_probably_meant_is_proposed(
    tmp_path: Path, text: str, secrets: str | None, hint: str
) -> None:
    """And where nothing is alike, what an account of that channel can have, and no more."""
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text, secrets=secrets)
    told = caught.value.hint or ""
    assert hint in told
    assert "page_id" not in told
    assert "app_password" not in told


def test_a_value_from_the_environment_is_named_by_its_variable(tmp_path: Path) -> None:
    variable = "PUBLISHER_DELIVERY__WORKERS"
    with pytest.raises(ConfigurationError, match=f"^{variable}: "):
        read(tmp_path, environment={variable: "many"})
    with pytest.raises(ConfigurationError, match=r"publisher\.toml:1:1: delivery: must be a table"):
        read(tmp_path, "delivery = 5\n", environment={variable: "2"})


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("PUBLISHER_DATABASE_URL", "Did you mean `PUBLISHER_DATABASE__URL`?"),
        ("PUBLISHER_TWITTER_API_URI", "Did you mean `PUBLISHER_TWITTER_API_URL`?"),
        (
            "PUBLISHER_ACCOUNTS__BICE_Y__API_KEY",
            "Did you mean `PUBLISHER_ACCOUNTS__BICE_X__API_KEY`?",
        ),
        ("PUBLISHER_CLOK", "Did you mean `PUBLISHER_CLOCK`?"),
        ("PUBLISHER_A", "`publisher help settings` lists every setting."),
        ("PUBLISHER_WEATHER", "`publisher help settings` lists every setting."),
        ("PUBLISHER_DELIVERY__THREADS", "It is no longer needed: delete it."),
    ],
)
def test_a_variable_that_nobody_would_read_is_refused(
    tmp_path: Path, variable: str, hint: str
) -> None:
    """A slip of the pen must not send posts to the real platforms, or into another ledger."""
    with pytest.raises(ConfigurationError, match=f"variable {variable} is set") as caught:
        read(tmp_path, environment={variable: "hunter2"})
    assert caught.value.hint == hint
    assert "hunter2" not in str(caught.value)


def test_a_setting_that_nobody_needs_any_more_is_to_be_deleted(tmp_path: Path) -> None:
    """And not to be renamed to the one that looks most like it."""
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, f"[delivery]\nthreads = 500\n{ACCOUNTS}")
    assert caught.value.hint == "It is no longer needed: delete it."


def test_variables_that_are_no_settings_are_let_through(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    words = {**dict.fromkeys([*OTHER_VARIABLES, "PATH"], "x"), "PUBLISHER_SANDBOX": "off"}
    assert read(tmp_path, environment=words)


def test_every_variable_that_is_no_setting_is_in_the_docs() -> None:
    page = Path(__file__).parents[2].joinpath("docs/settings.md").read_text(encoding="utf-8")
    assert [name for name in OTHER_VARIABLES if f"| `{name}` |" not in page] == []


def test_two_accounts_cannot_share_their_variables(tmp_path: Path) -> None:
    text = f'{ACCOUNTS}[accounts.bice_x]\nchannel = "twitter"\n'
    with pytest.raises(ConfigurationError, match="bice-x and bice_x would share"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:hunter2@127.0.0.1:notaport/0",
        "redis://:hunter2@[::1",
        "redis://:hun/ter2@127.0.0.1/0",
        "redis://:hunter2@127.0.0.1:70000/0",
        "redis://:hunter2@127.0.0.1/first",
        "redis:hunter2",
        "amqp://me:hunter2@127.0.0.1",
        "memory://",
        "hunter2",
    ],
)
def test_a_broker_that_is_no_redis_is_refused_without_repeating_it(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"^PUBLISHER_BROKER__URL: must be like") as caught:
        read(tmp_path, environment={"PUBLISHER_BROKER__URL": url})
    assert "hun" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "redis://127.0.0.1", "redis://:x%2Fy@h:6379/0", "rediss://[::1]:6379", "redis://"]
)
def test_a_redis_is_taken_as_broker(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, environment={"PUBLISHER_BROKER__URL": url}).broker.url == url


def test_accounts_with_the_key_of_one_app_share_it(tmp_path: Path) -> None:
    """A platform's other keys are the account's own; without a key, nobody knows."""
    settings = read(
        tmp_path,
        "".join(f"[accounts.{name}]\nchannel = 'twitter'\n" for name in ("a", "b", "c", "d"))
        + "".join(
            f"[accounts.{name}]\nchannel = 'facebook'\npage_id = '1'\n" for name in ("p", "q", "r")
        )
        + "[accounts.pages]\nchannel = 'site'\n",
        secrets="[a]\napi_key = 'one'\naccess_token = '1'\n[b]\napi_key = 'one'\naccess_token = '2'\n"
        "[c]\napi_key = 'two'\n[p]\napp_secret = 'one'\n[q]\napp_secret = 'one'\n"
        "[r]\npage_token = 'x'\n",
    )
    x, page = frozenset({"a", "b"}), frozenset({"p", "q"})
    assert settings.apps() == {"a": x, "b": x, "c": frozenset({"c"}), "p": page, "q": page}


SENTINELS = "sentinels://me:hunt%252@one:1,[::1]/3?master_name=pub&ssl_ca_certs=/ca.pem"


def test_sentinels_are_taken_as_broker(tmp_path: Path) -> None:
    url = read(tmp_path, environment={"PUBLISHER_BROKER__URL": SENTINELS}).broker.url
    assert Sentinels.parse(url) == Sentinels(
        hosts=(("one", 1), ("::1", 26379)),
        master_name="pub",
        database=3,
        login={"username": "me", "password": "hunt%2"},
        own_login={},
        tls={"ssl_ca_certs": "/ca.pem"},
    )


@pytest.mark.parametrize(
    "url",
    [
        "sentinel://:hunter2@one:26379/0",
        "sentinel://:hunter2@one:26379/first?master_name=pub",
        "sentinel://:hunter2@one:26379,/0?master_name=pub",
        "sentinel://:hunter2@one:70000/0?master_name=pub",
        "sentinel://:hunter2@one/0?master_name=pub&colour=red",
        "sentinel://:hunter2@one/0?master_name=pub&ssl_ca_certs=/ca.pem",
        "sentinel://one/0?master_name=pub&sentinel_password=hunter@2",
    ],
)
def test_sentinels_that_are_none_are_refused_without_repeating_them(
    tmp_path: Path, url: str
) -> None:
    """Files for TLS without TLS are refused too: somebody believes that there is any."""
    with pytest.raises(ConfigurationError, match="must be like sentinel://USER") as caught:
        read(tmp_path, environment={"PUBLISHER_BROKER__URL": url})
    assert "hunter" not in str(caught.value)


def test_nobody_is_shown_a_pattern(tmp_path: Path) -> None:
    """What a setting must look like is said in words."""
    shaped = [name for name, field in AccountSettings.model_fields.items()
              if any(getattr(one, "pattern", None) for one in field.metadata)]  # fmt: skip
    assert {"page_id", "url", "language"} <= {*shaped}
    for name in (*shaped, "handle"):
        with pytest.raises(ConfigurationError) as caught:
            read(tmp_path, f"[accounts.a]\nchannel = 'twitter'\n{name} = ' ? '\n")
        assert "must be " in str(caught.value)
        assert not re.search(r"[\[\]^$*\\]", str(caught.value).replace("[accounts", "")), name


@pytest.mark.parametrize(
    ("channel", "handle"),
    [
        ("twitter", "BICE_ONG"),
        ("twitter", "@BICE_ONG"),
        ("mastodon", "@bice@mastodon.example"),
        ("mastodon", "bice.ong@mastodon.example"),
    ],
)
def test_a_handle_is_taken_with_or_without_its_sign(
    tmp_path: Path, channel: str, handle: str
) -> None:
    """On each channel it is what is called one there."""
    account = f"[accounts.a]\nchannel = '{channel}'\nhandle = '{handle}'\n"
    assert read(tmp_path, account).public_accounts()["a"].handle == handle


@pytest.mark.parametrize(
    ("channel", "handle", "reason"),
    [
        ("channel = 'twitter'", "BICE ONG", "must be a name on X such as BICE_ONG: at most 15"),
        ("channel = 'twitter'", "https://x.com/BICE", "must be a name on X such as BICE_ONG"),
        ("channel = 'twitter'", "@bice@mastodon.example", "must be a name on X such as BICE_ONG"),
        ("channel = 'mastodon'", "BICE_ONG", "must be a name with its server, such as @bice@"),
        (
            "channel = 'facebook'\npage_id = '1'",
            "BICE",
            "handle is only for accounts on twitter, bluesky, mastodon",
        ),
        ("channel = 'bluesky'", "BICE_ONG", "must be a handle on Bluesky, such as bice.bsky.soc"),
    ],
)
def test_a_handle_that_is_none_is_refused_in_words(
    tmp_path: Path, channel: str, handle: str, reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        read(tmp_path, f"[accounts.a]\n{channel}\nhandle = '{handle}'\n")


@pytest.mark.parametrize("name", ["x", "X"])
def test_x_is_another_name_of_the_channel_twitter(tmp_path: Path, name: str) -> None:
    settings = read(tmp_path, f"[accounts.a]\nchannel = '{name}'\nhandle = 'BICE_ONG'\n")
    assert settings.public_accounts()["a"].channel == "twitter"


@pytest.mark.parametrize(
    ("section", "field", "url"),
    [
        ("broker", "url", "rediss://broker/0?ssl_cert_reqs=none"),
        ("broker", "url", "rediss://broker/0?ssl_cert_reqs=CERT_OPTIONAL"),
        ("broker", "url", "rediss://broker/0?a=b&ssl_check_hostname=false"),
        ("notices", "urls", "mailtos://u:p@example.org?verify=no"),
        ("notices", "urls", "jsons://example.org?a=b&Verify=False"),
    ],
)
def test_that_certificates_are_checked_cannot_be_turned_off(
    tmp_path: Path, section: str, field: str, url: str
) -> None:
    with pytest.raises(ConfigurationError, match="must not turn off") as caught:
        read(tmp_path, environment={f"PUBLISHER_{section}__{field}".upper(): url})
    assert url not in str(caught.value)


def test_an_address_that_says_that_they_are_checked_is_taken(tmp_path: Path) -> None:
    environment = {
        "PUBLISHER_BROKER__URL": "rediss://broker/0?ssl_cert_reqs=required&ssl_check_hostname=true",
        "PUBLISHER_NOTICES__URLS": "mailtos://u:p@example.org?verify=yes",
    }
    assert (
        read(tmp_path, environment=environment).broker.url == environment["PUBLISHER_BROKER__URL"]
    )


@pytest.mark.parametrize(
    "text", ["x = " + "[" * 50_000, "x = " + "[" * 50_000 + "]" * 50_000, "x = " + "{a=" * 50_000]
)
def test_brackets_without_end_are_explained(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="there are too many brackets within one another"):
        read(tmp_path, text)
    with pytest.raises(ConfigurationError, match="too many brackets"):
        read(tmp_path, secrets=text)


def test_a_duration_without_end_is_explained_in_our_words(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"999…' is not a duration; write it like"
    ) as caught:
        read(tmp_path, f'[delivery]\nexpires = "{"9" * 5000}d"\n')
    assert len(str(caught.value)) < 200
