"""What tells a copy of a database from the live one."""

import pytest

from order_channel_mapping.tools.database_identity import DatabaseIdentity

LIVE = DatabaseIdentity("uuid", "shop", "7301", 16384)


@pytest.mark.parametrize(
    ("copy", "code"),
    [
        (LIVE, None),
        (DatabaseIdentity("uuid", "shop", "7301", 99), None),  # a backup that was restored under the same name
        (DatabaseIdentity("uuid", "shop", "", 16384), None),  # the role may no longer read the cluster's identifier
        (DatabaseIdentity("uuid", "shop", "", 99), "foreign_cluster"),
        (DatabaseIdentity("uuid", "shop", "7302", 16384), "foreign_cluster"),
        (DatabaseIdentity("uuid", "shop_test", "7301", 16384), "foreign_name"),
        (DatabaseIdentity("uuid2", "shop", "7301", 16384), "foreign_database"),
    ],
)
def test_what_differs(copy, code):
    assert copy.difference(LIVE) == code


def test_what_is_kept_is_read_again():
    assert DatabaseIdentity.from_text(LIVE.to_text()) == LIVE


@pytest.mark.parametrize("text", ["neutralized", "", "[]", "{}", "null", '{"uuid": "uuid"}'])
def test_what_is_no_identity_is_nobodys(text):
    assert LIVE.difference(DatabaseIdentity.from_text(text)) == "foreign_database"
