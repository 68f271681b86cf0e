"""A test is lent a database as the template is, whatever the test before it did."""

import pytest
import sqlalchemy as sa

from app.db.engine import make_engine

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE another (id int)",
        "ALTER TABLE person ADD COLUMN another int",
        "ALTER TABLE person DROP COLUMN name_en",
        "CREATE INDEX another ON person (name_en)",
    ],
)
def test_a_copy_whose_tables_were_changed_is_not_lent_again(templates, change):
    template = templates("postgres")
    with template.copy(fresh=True) as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql(change)
        engine.dispose()
    assert sa.make_url(url).database not in template.idle


def test_a_copy_whose_rows_were_changed_is_lent_again_as_it_was(templates):
    template = templates("postgres")
    with template.copy(fresh=True) as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE person SET name_en = 'another'")
        engine.dispose()
    with template.copy() as again:
        assert again == url
        engine = make_engine(again)
        with engine.begin() as connection:
            found = connection.exec_driver_sql(
                "SELECT count(*) FROM person WHERE name_en = 'another'"
            )
            assert found.scalar_one() == 0
        engine.dispose()
