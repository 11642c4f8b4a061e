"""Accounts and whose their keys are."""

from publisher.model.accounts import Owner


def test_an_owner_is_called_by_name_and_by_id_until_that_is_known() -> None:
    assert str(Owner(id="42", name="@BICE_ONG")) == "@BICE_ONG"
    assert str(Owner(id="42")) == "42"
