"""The file of a loan through the API: order of steps, versions, keys, sight, refusals with facts."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import sqlalchemy as sa

from app.assets.domain import ForestCategory
from app.loans.models import BankDay, Loan
from app.origination.models import Product
from app.origination.services import drafts
from tests.factories.lending import Lending
from tests.support.once import built_once


@pytest.fixture
@built_once
def opened(session, world, commit) -> None:
    """Bank A has opened its books and offers its products."""
    Lending(session, world).open_bank()
    commit()


@pytest.fixture
def lending(session, world, opened) -> Lending:
    return Lending(session, world)


@pytest.fixture
@built_once
def pool(lending, commit) -> list[dict[str, str]]:
    assets = lending.main_pool()
    commit()
    return [
        {"asset_id": str(each.asset_id), "secured_yuan": amount}
        for each, amount in zip(assets, ("2800000.00", "264000.00"), strict=True)
    ]


def body(world, pool, **changed) -> dict[str, object]:
    return {
        "bank_id": str(world.organisation("A")),
        "product": "forest-carbon-loan",
        "amount_yuan": "3000000.00",
        "term_months": 36,
        "purpose": "沙棘原料收购与管护支出",
        "repayment_source": "沙棘果品销售收入",
        "region_code": "620725",
        "credit_consent": True,
        "assets": pool,
        **changed,
    }


def test_whoever_is_signed_in_learns_what_a_bank_offers(api, lending, world, commit):
    commit()
    bank = str(world.organisation("A"))
    for login in ("c1-fin", "a-officer", "b-officer", "pbc-1"):
        found = api(login).get("/loan-products", bank=bank, page_size=100, status=200).json
        by_code = {each["code"]: each for each in found["items"]}
        assert {each["bank_id"] for each in found["items"]} == {bank}
    product = by_code["forest-carbon-loan"]
    assert product["title"] == {
        "zh": "林权+碳汇预期收益权贷款",
        "en": "Forest right and carbon-sink income loan",
    }
    assert product["terms"] == {
        "methods": ["bullet", "equal-principal"],
        "every": "3m",
        "day_count": "act/360",
        "interest_style": "quarterly",
        "ltv_basis": None,
        "max_term_months": 36,
        "max_rate": "0.15",
        "penalty": "0.5",
        "misuse": "1.0",
        "green_required": True,
        "credit": False,
        "use": "working-capital",
        "asset_kinds": ["carbon-sink-income", "forest-right"],
        "needs_kinds": ["forest-right", "carbon-sink-income"],
    }
    assert api("c1-fin").get("/loan-products", status=200).json["total"] == len(by_code)
    nothing = api("c1-fin").get("/loan-products", bank=str(world.organisation("B")), status=200)
    assert nothing.json["items"] == []
    assert api("i1-1").get("/loan-products", status=200).json["items"] == []
    api().get("/loan-products", status=401)


def test_a_refusal_names_the_methods_of_the_product_in_words(api, lending, commit):
    view = lending.accepted(lending.main_pool())
    commit()
    path = f"/loan-applications/{view.id}"
    refused = api("a-officer").event(path, "sign", **{**SIGN, "method": "plan"}, status=422)
    (error,) = refused.json["errors"]
    assert error["pointer"] == "/method"
    assert "bullet" not in error["detail"]
    assert "principal at the end" in error["detail"] or "到期" in error["detail"]


def test_amounts_in_the_hints_of_a_drawdown_are_grouped(api, sign_in, lending, commit):
    view = lending.contracted(lending.main_pool())
    waiting = lending.request(view.loan_id)
    commit()
    for words in (
        sign_in("a-officer").get(f"/drawdowns/{waiting.id}", status=200).text,
        str(api("a-officer").get(f"/drawdowns/{waiting.id}", status=200).json["checks"]),
    ):
        assert "3,000,000.00" in words
        assert "3000000.00 " not in words
    # Who is told that something holds is not told what to do about it.
    checks = api("a-officer").get(f"/drawdowns/{waiting.id}", status=200).json["checks"]
    assert {each["outcome"] for each in checks} > {"unmet"}
    assert all(bool(each["hint"]) is (each["outcome"] == "unmet") for each in checks)


def test_an_amount_of_nothing_is_refused_in_words_that_hold(api, lending, commit):
    view = lending.contracted(lending.main_pool())
    commit()
    asked = {"amount_yuan": "0.00", "payee": "示例", "payment": "self"}
    path = f"/loans/{view.loan_id}/drawdowns"
    (error,) = api("a-officer").post(path, asked, status=422).json["errors"]
    assert error["detail"] in {"Enter an amount above 0.00 yuan.", "请填写大于 0.00 元的金额。"}


def test_a_product_is_listed_on_the_days_on_which_it_is_offered(api, lending, session, commit):
    statement = sa.select(Product).where(Product.code.in_(("gep-income-loan", "allowance-loan")))
    ended, later = session.execute(statement.order_by(Product.code.desc())).scalars()
    ended.valid_until, later.valid_from = date(2024, 1, 1), date(2024, 1, 3)
    commit()
    items = api("c1-fin").get("/loan-products", page_size=100, status=200).json["items"]
    assert {"gep-income-loan", "allowance-loan"} & {each["code"] for each in items} == set()


SIGN = {
    "opinion": "现场核实，用途真实。",
    "rate": "0.0445",
    "method": "bullet",
    "purpose_checked": True,
    "financial_difficulty": False,
    "catalogue_edition": "2019",
    "catalogue_code": "4.1",
    "green_evidence": "收购合同",
}


def lead(api, path, *steps: str) -> None:
    """Take the steps of a file in their order, each by its own person."""
    words = {"opinion": "同意"}
    known = {
        "submit": ("c1-fin", {}),
        "accept": ("a-officer", {}),
        "sign": ("a-officer", SIGN),
        "countersign": ("a-co", words),
        "pass": ("a-review", words),
        "approve": ("a-approve", {**words, "amount_yuan": "3000000.00"}),
        "contract": ("a-officer", {}),
    }
    for step in steps:
        login, given = known[step]
        api(login).event(path, step, status=200, **given)


WAY = ("submit", "accept", "sign", "countersign", "pass", "approve", "contract")


@pytest.fixture
def path(api, world, pool) -> str:
    answer = api("c1-fin").post("/loan-applications", body(world, pool), status=201)
    assert answer.headers["Location"].endswith(answer.json["id"])
    return f"/loan-applications/{answer.json['id']}"


@pytest.mark.parametrize(
    ("language", "rule"),
    [("zh-CN", "“申请各环节办理时限”"), ("en", "“Days for each step of an application”")],
)
def test_books_on_a_day_before_a_rule_refuse_with_the_day_it_begins(
    api, client, path, session, world, commit, language, rule
) -> None:
    lead(api, path, "submit")
    session.get_one(BankDay, world.organisation("A")).open_on = date(2019, 12, 31)
    commit()
    officer = api("a-officer")
    refused = officer.post(
        f"{path}/events",
        {"event": "accept"},
        version=officer.get(path).json["version"],
        headers={"Accept-Language": language},
        status=422,
    )
    assert refused.json["code"] == "rule-not-in-force"
    assert refused.json["parameter"] == "origination.step_days"
    assert (refused.json["on"], refused.json["first_on"]) == ("2019-12-31", "2020-01-01")
    assert rule in refused.json["detail"]
    assert client.get(refused.json["type"]).status_code == 200


def test_a_file_goes_from_draft_to_money(api, world, path) -> None:
    lead(api, path, *WAY)
    view = api("a-officer").get(path, status=200).json
    assert (view["state"], view["events"]) == ("contracted", [])
    assert view["approved_yuan"] == "3000000.00"
    loan = f"/loans/{view['loan_id']}"
    asked = {
        "amount_yuan": "1000000.00",
        "payee": "示例果品合作社",
        "payment": "self",
        "search_number": "示例查询-1",
        "searched_on": "2024-01-02",
    }
    waiting = api("a-officer").post(f"{loan}/drawdowns", asked, status=201).json
    drawdown = f"/drawdowns/{waiting['id']}"
    refused = api("a-drawdown").event(drawdown, "check", status=422).json
    assert refused["code"] == "drawdown-conditions-not-met"
    assert "security-registered" in refused["codes"]
    listed = api("c1-fin").get(f"{loan}/drawdowns", status=200).json["items"]
    assert [each["number"] for each in listed] == [waiting["number"]]
    assert listed[0]["requested_by"] is None
    refusal = api("a-drawdown").event(drawdown, "refuse", status=200, note="未登记").json
    assert refusal["state"] == "refused"


def test_the_pool_is_shown_with_its_value_chain(api, path) -> None:
    lead(api, path, "submit", "accept")
    shown = api("a-officer").get(f"{path}/pool", status=200).json
    assert [each["lendable_yuan"] for each in shown["values"]] == ["2800000.00", "264000.00"]
    assert shown["totals"]["lendable_yuan"] == "3064000.00"
    assert shown["totals"]["limit_yuan"] == "3000000.00"
    assert shown["totals"]["ltv"] == "0.462963"


def test_a_preview_stores_nothing(api, path, pool) -> None:
    lead(api, path, "submit", "accept")
    officer = api("a-officer")
    asked = {"assets": pool[1:], "amount_yuan": "200000.00"}
    shown = officer.post(f"{path}/pool-preview", asked, key=None, status=200).json
    assert shown["totals"]["limit_yuan"] == "200000.00"
    assert shown["stored"]["limit_yuan"] == "3000000.00"
    assert len(officer.get(path, status=200).json["assets"]) == 2


def test_an_event_out_of_order_is_refused_with_the_legal_ones(api, path) -> None:
    answer = api("a-approve").post(f"{path}/events", {"event": "approve"}, version=1, status=404)
    assert answer.json["code"] == "not-found"
    lead(api, path, "submit")
    answer = (
        api("a-approve").event(path, "approve", status=409, amount_yuan="1.00", opinion="同意").json
    )
    assert answer["code"] == "illegal-event"
    assert answer["legal"] == ["accept", "return", "withdraw"]


def test_a_stale_version_is_refused(api, path) -> None:
    lead(api, path, "submit")
    answer = api("a-officer").post(f"{path}/events", {"event": "accept"}, version=1, status=412)
    assert answer.json["code"] == "stale-version"
    missing = api("a-officer").post(f"{path}/events", {"event": "accept"}, status=428)
    assert missing.json["code"] == "precondition-required"


def test_a_write_needs_its_key_and_repeats_to_the_same_answer(api, world, pool) -> None:
    program = api("c1-fin")
    sent = body(world, pool)
    assert program.post("/loan-applications", sent, key=None).status_code == 400
    first = program.post("/loan-applications", sent, key="one-draft", status=201)
    again = program.post("/loan-applications", sent, key="one-draft", status=201)
    assert again.json["id"] == first.json["id"]
    assert api("c1-fin").get("/loan-applications", status=200).json["total"] == 1


def test_duties_apart_hold_through_tokens(api, world, path, session, commit) -> None:
    from datetime import date

    from app.identity.models import Membership

    lead(api, path, "submit", "accept", "sign")
    # The same person under a second role of the bank, as after a re-assignment.
    session.add(
        Membership(
            person_id=world.person("a-officer"),
            organisation_id=world.organisation("A"),
            role="co-investigator",
            valid_from=date(2024, 1, 1),
        )
    )
    commit()
    answer = api("a-officer").event(path, "countersign", status=422, opinion="同意").json
    assert answer["code"] == "duties-apart"
    assert "countersign" not in api("a-officer").get(path, status=200).json["events"]


def test_others_do_not_find_it(api, path) -> None:
    lead(api, path, "submit")
    for login in ("b-officer", "c2-fin"):
        api(login).get(path, status=404)
        api(login).get(f"{path}/pool", status=404)
        api(login).post(
            f"{path}/events", {"event": "withdraw", "opinion": "撤回"}, version=2, status=404
        )
    api("pbc-1").get(path, status=403)
    api().get(path, status=401)


def test_refused_assets_are_pointed_at(api, world, lending, commit) -> None:
    forest = lending.asset(category=ForestCategory.PROTECTION)
    commit()
    sent = body(world, [{"asset_id": str(forest)}], product="forest-right-loan")
    answer = api("c1-fin").post("/loan-applications", sent, status=422).json
    assert answer["code"] == "pool-line-refused"
    assert answer["errors"][0]["pointer"] == "/assets/0/asset_id"


def test_what_is_incomplete_is_named_by_field(api, world, pool) -> None:
    sent = body(world, pool, term_months=37, credit_consent=False)
    view = api("c1-fin").post("/loan-applications", sent, status=201).json
    path = f"/loan-applications/{view['id']}"
    answer = api("c1-fin").event(path, "submit", status=422).json
    assert answer["code"] == "checks-not-met"
    assert [each["pointer"] for each in answer["errors"]] == ["/term_months", "/credit_consent"]
    checks = api("c1-fin").get(f"{path}/checks", status=200).json["items"]
    unmet = [each["code"] for each in checks if each["outcome"] == "unmet"]
    assert unmet == ["term-within-product", "credit-consent"]
    tag = api("c1-fin").get(path).headers["ETag"]
    mended = {"term_months": 36, "credit_consent": True}
    api("c1-fin").patch(path, mended, headers={"If-Match": tag}, status=200)
    api("c1-fin").event(path, "submit", status=200)


def test_unknown_fields_and_wrong_amounts_are_refused(api, world, pool) -> None:
    program = api("c1-fin")
    assert program.post("/loan-applications", body(world, pool, colour="green")).status_code == 422
    assert (
        program.post("/loan-applications", body(world, pool, amount_yuan="0.00")).status_code == 422
    )
    assert (
        program.post("/loan-applications", body(world, pool, amount_yuan=3000000)).status_code
        == 422
    )
    other = body(world, pool, product="no-such-product")
    assert (
        program.post("/loan-applications", other, status=422).json["code"] == "product-not-offered"
    )


def test_the_authority_of_the_approver_bounds_the_amount(api, path) -> None:
    lead(api, path, "submit", "accept", "sign", "countersign", "pass")
    answer = (
        api("a-approve")
        .event(path, "approve", status=422, amount_yuan="3000000.01", opinion="同意")
        .json
    )
    assert answer["code"] == "approval-refused"
    assert answer["codes"] == ["within-limit", "within-request"]


def test_lists_filter_sort_and_page(api, world, pool, path) -> None:
    program = api("c1-fin")
    program.post("/loan-applications", body(world, pool, amount_yuan="100000.00"), status=201)
    lead(api, path, "submit")
    assert program.get("/loan-applications", status=200, state="submitted").json["total"] == 1
    amounts = [
        each["amount_yuan"]
        for each in program.get("/loan-applications", status=200, sort="amount").json["items"]
    ]
    assert amounts == ["100000.00", "3000000.00"]
    assert program.get("/loan-applications", page_size=1).json["total"] == 2
    assert program.get("/loan-applications", sort="colour").status_code == 422
    assert api("a-officer").get("/loan-applications", status=200).json["total"] == 1


def test_documents_are_added_and_read_by_both_sides(api, path) -> None:
    from io import BytesIO

    lead(api, path, "submit")
    sent = {"title": "采购合同", "file": (BytesIO(b"a,b\n1,2\n"), "contract.csv")}
    added = api("c1-fin").post(f"{path}/documents", data=sent, status=201)
    read = api("a-officer").get(added.headers["Location"], status=200)
    assert read.data == b"a,b\n1,2\n"
    api("b-officer").get(added.headers["Location"], status=404)


def test_capacity_taken_meanwhile_is_a_conflict_and_nothing_is_half_done(
    api, world, lending, commit, database
) -> None:
    forest = lending.asset(recognised_fen=5_600_000_00)
    commit()
    paths = []
    for secured in ("2800000.00", "2800000.01"):
        pool = [{"asset_id": str(forest), "secured_yuan": secured}]
        sent = body(world, pool, product="forest-right-loan", amount_yuan="1400000.00")
        paths.append(
            f"/loan-applications/{api('c1-fin').post('/loan-applications', sent).json['id']}"
        )
    for path in paths:
        lead(api, path, *WAY[:5])
        api("a-approve").event(
            path, "approve", status=200, amount_yuan="1400000.00", opinion="同意"
        )
    api("a-officer").event(paths[0], "contract", status=200)
    answer = api("a-officer").event(paths[1], "contract", status=409).json
    assert answer["code"] == "lien-capacity-exhausted"
    assert answer["free"] == "2800000.00"
    late = api("a-officer").get(paths[1], status=200).json
    assert (late["state"], late["loan_id"]) == ("approved", None)
    with database.read() as seen:
        assert seen.execute(sa.select(sa.func.count()).select_from(Loan)).scalar_one() == 1


@pytest.mark.one_engine("postgres")
def test_who_waited_for_another_editor_is_told_and_overwrites_nothing(
    api, database, lending, session, commit
):
    """Both saw version 1; the second request arrives while the first is not committed yet."""
    view = lending.draft()
    commit()
    path = f"/loan-applications/{view.id}"
    with ThreadPoolExecutor(1) as pool, database.write() as first:
        drafts.change_draft(
            first, lending.world.actor("c1-fin"), view.id, drafts.ChangeDraft(purpose="先改的用途")
        )
        second = pool.submit(
            api("c1-fin").patch, path, {"purpose": "后改的用途"}, version=view.version
        )
        time.sleep(0.3)
    assert second.result().status_code == 412
    assert api("c1-fin").get(path).json["purpose"] == "先改的用途"
