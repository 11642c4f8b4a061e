"""How Celery is told to reach the broker."""

import ssl
from importlib import import_module
from typing import Any

import pytest


@pytest.fixture
def settings(workers: Any) -> Any:
    """The function."""
    return import_module("workers.connection").celery_settings


def test_with_tls_the_certificate_is_always_verified(settings: Any) -> None:
    assert settings("redis://one:6379/0")["broker_use_ssl"] is None
    for url in ("rediss://one:6379/0", "sentinels://one:26379/0?master_name=pub"):
        assert settings(url)["broker_use_ssl"] == {"ssl_cert_reqs": ssl.CERT_REQUIRED}


def test_each_sentinel_is_asked_with_its_own_password_and_only_once(settings: Any) -> None:
    told = settings(
        "sentinels://me:a%2Fb@one,[::1]:7/3"
        "?master_name=pub&sentinel_password=psst&ssl_ca_certs=/ca.pem"
    )
    urls = "sentinel://me:a%2Fb@one:26379/3;sentinel://me:a%2Fb@[::1]:7/3"
    asking = told["broker_transport_options"]["sentinel_kwargs"]
    assert told["broker_url"] == urls
    assert told["broker_use_ssl"]["ssl_ca_certs"] == asking["ssl_ca_certs"] == "/ca.pem"
    assert told["broker_transport_options"]["master_name"] == "pub"
    assert (asking["ssl"], asking["password"]) == (True, "psst")
    assert asking["retry"].get_retries() == 0


@pytest.mark.parametrize("url", ["redis://one:6379/0", "sentinel://one/0?master_name=pub"])
def test_nothing_waits_long_for_a_broker_that_is_silent(settings: Any, url: str) -> None:
    told = settings(url)["broker_transport_options"]
    for options in (told, told.get("sentinel_kwargs", told)):
        assert options["socket_timeout"] == options["socket_connect_timeout"] == 2
        assert options["socket_keepalive"]
    assert told["health_check_interval"] <= 5
