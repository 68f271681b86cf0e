"""Pages of the appraisal room, as agency, bank and owner use them."""

import re
from uuid import UUID

import pytest

from app.appraisal.domain import AppraisalKind, ItemState
from app.appraisal.models import Appraisal, RevaluationItem
from app.appraisal.services import (
    OrderAppraisal,
    RequestRevaluation,
    order_appraisal,
    request_revaluation,
    run_revaluation,
)
from app.assets.domain import AssetKind
from tests.factories.appraisals import (
    REVALUED_AT,
    REVALUED_ON,
    SIGNED_ON,
    add_asset,
    add_price,
    example_inputs,
    make_valid,
    order,
)


def typed(model_id):
    inputs = {f"inputs-{name}": str(given) for name, given in example_inputs(model_id).items()}
    return {"valued_on": SIGNED_ON.isoformat(), **inputs}


def test_the_agency_walks_an_appraisal_to_its_report(sign_in, world, carbon):
    owner, maker, reviewer = sign_in("c1-fin"), sign_in("ag1-a"), sign_in("ag1-b")
    fields = {
        "asset_id": str(carbon),
        "bank_id": str(world.organisation("A")),
        "agency_id": str(world.organisation("AG1")),
        "purpose": "抵质押贷款",
    }
    path = owner.submit("/appraisals/new", fields, status=303).headers["Location"]
    order = maker.get(f"{path}/events/accept", status=200).text
    assert "示例资产 A-1 · A-1" in order
    assert "焉支示例林果有限公司" in order
    assert "碳汇预期收益" in order
    maker.submit(f"{path}/events/accept", status=303)
    form = maker.get(f"{path}/inputs", status=200).text
    assert 'data-when-name="inputs-removal_basis"' in form
    assert 'value="29600"' in form
    wrong = maker.submit(f"{path}/inputs", {**typed("carbon-sink-income"), "inputs-area_mu": "-3"})
    assert wrong.status_code == 422
    assert '<a href="#inputs-area_mu">面积：数值低于允许的下限：须不低于0亩。</a>' in wrong.text
    assert 'value="-3"' in wrong.text
    maker.submit(f"{path}/inputs", typed("carbon-sink-income"), status=303)
    page = maker.get(path, status=200).text
    assert "880,000.00" in page
    assert "next_verification_years" in page
    maker.submit(f"{path}/events/sign", {"qualification": "62010001"}, status=303)
    assert "/events/countersign" not in maker.get(path).text
    own = maker.get(f"{path}/events/countersign", status=200).text
    assert "请同事复核并签字" in own
    assert 'class="event-form"' not in own
    listed = owner.get(f"/assets/{carbon}", status=200).text
    assert "carbon-sink-income" not in listed
    assert "碳汇预期收益" in listed
    before = reviewer.get(f"{path}/events/countersign", status=200).text
    assert 'class="event-form"' in before
    assert "该资产如有原报告，则由其取代" in before
    for shown in ("880,000.00", "2023-12-26", "62010001", f"{path}/draft.pdf"):
        assert shown in before
    assert reviewer.get(f"{path}/draft.pdf", status=200).data.startswith(b"%PDF")
    assert owner.get(f"{path}/draft.pdf").status_code in (403, 404)
    reviewer.submit(f"{path}/events/countersign", {"qualification": "62010002"}, status=303)
    assert f"{path}/report.pdf" in owner.get(path, status=200).text
    assert owner.get(f"{path}/report.pdf", status=200).data.startswith(b"%PDF")
    maker.get(f"{path}/inputs", status=409)


def test_the_form_of_the_signature_asks_for_the_explanation(
    sign_in, session, world, carbon, commit
):
    made = order(session, world, carbon)
    commit()
    maker, path = sign_in("ag1-a"), f"/appraisals/{made.id}"
    maker.submit(f"{path}/events/accept", status=303)
    inputs = {**typed("carbon-sink-income"), "inputs-discount_rate": "0.04"}
    maker.submit(f"{path}/inputs", inputs, status=303)
    refused = maker.submit(f"{path}/events/sign", status=422).text
    name = "explanations-rate-outside-band.discount_rate"
    assert f'href="#{name}"' in refused
    assert f'id="{name}"' in refused
    assert "折现率4%" in refused
    maker.submit(
        f"{path}/events/sign", {name: "取自同期贷款利率。", "qualification": "62010001"}, status=303
    )
    assert "取自同期贷款利率。" in maker.get(path, status=200).text


def number_label(page):
    return re.search(r'<label[^>]*for="qualification".*?</label>', page, re.DOTALL).group()


def test_the_number_of_an_agencys_appraiser_is_shown_as_required(
    sign_in, session, world, carbon, commit
):
    made = order(session, world, carbon)
    commit()
    maker, reviewer, path = sign_in("ag1-a"), sign_in("ag1-b"), f"/appraisals/{made.id}"
    maker.submit(f"{path}/events/accept", status=303)
    maker.submit(f"{path}/inputs", typed("carbon-sink-income"), status=303)
    assert "选填" not in number_label(maker.get(f"{path}/events/sign", status=200).text)
    refused = maker.submit(f"{path}/events/sign", status=422).text
    assert "选填" not in number_label(refused)
    assert 'href="#qualification"' in refused
    maker.submit(f"{path}/events/sign", {"qualification": "62010001"}, status=303)
    assert "选填" not in number_label(reviewer.get(f"{path}/events/countersign", status=200).text)
    assert "选填" not in number_label(
        reviewer.submit(f"{path}/events/countersign", status=422).text
    )


def test_the_number_is_optional_where_a_bank_appraises_itself(
    sign_in, session, world, carbon, commit
):
    forest = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-2")
    command = OrderAppraisal(
        asset_id=forest,
        bank_id=world.organisation("A"),
        purpose="小额林权抵押贷款",
        kind=AppraisalKind.INTERNAL,
        loan_fen=299_999_99,
    )
    path = f"/appraisals/{order_appraisal(session, world.actor('a-officer'), command).id}"
    commit()
    maker, reviewer = sign_in("a-collateral"), sign_in("a-review")
    maker.submit(f"{path}/events/accept", status=303)
    maker.submit(f"{path}/inputs", typed("forest-right"), status=303)
    assert "选填" in number_label(maker.get(f"{path}/events/sign", status=200).text)
    maker.submit(f"{path}/events/sign", {"qualification": "A-0007"}, status=303)
    signed = maker.get(path, status=200).text
    assert "工号 A-0007" in signed
    assert "资格证号" not in signed
    assert "选填" in number_label(reviewer.get(f"{path}/events/countersign", status=200).text)
    reviewer.submit(f"{path}/events/countersign", status=303)


def test_a_stated_price_needs_its_source(sign_in, session, world, carbon, commit):
    view = order(session, world, carbon)
    commit()
    maker = sign_in("ag1-a")
    path = f"/appraisals/{view.id}"
    maker.submit(f"{path}/events/accept", status=303)
    fields = {**typed("carbon-sink-income"), "prices-0-yuan": "31.5"}
    refused = maker.submit(f"{path}/inputs", fields)
    assert refused.status_code == 422
    assert 'id="prices-0-source-error"' in refused.text
    fields["prices-0-source"] = "书面询价"
    maker.submit(f"{path}/inputs", fields, status=303)
    assert "书面询价" in maker.get(path, status=200).text


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_page_renders_in_both_languages(
    sign_in, database, session, world, carbon, clock, commit, language
):
    view = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    clock.instant = REVALUED_AT
    broken = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-2")
    make_valid(session, world, broken, example_inputs("forest-right"), REVALUED_ON)
    add_price(session, REVALUED_ON, "21")
    commit()
    run = request_revaluation(session, world.actor("a-risk"), RequestRevaluation(on=REVALUED_ON))
    commit()
    risk = sign_in("a-risk", language=language)
    assert f"/revaluations/{run.id}/progress" in risk.get(f"/revaluations/{run.id}").text
    assert "HX-Refresh" not in risk.get(f"/revaluations/{run.id}/progress", status=200).headers
    run_revaluation(database, world.actor("a-risk"), run.id)
    assert "HX-Refresh" in risk.get(f"/revaluations/{run.id}/progress", status=200).headers
    pages = [
        "/appraisals", f"/appraisals/{view.id}", "/appraisal-models", "/appraisal-models/gep",
        "/appraisal-models/forest-right", "/appraisal-models/carbon-sink-income/what-if",
        "/revaluations", "/revaluations/new", f"/revaluations/{run.id}",
        f"/revaluations/{run.id}/assets", f"/revaluations/assets/{carbon}", "/panel",
    ]  # fmt: skip
    for page in pages:
        text = risk.get(page, status=200).text
        assert "%(" not in text, page
    officer = sign_in("a-collateral", language=language)
    for page in ("/panel/new", f"/appraisals/assets/{carbon}/record", "/appraisals/new"):
        assert "%(" not in officer.get(page, status=200).text, page
    for page in (f"/appraisals/{view.id}", f"/revaluations/{run.id}"):
        sign_in("b-collateral", language=language).get(page, status=404)


def test_a_negative_value_is_refused_with_its_figure_in_thousands(
    sign_in, session, world, carbon, commit
):
    made = order(session, world, carbon)
    commit()
    maker, path = sign_in("ag1-a", language="en"), f"/appraisals/{made.id}"
    maker.submit(f"{path}/events/accept", status=303)
    dear = {**typed("carbon-sink-income"), "inputs-monitoring_cost_yuan": "900000"}
    refused = maker.submit(f"{path}/inputs", dear, status=422).text
    assert re.search(r"The model gives -\d{1,3}(,\d{3})+\.\d\d yuan\.", refused)


def test_a_day_that_was_revalued_already_is_not_told_as_filed(
    sign_in, database, session, world, carbon, clock, commit
):
    make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    clock.instant = REVALUED_AT
    add_price(session, REVALUED_ON, "21")
    commit()
    risk, wanted = sign_in("a-risk", language="en"), {"on": REVALUED_ON.isoformat()}
    told = []
    for _ in range(2):
        sent = risk.submit("/revaluations/new", {**wanted, "executor": "serial"}, status=303)
        told.append(risk.get(sent.headers["Location"], status=200).text)
    run_revaluation(database, world.actor("a-risk"), UUID(sent.headers["Location"].split("/")[-1]))
    sent = risk.submit("/revaluations/new", {**wanted, "executor": "serial"}, status=303)
    told.append(risk.get(sent.headers["Location"], status=200).text)
    says = ("is filed.", "is not finished yet.", "nothing has changed since.")
    assert [[words in page for words in says] for page in told] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]


def test_a_run_counts_what_it_valued_and_leads_to_what_it_could_not(
    sign_in, database, session, world, carbon, commit
):
    steady = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-2")
    made = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    make_valid(session, world, steady, example_inputs("forest-right"))
    broken = session.get_one(Appraisal, made.id)
    broken.inputs = {**broken.inputs, "area_mu": "many"}
    run = request_revaluation(session, world.actor("a-risk"), RequestRevaluation(on=SIGNED_ON))
    commit()
    run_revaluation(database, world.actor("a-risk"), run.id)
    risk = sign_in("a-risk")
    page = risk.get(f"/revaluations/{run.id}", status=200).text
    assert '<span class="num">1 / 2</span>' in page
    assert "可见资产的当前价值均未下降" in page
    failed = page[page.index("无法估值的资产") :]
    link = f"/assets/{carbon}"
    assert f'href="{link}"' in failed
    risk.get(link, status=200)


def test_only_falls_are_listed_and_their_figures_agree(
    sign_in, session, world, carbon, clock, commit
):
    steady = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-2")
    make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    make_valid(session, world, steady, example_inputs("forest-right"))
    clock.instant = REVALUED_AT
    run = request_revaluation(session, world.actor("a-risk"), RequestRevaluation(on=REVALUED_ON))
    ends = {carbon: (42_250_10, 42_249_90), steady: (42_000_00, 42_000_00)}
    for asset_id, (before_fen, after_fen) in ends.items():
        item = session.get_one(RevaluationItem, (run.id, asset_id))
        item.state, item.before_fen, item.after_fen = ItemState.DONE, before_fen, after_fen
    commit()
    page = sign_in("a-risk").get(f"/revaluations/{run.id}", status=200).text
    listed = page[page.index("最大降幅") :]
    figures = re.findall(r'<td class="num"[^>]*>([^<]*)</td>', listed)
    assert figures == ["42,250.10", "42,249.90", "-0.20"]


@pytest.mark.parametrize(
    ("language", "reference"), [("zh_CN", "市场法的通行做法"), ("en", "practice of the market")]
)
def test_model_and_result_tell_sources_in_the_readers_language(
    sign_in, session, world, carbon, clock, commit, language, reference
):
    forest = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-2")
    view = make_valid(session, world, forest, example_inputs("forest-right"))
    commit()
    risk = sign_in("a-risk", language=language)
    for page in ("/appraisal-models/forest-right", f"/appraisals/{view.id}"):
        assert reference in risk.get(page, status=200).text, page
    stress = risk.get("/collateral/risk", status=200).text
    assert ("本项目" if language == "zh_CN" else "Judgement of the project") in stress


def test_a_model_shows_each_parameter_once_and_shares_in_per_cent(sign_in, carbon):
    shown = sign_in("a-risk", language="en").get("/appraisal-models/forest-right").text
    assert shown.count("Highest usual discount rate of a forest right") == 1
    row = shown[shown.index("Highest usual discount rate of a forest right") :]
    assert re.findall(r'<td class="(?:num|whole)"[^>]*>([^<]*)</td>', row)[:2] == ["10", "%"]
    assert "Replacement cost (%)" in shown
    assert "(ratio)" not in shown
    assert ">table<" not in shown


def test_a_model_states_the_range_of_a_share_as_form_and_api_take_it(sign_in, carbon):
    risk = sign_in("a-risk", language="en")
    shown = risk.get("/appraisal-models/carbon-sink-income").text
    row = shown[shown.index("baseline_share") :]
    assert re.findall(r"<td[^>]*>([^<]*)</td>", row)[:2] == ["ratio", "0 – 1"]
    form = risk.get("/appraisal-models/carbon-sink-income/what-if").text
    assert "From 0 to 1." in form


def test_a_what_if_shows_its_value_and_stores_nothing(sign_in, carbon):
    risk = sign_in("a-risk")
    page = "/appraisal-models/forest-right/what-if"
    found = risk.submit(page, typed("forest-right"), status=200)
    assert "5600000.00" in found.text or "5,600,000.00" in found.text
    assert risk.submit(page, {"valued_on": "2024-99-01"}).status_code == 422


def test_a_share_has_one_form_in_inputs_and_steps(sign_in, carbon):
    page = "/appraisal-models/forest-right/what-if"
    shown = sign_in("a-risk", language="en").submit(page, typed("forest-right"), status=200).text
    assert 'Public-welfare forest, share of the area = <span class="num">0%<' in shown
    assert 'Weight of Yield annuity = <span class="num">100%<' in shown
    assert 'Quality factor K = <span class="num">0.95<' in shown
    assert ">ratio<" not in shown


def test_an_empty_year_of_a_list_is_refused_at_its_field(sign_in, carbon):
    risk = sign_in("a-risk")
    listed = "inputs-coming_costs_by_year_yuan_per_mu"
    page, given = "/appraisal-models/forest-right/what-if", typed("forest-right")
    risk.submit(page, {**given, listed: "10,0,12"}, status=200)
    refused = risk.submit(page, {**given, listed: "10,,12"}, status=422).text
    assert (
        f'<a href="#{listed}">未来各年营林支出：列表中第2个数字为空，请补填；该年没有的填0。</a>'
        in refused
    )
    assert "10,,12</textarea>" in refused


def test_a_share_that_is_no_number_is_told_how_it_is_typed(sign_in, carbon):
    risk = sign_in("a-risk", language="en")
    given = {**typed("forest-right"), "inputs-discount_rate": "0.6%"}
    refused = risk.submit("/appraisal-models/forest-right/what-if", given, status=422).text
    assert "A number is needed: a share of one, 5% is typed as 0.05." in refused


def test_every_year_of_the_fan_names_what_it_counts(sign_in, carbon):
    risk = sign_in("a-risk", language="en")
    page = "/appraisal-models/carbon-sink-income/what-if"
    shown = risk.submit(page, typed("carbon-sink-income"), status=200).text
    years = re.findall(r'<th scope="row" class="num" data-label="([^"]*)">(\d+)</th>', shown)
    assert years[:2] == [
        ("Years from the valuation day", "0"),
        ("Years from the valuation day", "1"),
    ]


def test_a_long_result_leads_to_each_of_its_sections_and_folds_the_table_of_the_fan(
    sign_in, session, world, carbon, commit
):
    appraised = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    commit()
    risk = sign_in("a-risk", language="en")
    pages = (
        risk.get(f"/appraisals/{appraised.id}", status=200).text,
        risk.submit(
            "/appraisal-models/carbon-sink-income/what-if", typed("carbon-sink-income"), status=200
        ).text,
    )
    for page in pages:
        jumps = page.partition('<nav class="jumps" aria-label="On this page">')[2]
        targets = re.findall(r'href="#([a-z-]+)"', jumps.partition("</nav>")[0])
        assert {"section-value", "section-fan", "section-steps"} <= set(targets)
        assert targets == [each for each in targets if page.count(f'id="{each}"') == 1]
        assert set(targets) == set(re.findall(r'id="(section-[a-z]+)"', page))
        _, _, fan = page.partition('id="section-fan"')
        assert '<details class="twin"><summary>Figures as a table' in fan.partition("</section>")[0]


def test_the_years_of_a_flow_are_told_whole_and_led_to_from_their_step(sign_in, carbon):
    risk = sign_in("a-risk", language="en")
    what_if = "/appraisal-models/forest-compensation-income/what-if"
    page = risk.submit(what_if, typed("forest-compensation-income"), status=200).text
    steps, _, flows = page.partition('id="section-flows"')
    assert 'href="#section-flows">Its years stand in the yearly cash flow.' in steps
    care = flows.partition("Income approach: Care of the forest")[2].partition("</details>")[0]
    rows = re.findall(r"<tr>(<th scope=\"row\".*?)</tr>", care)
    told = [
        [float(each.replace(",", "")) for each in re.findall(r">([-\d,.]+)<", row)] for row in rows
    ]
    years, total = told[:-1], told[-1]
    price = re.search(r'Unit price <span class="num">([\d.]+) CNY', care)
    assert price is not None
    for _year, units, index, survival, discount, worth in years:
        told_by_hand = units * float(price[1]) * index * survival * discount
        assert worth == pytest.approx(told_by_hand, rel=1e-5)
    assert total == [pytest.approx(sum(year[-1] for year in years), abs=0.005 * len(years))]
    assert len(years) > 1


def test_a_what_if_draws_losses_where_they_are_asked_for(sign_in, carbon):
    risk = sign_in("a-risk", language="en")
    page = "/appraisal-models/carbon-sink-income/what-if"
    assert 'name="losses"' in risk.get(page, status=200).text
    told = "On each path the year of a loss was drawn."
    given = typed("carbon-sink-income")
    assert told not in risk.submit(page, given, status=200).text
    assert told in risk.submit(page, {**given, "losses": "1"}, status=200).text
    refused = risk.submit(page, {"valued_on": "2024-99-01", "losses": "1"}, status=422).text
    assert 'name="losses" value="1" checked' in refused


def test_the_first_page_of_a_what_if_is_placed_named_once_and_asks_only_what_may_matter(
    sign_in, carbon
):
    risk = sign_in("a-risk")
    page = risk.get("/appraisal-models/vep-income/what-if", status=200).text
    assert 'href="/appraisal-models/vep-income">' in page
    facts = page[page.index("</h1>") : page.index('<form class="event-form"')]
    assert facts.count("生态产品价值") <= 1
    day = page[: page.index('id="valued_on"')]
    assert day.rindex("基准日</h2>") > day.rfind("供水")
    for model, offered in (("energy-use-right", False), ("vep-income", True)):
        asked = risk.get(f"/appraisal-models/{model}/what-if", status=200).text
        assert ('name="losses"' in asked) is offered, model


def test_an_officer_records_the_frost(sign_in, session, world, clock, carbon, commit):
    forest = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-2")
    make_valid(session, world, forest, example_inputs("forest-right"))
    clock.instant = REVALUED_AT
    commit()
    officer = sign_in("a-collateral")
    page = f"/appraisals/assets/{forest}/record"
    fields = {
        "valid_from": "2024-03-20",
        "reason": "霜冻",
        "overrides-net_yield_yuan_per_mu": "159.331429",
    }
    officer.submit(page, fields, status=303)
    assert "159.331429" in officer.get(page, status=200).text
    assert officer.submit(page, {"valid_from": "2024-03-20"}).status_code == 422
    assert officer.submit(page, {"valid_from": "2024-03-20", "reason": "无"}).status_code == 422


def test_a_draft_that_is_not_there_yet_names_the_steps_in_words(
    sign_in, session, world, carbon, commit
):
    made = order(session, world, carbon)
    commit()
    maker, path = sign_in("ag1-a"), f"/appraisals/{made.id}"
    maker.submit(f"{path}/events/accept", status=303)
    shown = maker.get(f"{path}/draft.pdf", status=409).text
    assert "承办签字" in shown
    assert ": sign" not in shown


def test_the_order_page_of_a_bank_says_how_an_internal_appraisal_begins(sign_in, carbon):
    told = "内部评估从贷款申请开始"
    assert told in sign_in("a-collateral").get("/appraisals/new", status=200).text
    assert told not in sign_in("c1-fin").get("/appraisals/new", status=200).text


def test_the_ways_of_running_are_named_as_they_are_chosen(sign_in, carbon):
    page = sign_in("a-risk", language="en").get("/revaluations/new", status=200).text
    help_text = page[page.index('id="executor-help"') :].partition("</p>")[0]
    for choice in ("One process", "Several processes of this machine"):
        assert f">{choice}</option>" in page
    assert "The value is the same either way." in help_text
    assert "“" not in help_text
    described = sign_in("a-risk").get("/openapi.json", status=200).json["components"]["schemas"]
    told = described["RequestRevaluation"]["properties"]["executor"]["description"]
    assert told.endswith("“serial” is one process, “processes” several of this machine.")
