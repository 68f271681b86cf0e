"""The frame and every macro, drawn in both languages with invented figures."""

import json
import re
from html.parser import HTMLParser

import pytest
from flask import render_template

from app.web.forms import Form, FormField
from tests.support.style_guide import STATIC, style_guide_app

VOID = {"meta", "link", "input", "br", "path", "use", "rect"}


class Page(HTMLParser):
    """Collects what the tests ask for and notes tags that do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> closes {self.open[-1:]}")
        elif self.open:
            self.open.pop()

    def handle_data(self, data):
        if self.open[-1:] != ["script"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def every(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    return style_guide_app(tmp_path_factory.mktemp("translations")).test_client()


@pytest.fixture(params=["zh_CN", "en"])
def page(client, request):
    return Page(client.get(f"/?lang={request.param}&flash=1").get_data(as_text=True))


def test_every_tag_closes(page):
    assert page.wrong == []
    assert page.open == []


def test_nothing_unformatted_shows_through(page):
    assert not re.search(r"\bNone\b|Undefined|%\(|Decimal\(|\{\{|<", page.text)


def test_ids_are_unique_and_references_meet_them(page):
    ids = page.every("id")
    assert sorted(ids) == sorted(set(ids))
    wanted = page.every("for") + page.every("aria-describedby") + page.every("aria-labelledby")
    assert {each for value in wanted for each in value.split()} <= set(ids)
    assert {
        href[1:] for href in page.every("href") if href in {"#main", "#sidebar", "#uscc"}
    } <= set(ids)


def test_an_error_is_said_at_its_field_and_linked_from_the_summary(page):
    fields = {attrs.get("id"): attrs for tag, attrs in page.tags if tag == "input"}
    assert fields["uscc"]["aria-invalid"] == "true"
    assert "uscc-error" in (fields["uscc"]["aria-describedby"] or "")
    assert {"#uscc", "#amount_yuan"} <= set(page.every("href"))


def test_every_chart_has_its_figures_as_data_and_as_a_table(client):
    html = client.get("/?lang=zh_CN").get_data(as_text=True)
    blocks = re.findall(
        r'<script type="application/json" id="([\w-]+)-data">(.*?)</script>', html, re.DOTALL
    )
    kinds = re.findall(r'data-chart="([\w-]+)"', html)
    assert set(kinds) == {"bar-line", "line-two-axes", "treemap", "waterfall", "parcels"}
    assert len(blocks) == len(kinds) == html.count('<details class="twin">')
    assert all(json.loads(data) for _, data in blocks)


def test_one_cell_has_other_digits_and_another_unit_in_each_language(client):
    english = Page(client.get("/?lang=en").get_data(as_text=True)).text
    chinese = Page(client.get("/?lang=zh_CN").get_data(as_text=True)).text
    again = Page(client.get("/?lang=en").get_data(as_text=True)).text
    assert english == again
    assert "Loan balance 23.58" in english
    assert "Unit: CNY million" in english
    assert "贷款余额 2,358.00" in chinese
    assert "单位：万元" in chinese
    assert "CNY" not in chinese


def test_the_frame_names_its_language_and_links_the_other_one(client):
    chinese = client.get("/?lang=zh_CN").get_data(as_text=True)
    english = client.get("/?lang=en").get_data(as_text=True)
    assert '<html lang="zh-CN">' in chinese
    assert 'href="?lang=en" lang="en"' in chinese
    assert '<html lang="en">' in english
    assert 'href="?lang=zh_CN" lang="zh-CN"' in english


def test_the_demo_world_is_named_on_the_page(client):
    assert (
        "演示数据 演示营业日期 2024-01-02"
        in Page(client.get("/?lang=zh_CN").get_data(as_text=True)).text
    )


def test_a_message_stands_in_the_flow_at_the_head_of_the_page_and_covers_nothing(client):
    html = client.get("/?flash=1").get_data(as_text=True)
    head, body = html.split('id="toasts"')
    notices, body = body.split("</div>", 1)
    assert '<main id="main"' in head
    assert "✓" in notices
    assert "✗" not in notices
    assert "✗" in body
    assert ".toasts { position" not in (STATIC / "app.css").read_text(encoding="utf-8")


STATUSES = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429, 500, 503]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("visitor", ["", "&out=1"])
def test_a_problem_page_says_what_and_what_next_in_both_languages(client, status, visitor):
    shown = []
    for language in ("zh_CN", "en"):
        response = client.get(f"/problem/{status}?lang={language}{visitor}")
        page = Page(response.get_data(as_text=True))
        assert response.status_code == status
        assert page.wrong == []
        assert str(status) in page.text
        shown.append(page.text)
    assert "返回首页" in shown[0]
    assert "To the home page" in shown[1]
    heading = re.compile("[\u4e00-\u9fff]")
    assert heading.search(shown[0])
    assert not heading.search(shown[1].replace("中文", ""))


def test_a_failure_of_the_service_is_told_without_menu(client):
    assert 'id="sidebar"' in client.get("/problem/404").get_data(as_text=True)
    assert 'id="sidebar"' not in client.get("/problem/500").get_data(as_text=True)


def form_page(client, problem=None, error=""):
    field = FormField(
        name="amount_yuan", id="amount_yuan", kind="money", label="Amount", error=error
    )
    row = FormField(name="assets-0-id", id="assets-0-id", kind="text", label="Asset")
    form = Form(fields=[field], rows={"assets": [[row]]})
    with client.application.test_request_context("/loans/new?lang=en"):
        return render_template(
            "form_page.html",
            form=form,
            problem=problem,
            title="New",
            back="/loans",
            version=3,
            idempotency_key="k-3",
        )


def test_a_page_that_only_confirms_says_that_nothing_is_to_be_filled_in(client):
    with client.application.test_request_context("/pledges/1/withdraw?lang=en"):
        page = render_template("form_page.html", form=Form(fields=[]), title="Withdraw", back="/")
    assert "Nothing is to be filled in. Confirm, or go back." in page
    assert "Nothing is to be filled in" not in form_page(client)


def test_a_form_of_a_schema_posts_to_its_own_address_with_its_keys(client):
    page = Page(form_page(client))
    hidden = {a["name"]: a["value"] for tag, a in page.tags if a.get("type") == "hidden"}
    assert page.wrong == []
    assert "/loans/new?lang=en" in page.every("action")
    assert hidden == {
        "csrf_token": "sample-token",
        "idempotency_key": "k-3",
        "version": "3",
    }
    assert {"amount_yuan", "assets-0-id"} <= set(page.every("name"))


def test_a_refused_form_says_so_in_title_summary_and_field(client):
    errors = [
        {"pointer": "/amount_yuan", "detail": "Enter it."},
        {"pointer": "/assets/0/id", "detail": "Choose it."},
    ]
    page = Page(form_page(client, {"title": "There is a problem", "errors": errors}, "Enter it."))
    assert page.text.startswith("Error: New")
    assert "There is a problem (2)" in page.text
    assert {"#amount_yuan", "#assets-0-id"} <= set(page.every("href"))
    assert page.text.count("Enter it.") == 2
