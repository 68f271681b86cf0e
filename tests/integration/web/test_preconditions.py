"""Versions: what was read must still be so when it is changed."""

import pytest

PATH = "/probe/things/1"


def test_a_read_gives_the_version_as_its_tag(program):
    assert program.get(PATH, status=200).headers["ETag"] == '"3"'


def test_the_current_version_may_be_changed(program):
    program.put(PATH, {}, version=3, status=200)


@pytest.mark.parametrize("version", [2, 4])
def test_another_version_is_stale(program, effects, version):
    answer = program.put(PATH, {}, version=version, status=412)
    assert answer.json["code"] == "stale-version"
    assert answer.json["current"] == 3
    assert effects() == 0


def test_a_change_without_a_version_is_refused(program, effects):
    answer = program.put(PATH, {}, status=428)
    assert answer.json["header"] == "If-Match"
    assert effects() == 0


@pytest.mark.parametrize("tag", ["3", '"three"', "*", '"3', '"-3"', '"3", "4"'])
def test_a_version_is_written_as_one_tag(program, tag):
    program.put(PATH, {}, headers={"If-Match": tag}, status=400)


def test_a_weak_tag_counts_as_its_version(program):
    program.put(PATH, {}, headers={"If-Match": 'W/"3"'}, status=200)
