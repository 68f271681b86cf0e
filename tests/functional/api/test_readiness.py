"""/readyz says whether the database fits this version; /healthz only that the process lives."""

import pytest


@pytest.mark.parametrize(("version", "said"), [("0001", "schema-older"), ("9999", "schema-newer")])
def test_schema_of_another_version_is_not_ready(client, database, version, said):
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE schema_version SET version_num = '{version}'")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (503, said)
    assert client.get("/healthz").status_code == 200


def test_schema_of_this_version_is_ready(client):
    assert client.get("/readyz").status_code == 200
