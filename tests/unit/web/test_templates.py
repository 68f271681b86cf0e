"""What no template, style sheet or script may hold: content policy and old browsers forbid it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STATIC = ROOT / "app" / "static"
STYLE = (STATIC / "app.css").read_text(encoding="utf-8")
SCRIPT = (STATIC / "app.js").read_text(encoding="utf-8")

# Younger than Chromium 88, which desktops of banks still run.
YOUNG_CSS = (
    r"color-mix\(|oklch\(|oklab\(|\blch\(|:has\(|@layer|@container|@scope|@property|@starting-style",
    r"\d[dsl]v[hwib]\b|\bcq[whib]\b|light-dark\(|:user-invalid|subgrid|text-wrap",
    r"accent-color|aspect-ratio|\binset\s*:|scrollbar-gutter|content-visibility",
)
YOUNG_JS = r"\.at\(|structuredClone|Object\.groupBy|\.toSorted\(|\.hasOwn\(|\.findLast\("
# The document frame, the parts of macros and their private helpers are not building blocks of pages.
FRAME = {"head_links", "brand", "language_link", "demo_strip", "toasts", "form_keys", "field_id"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(params=TEMPLATES, ids=name_of)
def template(request: pytest.FixtureRequest) -> str:
    return re.sub(r"\{#.*?#\}", "", request.param.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_a_template_has_no_inline_style(template):
    assert not re.search(r"\sstyle\s*=", template)
    assert "<style" not in template


def test_a_template_has_no_inline_handler(template):
    assert not re.search(r"<[^>]*\s(on[a-z]+|hx-on[^=]*)\s*=", template)
    assert "javascript:" not in template
    assert "js:" not in template


def test_a_template_has_no_inline_script_but_data_blocks(template):
    for attributes, body in re.findall(r"<script\b([^>]*)>(.*?)</script>", template, re.DOTALL):
        assert "src=" in attributes or 'type="application/json"' in attributes
        assert "src=" not in attributes or not body.strip()


def test_a_template_names_no_other_host(template):
    assert not re.search(
        r"""(?:href|src|action|hx-get|hx-post)\s*=\s*["'](?:https?:)?//""", template
    )


def test_a_day_stands_left_under_its_heading_and_is_never_broken(template):
    assert not re.search(
        r"<td( class=\"num\")?>\{\{[^}]*\|(day|instant)(\([^)]*\))? \}\}</td>", template
    )


def test_paper_keeps_the_head_and_the_total_of_a_table_with_its_rows():
    paper = STYLE.split("@media print", 1)[1]
    assert re.search(r"\.card-head, [^{]*\{ break-after: avoid", paper)
    assert re.search(r"tfoot > tr \{ break-before: avoid", paper)
    assert ".card-empty { display: none; }" in paper


def test_a_template_escapes_what_it_shows(template):
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", template)


def test_a_template_imports_macros_with_context(template):
    imports = re.findall(r"\{%-?\s*from 'macros/[^%]*%\}", template)
    assert all("with context" in each for each in imports)


def test_a_template_uses_only_icons_of_the_sprite(template):
    listed = set((STATIC / "icons.txt").read_text(encoding="utf-8").split("\n"))
    quoted = re.findall(r"\bicon\('([a-z0-9-]+)'", template)
    quoted += re.findall(r"icon_name='([a-z0-9-]+)'", template)
    quoted += re.findall(r"\bkpi\('([a-z0-9-]+)'", template)
    assert set(quoted) <= listed


def test_post_forms_carry_the_page_token(template):
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", template, re.DOTALL):
        assert "csrf_token" in form


@pytest.mark.parametrize("pattern", YOUNG_CSS)
def test_the_style_sheet_asks_nothing_of_young_browsers(pattern):
    assert re.findall(pattern, re.sub(r"/\*.*?\*/", "", STYLE, flags=re.DOTALL)) == []


def test_the_style_sheet_has_no_nested_rule_and_names_no_host():
    plain = re.sub(r"/\*.*?\*/", "", STYLE, flags=re.DOTALL)
    assert "&" not in plain
    assert not re.search(r"@import|url\(|https?:", plain)
    assert plain.count("{") == plain.count("}")


def test_the_style_sheet_stays_small():
    assert len(STYLE) < 40_000


def test_the_script_makes_no_code_of_text_and_names_no_host():
    assert not re.search(
        r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write", SCRIPT
    )
    assert not re.search(r"https?:|setAttribute\('style'", SCRIPT)


def test_the_script_asks_nothing_of_young_browsers():
    assert re.findall(YOUNG_JS, SCRIPT) == []


def test_chart_tooltips_are_drawn_and_not_injected():
    assert "renderMode: 'richText'" in SCRIPT
    assert not re.search(r"renderMode: 'html'", SCRIPT)


def test_the_style_guide_shows_every_macro():
    guide = (ROOT / "templates" / "style_guide.html").read_text(encoding="utf-8")
    macros = {
        name
        for path in (ROOT / "templates" / "macros").glob("*.html")
        for name in re.findall(r"\{%-?\s*macro ([a-z]\w*)\(", path.read_text(encoding="utf-8"))
    }
    # These are drawn inside others: a table makes its headers, a list its bars.
    inside = {"bar", "delta_text", "th", "table_box", "name_cell", "field", "form_fields", "icon"}
    unseen = {name for name in macros - FRAME - inside if not re.search(rf"\b{name}\(", guide)}
    assert unseen == set()


def test_english_pages_draw_their_quotes_in_a_latin_font():
    """Curly quotes and dashes stand in both kinds of fonts: the one named first draws them."""
    english = re.search(r":root:lang\(en\) \{[^}]*--font: ([^;]+);", STYLE)[1]
    chinese = ("PingFang", "YaHei", "CJK", "WenQuanYi")
    kinds = [any(name in each for name in chinese) for each in english.split(",")[:-1]]
    assert kinds == sorted(kinds)
    assert (kinds[0], kinds[-1]) == (False, True)
