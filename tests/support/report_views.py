"""Sample views of the three documents; `text` goes into every free text, to try hostile words."""

from datetime import date

from app.appraisal.report_views import (
    AppraisalReportView,
    ApproachView,
    ComponentView,
    EvidenceView,
    FindingView,
    FlowView,
    InputView,
    MeasurementView,
    ModelView,
    ObjectView,
    ParameterView,
    ParcelView,
    PartyView,
    SignerView,
    StepView,
)
from app.collateral.reports import (
    LtvPointView,
    NoticePartyView,
    PledgedAssetView,
    TopUpNoticeView,
)
from app.documents.pdf import Words
from app.loans.reports import InstalmentView, RepaymentView, StatementNoteView, StatementView

SYNTHETIC = Words(zh="合成示例，非真实业务", en="Synthetic example")
CHECK_URL = "https://greenpledge.invalid/verify/7C1F9A0255D0"
DIGEST = "7C1F-9A02-55D0"
BANK = Words(zh="焉支示例农村商业银行", en="Yanzhi Demo Rural Commercial Bank")
OWNER = Words(zh="焉支示例林果有限公司", en="Yanzhi Demo Orchard Co.")


def words(text: str, zh: str, en: str) -> Words:
    return Words(zh=f"{zh}{text}", en=f"{en}{text}")


def appraisal_view(text: str = "", *, is_ecological: bool = False) -> AppraisalReportView:
    """A carbon-sink income right, small enough to be checked by hand."""
    return AppraisalReportView(
        number="AR-2024-000017",
        issued_on=date(2024, 1, 2),
        valued_on=date(2023, 12, 31),
        valid_until=date(2024, 12, 30),
        check_url=CHECK_URL,
        digest_text=DIGEST,
        agency=PartyView(
            name=words(text, "崆峒示例资产评估有限公司", "Kongtong Demo Appraisal Co."),
            code="91620799DEMA00419M",
        ),
        client=PartyView(name=words(text, BANK.zh, BANK.en), code="91620799DEMA00013C"),
        owner=PartyView(name=words(text, OWNER.zh, OWNER.en), code="91620799DEMA002161"),
        users=[PartyView(name=words(text, BANK.zh, BANK.en))],
        purpose=words(
            text,
            "为委托人确定贷款押品价值提供参考。",
            "To inform the client about the value of collateral for a loan.",
        ),
        object=_object(text),
        value_type=Words(zh="市场价值", en="Market value"),
        is_ecological=is_ecological,
        value_fen=45_000_000,
        model=ModelView(
            id="carbon-sink-income",
            version="1.0.0",
            title=Words(zh="林业碳汇预期收益", en="Forestry carbon-sink income"),
            inputs_digest="a3" * 32,
            basis_digest="b4" * 32,
        ),
        maker=SignerView(name=f"金石{text}", signed_on=date(2024, 1, 2)),
        reviewer=SignerView(name=f"魏澜{text}", signed_on=None),
        basis=[words(text, "委托合同及本报告所列资料", "The engagement and the listed evidence")],
        approaches=[
            ApproachView(
                title=Words(zh="收益法", en="Income approach"),
                value_fen=45_000_000,
                weight="100%",
                reason=words(text, "有可计量的预期收益", "Expected income can be measured"),
            ),
            ApproachView(
                title=Words(zh="市场法", en="Market approach"),
                value_fen=None,
                weight="0%",
                reason=words(text, "缺少可比交易", "No comparable trades"),
            ),
        ],
        inputs=[
            InputView(title=Words(zh="面积", en="Area"), value=6800.0, unit="mu"),
            InputView(
                title=Words(zh="年碳汇量", en="Yearly removals"),
                value=816.0,
                unit="tCO₂e/yr",
            ),
        ],
        steps=_steps(text),
        flows=_flows(text),
        parameters=_parameters(text),
        assumptions=[words(text, "权利在期内持续有效", "The right stays valid for its term")],
        findings=[
            FindingView(
                code="implied-price-below-band",
                severity="note",
                words=words(text, "隐含单价低于市场区间", "Implied price below the market band"),
                explanation=f"单价取自近期成交{text}",
            )
        ],
        components=[
            ComponentView(
                title=Words(zh="碳汇收入", en="Carbon income"),
                value_fen=50_000_000,
                quantity="16,320 tCO₂e",
            ),
            ComponentView(title=Words(zh="监测成本", en="Monitoring cost"), value_fen=-5_000_000),
        ],
        special_matters=[words(text, "碳汇尚未签发", "Credits are not issued yet")],
        use_limits=[words(text, "仅供列明的使用人使用", "For the named users only")],
        evidence=[EvidenceView(title=f"计量监测报告{text}.pdf", digest="c5" * 32)],
        notice=SYNTHETIC,
    )


def _object(text: str) -> ObjectView:
    return ObjectView(
        number="A-2024-000003",
        title=words(text, "林业碳汇预期收益权", "Forestry carbon-sink expected income right"),
        kind=Words(zh="碳汇预期收益权", en="Carbon-sink income right"),
        region=Words(zh="甘肃省张掖市山丹县", en="Shandan County, Zhangye, Gansu"),
        certificate_number=f"TC-2023-0003{text}",
        right_ends_on=date(2043, 12, 31),
        area_mu="6,800",
        forest_category=Words(zh="公益林", en="public-welfare forest"),
        parcels=[
            ParcelView(
                number="K03-1",
                name=f"山丹县示例林场一区{text}",
                area_mu="3,400",
                land_use=Words(zh="乔木林地", en="forest"),
            )
        ],
        measurements=[
            MeasurementView(
                act=Words(zh="计量监测", en="Measured"),
                body=f"张掖示例林草碳汇计量监测中心{text}",
                number="MC-2023-0003",
                on=date(2023, 9, 1),
                quantity="816 t/yr",
            )
        ],
    )


def _steps(text: str) -> list[StepView]:
    return [
        StepView(
            name="yearly_removals_tco2e",
            title=Words(zh="年碳汇量", en="Yearly removals"),
            formula="area_mu * rate_tco2e_per_mu",
            told=Words(zh="面积 × rate_tco2e_per_mu", en="Area × rate_tco2e_per_mu"),
            titles={"area_mu": Words(zh="面积", en="Area")},
            inputs={"area_mu": 6800.0, "rate_tco2e_per_mu": 0.12},
            value=816.0,
            unit="tCO₂e/yr",
            reference=Words(zh=f"LY/T{text}"),
        ),
        StepView(
            name="income_yuan",
            title=Words(zh="年收入", en="Income"),
            formula="yearly_removals_tco2e * price_yuan_per_tco2e * profile",
            told=Words(zh="年碳汇量 × 价格 × 年序", en="Yearly removals × Price × Year"),
            titles={"yearly_removals_tco2e": Words(zh="年碳汇量", en="Yearly removals")},
            inputs={"yearly_removals_tco2e": 816.0, "profile": [1.0, 0.95, 0.9025, 0.857, 0.81]},
            value=450_000.0,
            unit="yuan",
            reference=Words(zh=""),
        ),
    ]


def _flows(text: str) -> list[FlowView]:
    return [
        FlowView(
            title=Words(zh=f"碳汇收入{text}", en="Sales"),
            unit="tCO2e",
            unit_price=30.5,
            rotations=1.0,
            years=[
                [1.0, 816.0, 1.02, 0.995, 0.93, 24_000.0],
                [2.0, 816.0, 1.04, 0.99, 0.86, 22_500.5],
            ],
            yuan=46_500.5,
        )
    ]


def _parameters(text: str) -> list[ParameterView]:
    return [
        ParameterView(
            id="discount.rate.carbon_income",
            title=Words(zh="折现率", en="Discount rate"),
            value=0.08,
            unit="1/yr",
            source=Words(zh=f"本行判断{text}"),
            status="judgement",
            in_force_from=date(2023, 1, 1),
        ),
        ParameterView(
            id="DEMO-SINK",
            value=30.0,
            unit="yuan/tCO₂e",
            source=Words(zh="演示价格"),
            status="synthetic",
        ),
    ]


def notice_view(text: str = "") -> TopUpNoticeView:
    """The worked case of the frost and the fallen carbon price: 70.09 % at the close."""
    return TopUpNoticeView(
        number="MC-2024-000001",
        issued_on=date(2024, 3, 21),
        as_of=date(2024, 3, 20),
        due_on=date(2024, 4, 5),
        check_url=CHECK_URL,
        digest_text=DIGEST,
        bank=NoticePartyView(name=words(text, BANK.zh, BANK.en)),
        borrower=NoticePartyView(name=words(text, OWNER.zh, OWNER.en), code="91620799DEMA002161"),
        loan_number=f"L-2023-000417{text}",
        basis="exposure",
        principal_fen=300_000_000,
        accrued_fen=3_189_167,
        fees_fen=0,
        exposure_fen=303_189_167,
        recognised_fen=432_560_000,
        ratio_ppm=700_918,
        warning_ppm=600_000,
        top_up_ppm=700_000,
        disposal_ppm=800_000,
        target_ppm=600_000,
        crossed=Words(zh="追加线（70%）", en="top-up line (70%)"),
        assets=[
            PledgedAssetView(
                number="A-2023-000001",
                title=words(text, "林权（经济林）", "Forest right"),
                relied_fen=560_000_000,
                recognised_fen=378_000_000,
                cap_ppm=500_000,
                lendable_fen=189_000_000,
            ),
            PledgedAssetView(
                number="A-2023-000002",
                title=words(text, "林业碳汇预期收益权", "Carbon-sink income right"),
                relied_fen=88_000_000,
                recognised_fen=54_560_000,
                cap_ppm=300_000,
                lendable_fen=16_368_000,
            ),
        ],
        repay_fen=43_653_167,
        add_recognised_fen=72_755_279,
        cause=words(text, "春季霜冻，碳汇价格下跌30%。", "spring frost; carbon price down 30%."),
        contact=f"赵砚秋{text}",
        consequences=[
            words(text, "本行可按合同约定宣布贷款提前到期。", "The bank may call the loan.")
        ],
        issuer_name=f"周怀谷{text}",
        issuer_post=Words(zh="有权审批人", en="Authorised approver"),
        daily_interest_fen=37_083,
        history=[
            LtvPointView(on=date(2023, 12, 31), ratio_ppm=463_000),
            LtvPointView(on=date(2024, 1, 31), ratio_ppm=488_200),
            LtvPointView(on=date(2024, 3, 20), ratio_ppm=700_918),
        ],
        notice=SYNTHETIC,
    )


def statement_view(text: str = "", *, periods: int = 12) -> StatementView:
    """A loan of 3.6 m yuan with equal principal by quarters."""
    part_fen = 3_000_000
    return StatementView(
        number="ST-2024-000001",
        issued_on=date(2024, 1, 2),
        from_on=date(2023, 7, 1),
        until_on=date(2023, 12, 31),
        check_url=CHECK_URL,
        digest_text=DIGEST,
        bank_name=words(text, BANK.zh, BANK.en),
        borrower_name=words(text, OWNER.zh, OWNER.en),
        borrower_code="91620799DEMA002161",
        loan_number="L-2023-000003",
        contract_number=f"C-2023-0003{text}",
        product=words(text, "林权+碳汇预期收益权贷款", "Forest and carbon right loan"),
        state=Words(zh="履约", en="performing"),
        method=Words(zh="等额本金（按季）", en="equal principal, quarterly"),
        day_count=Words(zh="实际天数/360天", en="actual days over 360"),
        rate_ppm=44_500,
        contract_fen=periods * part_fen,
        drawn_on=date(2023, 6, 28),
        matures_on=date(2026, 6, 27),
        opening_fen=periods * part_fen,
        drawn_fen=0,
        repaid_fen=2 * part_fen,
        written_off_fen=0,
        closing_fen=(periods - 2) * part_fen,
        interest_paid_fen=778_750,
        penalty_paid_fen=0,
        accrued_fen=40_792,
        suspense_fen=10_000,
        overdue_principal_fen=0,
        overdue_interest_fen=0,
        surcharges_fen=0,
        notes=[
            StatementNoteView(
                number="J-2023-000003",
                drawn_on=date(2023, 6, 28),
                matures_on=date(2026, 6, 27),
                amount_fen=periods * part_fen,
                balance_fen=(periods - 2) * part_fen,
                rate_ppm=44_500,
            )
        ],
        schedule=[
            InstalmentView(
                number=n,
                due_on=date(2023 + (2 + n) // 4, (n + 2) % 4 * 3 + 3, 21),
                days=91,
                principal_fen=part_fen,
                interest_fen=1_000,
                payment_fen=part_fen + 1_000,
                balance_fen=(periods - n) * part_fen,
                state=Words(zh="已还", en="paid") if n < 3 else Words(zh="未到期", en="to come"),
            )
            for n in range(1, periods + 1)
        ],
        repayments=[
            RepaymentView(
                number=f"E-2023-00{n}",
                booked_on=date(2023, 9 + 3 * n, 21),
                value_on=date(2023, 9 + 3 * n, 21 - n),
                kind=words(text, "还本付息", "Repayment"),
                principal_fen=part_fen,
                interest_fen=389_375,
                penalty_fen=0,
                suspense_fen=10_000 * n,
                total_fen=part_fen + 389_375 + 10_000 * n,
            )
            for n in (0, 1)
        ],
        prepared_by=f"陈砺{text}",
        notice=SYNTHETIC,
    )
