"""Who is told: secret addresses, from secrets.toml or the environment alone."""

import os
from pathlib import Path

import pytest

from publisher.base.errors import ConfigurationError
from publisher.rehearsal import stage
from publisher.settings.settings import Settings, load

ACCOUNTS = '[accounts.bice-x]\nchannel = "twitter"\n'
VARIABLE = "PUBLISHER_NOTICES__URLS"


def read(
    folder: Path, secrets: str = "", settings: str = ACCOUNTS, environment: str | None = None
) -> Settings:
    (folder / "publisher.toml").write_text(settings, encoding="utf-8")
    (folder / "secrets.toml").write_text(secrets, encoding="utf-8")
    return load(folder, {} if environment is None else {VARIABLE: environment})


def urls(settings: Settings) -> list[str]:
    return [url.get_secret_value() for url in settings.notices.urls]


def test_addresses_stand_in_the_secrets(tmp_path: Path) -> None:
    """Beside the accounts' credentials."""
    secrets = '[notices]\nurls = ["json://a", "slack://A/B/C"]\n[bice-x]\napi_key = "key"\n'
    settings = read(tmp_path, secrets)
    assert urls(settings) == ["json://a", "slack://A/B/C"]
    assert settings.accounts["bice-x"].api_key


def test_nobody_is_told_unless_it_is_said(tmp_path: Path) -> None:
    assert urls(read(tmp_path)) == []


def test_the_environment_wins_and_has_spaces_between_them(tmp_path: Path) -> None:
    secrets = '[notices]\nurls = ["json://a"]\n'
    assert urls(read(tmp_path, secrets, environment=" json://b\njson://c ")) == [
        "json://b",
        "json://c",
    ]
    assert urls(read(tmp_path, secrets, environment="")) == []


@pytest.mark.parametrize(
    ("secrets", "message"),
    [
        ("notices = 'hunter2'", "secrets.toml:1:1: notices is not a table"),
        ("[notices]\nurl = 'hunter2'", "secrets.toml:2:1: url under [notices] is not a setting."),
        ("[notices]\nurls = 5", "secrets.toml:2:1: notices.urls: must be a list"),
        ("[notices]\nurls = [5]", "secrets.toml:2:1: notices.urls: must be a text"),
        (
            "[notices]\nurls = ['json://a', 'hunter2']",
            "secrets.toml:2:1: notices.urls: number 2 must be like slack://…",
        ),
        ("[notices]\nurls = 'hunter2'", "secrets.toml:2:1: notices.urls: number 1 must be like"),
        ("[notices]\nurls = [{hunter2 = 1}]", "secrets.toml:2:1: notices.urls: must be a text"),
    ],
)
def test_a_bad_address_is_told_with_its_place_and_not_repeated(
    tmp_path: Path, secrets: str, message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, secrets)
    assert message in str(caught.value)
    assert "hunter2" not in f"{caught.value!r} {caught.value.hint} {caught.value.__cause__}"


def test_a_bad_address_from_the_environment_is_named_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"^{VARIABLE}: number 1") as caught:
        read(tmp_path, environment="hunter2")
    assert "hunter2" not in str(caught.value)


def test_the_settings_that_may_be_committed_refuse_them(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match="notices is a secret, and this file must hold none"
    ) as caught:
        read(tmp_path, settings=f'{ACCOUNTS}[notices]\nurls = ["json://hunter2"]\n')
    assert "hunter2" not in str(caught.value)
    assert "secrets.toml" in str(caught.value.hint)


def test_settings_do_not_show_them(tmp_path: Path) -> None:
    settings = read(tmp_path, '[notices]\nurls = ["json://hunter2"]\n')
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_a_rehearsal_tells_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says, and whatever goes wrong in it on purpose."""
    monkeypatch.setenv(VARIABLE, "json://a")
    read(tmp_path, '[notices]\nurls = ["json://b"]\n')
    folder = tmp_path / "var" / "rehearsal"
    folder.mkdir(parents=True)
    (folder / "secrets.toml").touch()
    assert urls(load(tmp_path, os.environ)) == ["json://a"]
    with stage._environment(folder, "http://127.0.0.1:1"):
        assert urls(load(tmp_path, os.environ)) == []
