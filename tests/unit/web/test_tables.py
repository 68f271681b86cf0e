"""On a telephone a row is a card: each figure must say what it is without the head of its table."""

from markupsafe import Markup

from app.web.tables import labelled

HEAD = Markup(
    '<thead><tr><th scope="col">Loan</th><th scope="col" class="num"><a href="?sort=1">Principal'
    " (CNY million)</a></th><td></td></tr></thead>"
)


def test_a_cell_carries_the_heading_and_the_unit_of_its_column():
    rows = labelled(
        HEAD + Markup('<tbody><tr><td>L-1</td><td class="num">3.00</td><td></td></tr></tbody>')
    )
    assert '<td data-label="Loan">L-1</td>' in rows
    assert '<td class="num" data-label="Principal (CNY million)">3.00</td><td></td>' in rows
    assert rows.startswith(HEAD)


def test_a_cell_over_two_columns_moves_the_next_one_on():
    head = Markup("<thead><tr><th>A</th><th>B</th><th>C</th></tr></thead>")
    rows = labelled(head + Markup('<tfoot><tr><th colspan="2">Sum</th><td>1</td></tr></tfoot>'))
    assert '<th colspan="2">Sum</th><td data-label="C">1</td>' in rows


def test_a_heading_is_escaped_in_the_cell():
    head = Markup("<thead><tr><th>A</th><th>B</th><th>&quot;C&quot; &lt;i&gt;</th></tr></thead>")
    rows = labelled(head + Markup("<tbody><tr><td>1</td><td>2</td><td>3</td></tr></tbody>"))
    assert '<td data-label="&#34;C&#34; &lt;i&gt;">3</td>' in rows


def test_a_table_of_two_columns_stays_a_table():
    rows = Markup(
        "<thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody>"
    )
    assert labelled(rows) == rows
