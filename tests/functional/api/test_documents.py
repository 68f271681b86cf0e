"""Evidence files and the public check, as programs use them."""

import io
from datetime import date
from io import BytesIO

import pytest

from app.documents.services import IssueDocument, issue_document, new_identity
from app.kernel.actor import Name
from app.kernel.ids import new_id


def send(client, name: str = "资料.geojson", content: bytes = b'{"type": "Feature"}'):
    data = {"file": (BytesIO(content), name)}
    return client.post("/documents", data=data, content_type="multipart/form-data")


def test_a_file_is_found_and_downloaded_by_its_organisation_only(api) -> None:
    made = send(api("c1-fin"))
    assert made.status_code == 201, made.text
    path = made.headers["Location"]
    assert api("c1-fin").get(path, status=200).json["name"] == "资料.geojson"
    file = api("c1-fin").get(f"{path}/content", status=200)
    assert file.data == b'{"type": "Feature"}'
    assert "attachment" in file.headers["Content-Disposition"]
    assert "script-src" not in file.headers["Content-Security-Policy"]
    for tail in ("", "/content"):
        api("c2-fin").get(path + tail, status=404)
        api().get(path + tail, status=401)
    assert api("c1-fin").get("/documents", status=200).json["total"] == 1
    assert api("c2-fin").get("/documents", status=200).json["total"] == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.exe", b"MZ"), ("a.html", b"<html>"), ("a.pdf", b"MZ\x00"), ("a.csv", b"\x00\x01")],
)
def test_a_file_that_is_not_taken_says_why(api, name, content) -> None:
    answer = send(api("c1-fin"), name, content)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/file"
    assert answer.json["errors"][0]["detail"]


@pytest.fixture
def code(session, world, commit) -> str:
    """The code of an issued document."""
    identity = new_identity(session, year=2024)
    command = IssueDocument(
        identity=identity,
        kind="appraisal-report",
        title=Name(zh="评估报告", en="Appraisal report"),
        issued_on=date(2024, 1, 2),
        subject_kind="appraisal",
        subject_id=new_id(),
        content=b"%PDF-1.7 secret figures",
    )
    issue_document(session, world.actor("ag1-a"), command)
    commit()
    return identity.code


def test_anybody_checks_a_code_and_learns_nothing_of_the_content(api, code) -> None:
    found = api().get(f"/verify/{code}", status=200).json
    told = {"number", "code", "kind", "title_zh", "title_en", "issued_on"}
    assert set(found) == {*told, "issuer_zh", "issuer_en", "sha256", "standing"}
    assert found["standing"] is None
    assert (found["kind"], found["title_en"]) == ("appraisal-report", "Appraisal report")
    api().get("/verify/AAAA-AAAA-AAAA-AAAA", status=404)


def test_the_public_page_shows_number_day_issuer_and_digest(client, code) -> None:
    page = client.get(f"/verify/{code.lower()}")
    assert page.status_code == 200
    for words in ("DOC-2024-000001", "崆峒示例资产评估有限公司", "评估报告"):
        assert words in page.text
    assert "secret" not in page.text
    assert client.get("/verify/AAAA-AAAA-AAAA-AAAA").status_code == 404
    assert client.get(f"/verify?code={code}").headers["Location"] == f"/verify/{code}"
    assert client.get("/verify").status_code == 200


def test_the_same_key_with_another_file_is_refused(api):
    def sent(content: bytes) -> dict[str, object]:
        return {"file": (io.BytesIO(content), "a.pdf", "application/pdf")}

    first = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    stored = api("c1-fin").post("/documents", data=sent(first), key="one", status=201)
    again = api("c1-fin").post("/documents", data=sent(first), key="one", status=201)
    assert again.json["id"] == stored.json["id"]
    other = api("c1-fin").post("/documents", data=sent(first + b"\n"), key="one", status=422)
    assert other.json["code"] == "idempotency-key-reused"


@pytest.mark.parametrize("address", ["/documents", "/assets/{asset_id}/evidence"])
def test_an_upload_takes_a_key_without_asking_for_one(client, address) -> None:
    document = client.get("/openapi.json").json
    described = document["paths"][f"/api/v1{address}"]["post"]["parameters"]
    assert {"$ref": "#/components/parameters/IdempotencyKeyIfAny"} in described
    assert document["components"]["parameters"]["IdempotencyKeyIfAny"]["required"] is False
