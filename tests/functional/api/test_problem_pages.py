"""The address in the `type` of a problem tells what it means and what to do."""

import pytest

from app.kernel.errors import Refusal
from app.web.problem_pages import kinds


def test_the_type_of_an_answer_leads_to_its_page(api, client):
    answer = api("c1-fin").get("/loans/00000000-0000-0000-0000-000000000000", status=404)
    page = client.get(answer.json["type"], headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert "There is nothing at this address that you may see." in page.text
    assert "这个地址没有您可以查看的内容" in page.text or "未找到" in page.text


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_places_of_facts_are_open(client, language):
    page = client.get("/problems/agency-not-on-panel", headers={"Accept-Language": language})
    assert page.status_code == 200
    assert "%(" not in page.text
    assert "…" in page.text


def test_an_unknown_code_is_not_found(client):
    assert client.get("/problems/nothing-of-this-name").status_code == 404


def test_each_code_names_one_kind_of_problem(app):
    """Programs tell problems apart by their code alone."""
    codes = [kind.code for kind in kinds(Refusal)]
    assert len(set(codes)) == len(codes)
