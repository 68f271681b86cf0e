"""`demo load` where it cannot end well."""

from app.documents.pdf_text import FONT_FILES


def test_nothing_is_loaded_without_the_fonts_that_its_documents_need(
    empty_database, at, run, monkeypatch, tmp_path
):
    at(empty_database)
    monkeypatch.setattr("app.cli.supervisor.FONT_FOLDER", tmp_path)
    refused = run("demo", "load", "--json")
    assert (refused.code, refused.json["code"]) == (1, "fonts-not-set-up")
    assert refused.json["files"] == ", ".join(FONT_FILES.values())
    assert "dev.py setup" in refused.json["detail"]
    first, second = FONT_FILES.values()
    (tmp_path / first).touch()
    assert run("demo", "load", "--json").json["files"] == second
    assert run("db", "status", "--json").json["state"] == "empty"
