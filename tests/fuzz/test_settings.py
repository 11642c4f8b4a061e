"""Whatever publisher.toml, secrets.toml and the environment hold: settings that work, or one
error.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.app import Application
from publisher.base.clock import SystemClock, from_environment
from publisher.base.errors import ConfigurationError, PublisherError
from publisher.delivery.leases import Leases
from publisher.monitoring import broker
from publisher.settings import settings
from tests.fuzz.effort import bounded, fuzzed
from tests.fuzz.trees import LEAF, TEXT, damaged, toml, value

SECRET = "hunter2-hunter2"
_GOOD: dict[str, Any] = {
    "language": "fr",
    "var": "var",
    "database": {"url": "sqlite:///var/publisher.db"},
    "broker": {"url": "redis://127.0.0.1:1/0"},
    "approval": {"required": False},
    "delivery": {"settle": "60s", "request_timeout": "20s", "expires": "4h", "workers": 1},
    "accounts": {
        "bice-x": {"channel": "twitter", "organisation": "BICE", "language": "fr"},
        "bice-page": {"channel": "facebook", "page_id": "100200300", "timezone": "Europe/Zurich"},
        "bice-site": {"channel": "site", "title": "BICE"},
    },
}  # fmt: skip
_GOOD_SECRETS: dict[str, Any] = {
    "bice-x": dict.fromkeys(
        ("api_key", "api_secret", "access_token", "access_token_secret"), SECRET
    ),
    "bice-page": {"page_token": SECRET, "app_secret": SECRET},
}
_URLS = {
    "database": st.sampled_from(
        (
            f"postgresql://u:{SECRET}@127.0.0.1:1/x?connect_timeout=1", f"postgresql://u:{SECRET}@[::1", f"mysql://u:{SECRET}@127.0.0.1/x",
            f"postgresql+psycopg://u:{SECRET}@127.0.0.1:port/x", f"sqlite+pysqlite://u:{SECRET}@/x", f"oracle:{SECRET}", SECRET,
            "sqlite:///:memory:", "sqlite://", "sqlite:///",
        )
    ),
    "broker": st.builds(
        "{}://:{}@127.0.0.1:{}{}".format,
        st.sampled_from(("redis", "rediss", "unix", "http", "")),
        st.just(SECRET),
        st.sampled_from(("1", "port", "99999", "-1", "")),
        st.sampled_from(
            (
                "/0", "/x", "/-1", "/0?socket_timeout=soon", "/0?health=1", "/0?ssl_cert_reqs=maybe", "/0?protocol=9", "/0?retry=1", "/0?db=a",
                "/0?retry_on_error=1", "/0?client_name=%00", "/0?encoding=none", "/0?max_connections=0", "?" + "a=b&" * 50,
            )
        ),
    ),
}  # fmt: skip
_ODD = st.one_of(
    LEAF,
    value(),
    st.sampled_from(
        (
            "redis://", "redis:", "unix:///tmp/x", "http://127.0.0.1:1", "http://[", "http://127.0.0.1:port", "ftp://x",
            "0s", "-1s", "1w", "9" * 30 + "d", "36500d", "100d", "PT1H", "1 day", "٣s", "twitter", "all", "ACCOUNT", "a b", "../..", "/", "bice_x", "site",
        )
    ),
)  # fmt: skip


@st.composite
def toml_files(draw: st.DrawFn, good: dict[str, Any]) -> bytes:
    """A TOML file like `good`, with odd values in it; sometimes with odd bytes."""
    tree = draw(damaged(good, _ODD))
    tree = tree if isinstance(tree, dict) else {"delivery": tree}
    for name, urls in _URLS.items() if good is _GOOD else ():
        if draw(st.booleans()):
            tree = {**tree, name: {"url": draw(urls)}}
    text = toml(tree)
    data = text.encode("utf-8", "replace")
    if draw(st.integers(0, 5)) == 0:
        place, lost = draw(st.integers(0, len(data))), draw(st.integers(0, 20))
        data = (
            data[:place]
            + draw(
                st.binary(max_size=8)
                | st.sampled_from((b"[", b"\xef\xbb\xbf", b"'''", b"\\", b"[a]\n[a]\n"))
            )
            + data[place + lost :]
        )
    return data


_NAMES = st.sampled_from(
    (
        "PUBLISHER_LANGUAGE", "PUBLISHER_VAR", "PUBLISHER_DATABASE__URL", "PUBLISHER_BROKER__URL", "PUBLISHER_DELIVERY__SETTLE",
        "PUBLISHER_DELIVERY__WORKERS", "PUBLISHER_DELIVERY__REQUEST_TIMEOUT", "PUBLISHER_APPROVAL__REQUIRED", "PUBLISHER_ACCOUNTS__BICE_X__API_KEY",
        "PUBLISHER_ACCOUNTS__BICE_PAGE__PAGE_ID", "PUBLISHER_ACCOUNTS", "PUBLISHER_DELIVERY", "PUBLISHER_SECRETS_FILE", "PUBLISHER_TWITTER_API_URL",
        "PUBLISHER_FACEBOOK_GRAPH_URL", "PUBLISHER_WORKSPACE", "PUBLISHER_", "PUBLISHER___", "PUBLISHER_é", "PATH", "publisher_var",
        "PUBLISHER_ACCOUNTS____", "PUBLISHER_CLOCK",
    )
)  # fmt: skip
environments = st.dictionaries(
    _NAMES, (TEXT | _ODD.map(str)).map(lambda text: text.replace("\0", "")), max_size=3
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@fuzzed(250)
@given(
    main=toml_files(_GOOD), secrets=toml_files(_GOOD_SECRETS) | st.none(), environment=environments
)
def test_any_settings_work_or_are_refused(
    folder: Path, main: bytes, secrets: bytes | None, environment: dict[str, str]
) -> None:
    (folder / "publisher.toml").write_bytes(main)
    (folder / "secrets.toml").unlink(missing_ok=True)
    if secrets is not None:
        (folder / "secrets.toml").write_bytes(secrets)
    with bounded(5):
        try:
            use(settings.load(folder, environment))
        except PublisherError as error:
            look_at(error)


def use(found: settings.Settings) -> None:
    """Do with settings what the commands and the processes do with them first."""
    clock = SystemClock()
    app = Application(found, clock)
    try:
        for account in found.accounts:
            try:
                with app.channel(account):
                    pass
            except PublisherError as error:
                look_at(error)
    finally:
        app.close()
    for lease in Leases.for_timeout(found.delivery.request_timeout), found.delivery.settle:
        longest = lease.preparing if isinstance(lease, Leases) else lease.total_seconds()
        clock.ahead(longest)
    assert clock.now() + found.delivery.expires
    assert found.delivery.expires <= timedelta(days=40_000)
    if found.broker.url:
        broker.check(found.broker.url, seconds=0.2)


def look_at(error: PublisherError) -> None:
    """It says what to do, and no secret."""
    text = f"{error} {error.hint or ''}"
    assert str(error)
    assert SECRET not in text
    text.encode()


@fuzzed(200)
@given(
    st.one_of(
        TEXT,
        st.builds(
            "{}@{}".format,
            st.datetimes().map(str)
            | st.datetimes(timezones=st.timezones()).map(lambda d: d.isoformat()),
            st.floats() | st.integers(),
        ),
        st.sampled_from(("file:", "file:/", "file:\udc80")),
    )
)
def test_any_clock_runs_or_is_refused(monkeypatch: pytest.MonkeyPatch, wish: str) -> None:
    monkeypatch.setenv("PUBLISHER_CLOCK", wish.replace("\0", ""))
    try:
        clock = from_environment()
    except ConfigurationError as error:
        look_at(error)
        return
    assert clock.ahead(86_400) >= clock.now()
