"""Readable names of the steps that the built-in models print."""

from typing import Final

from risk_models.contract import ModelSpec
from risk_models.words import Text

__all__ = ["STEP_TITLES", "step_title"]

VALUE: Final = Text(en="Value", zh="价值")

STEP_TITLES: Final[dict[str, Text]] = {
    # Several models
    "right_years": Text(en="Years the right still lasts", zh="权利剩余年限"),
    "outlay": Text(en="Cost due on the valuation day", zh="评估日应付费用"),
    # Carbon sink income
    "verified_years": Text(en="Crediting years verified so far", zh="已核证计入年数"),
    "crediting_years": Text(en="Length of the crediting period", zh="计入期长度"),
    "unverified_years": Text(en="Years since the last verification", zh="距上次核证年数"),
    "periods_due": Text(en="Periods the next verification covers", zh="下次核证覆盖期数"),
    "next_verification_years": Text(en="Years to the next verification", zh="距下次核证年数"),
    "verification_due": Text(en="Years with a verification", zh="有核证的年份"),
    "accrued_until": Text(
        en="Crediting years a verification reaches up to", zh="核证截至的计入年数"
    ),
    "accrued_since": Text(en="Crediting years a verification begins from", zh="核证起自的计入年数"),
    "years_credited": Text(en="Years of removals credited", zh="各次核证签发年数"),
    "tonnes_credited": Text(en="Removals credited by each verification", zh="各次核证签发量"),
    "verifications": Text(en="Verifications that are paid for", zh="付费核证次数"),
    "sellable_share": Text(en="Share of removals that can be sold", zh="可售比例"),
    "credits_per_year": Text(en="Credits a year", zh="年减排量"),
    "sellable_area": Text(en="Area whose removals can be sold", zh="可售面积"),
    "net_price": Text(en="Price after tax", zh="税后价格"),
    "net_verification_cost": Text(en="Verification after tax", zh="税后核证费用"),
    "net_monitoring_cost": Text(en="Monitoring after tax", zh="税后监测费用"),
    "projects": Text(en="Whether there is a project", zh="是否有项目"),
    "monitored_years": Text(en="Years that are still monitored", zh="尚需监测年数"),
    # Forest right
    "age_years": Text(en="Age of the stand", zh="林龄"),
    "years_to_rotation": Text(
        en="Years to felling, or to the end of bearing", zh="距主伐或盛产期末年数"
    ),
    "tending_years": Text(en="Years of tending until felling", zh="管护年数"),
    "yield_years": Text(en="Years of yield that belong to the right", zh="权利内收益年数"),
    "adjusted_area": Text(en="Area at reference quality", zh="按林分质量调整后的面积"),
    "costs_spent": Text(en="Raising costs so far", zh="已投入营林成本"),
    "harvest_m3": Text(en="Timber at felling", zh="主伐出材量"),
    "timber_now_m3": Text(en="Timber standing today", zh="现有出材量"),
    "profit_yuan_per_m3": Text(en="Normal profit of felling", zh="木材采运正常利润"),
    # Gross ecosystem product
    "siltation_m3": Text(en="Silt kept out of reservoirs", zh="减少泥沙淤积量"),
    "nitrogen_t": Text(en="Nitrogen kept out of rivers", zh="减少氮面源污染量"),
    "phosphorus_t": Text(en="Phosphorus kept out of rivers", zh="减少磷面源污染量"),
    "sand_m2": Text(en="Land kept free of sand", zh="减少沙化土地面积"),
    "marsh_storage_m3": Text(en="Flood storage of marsh", zh="沼泽调蓄水量"),
    # Rights to income
    "paid_years": Text(en="Years since payments began", zh="已收付年数"),
    "next_payment_years": Text(en="Years to the next anniversary", zh="距下次收付年数"),
    "growth_path": Text(en="Growth of the income by year", zh="各年收益增长倍数"),
    # Units traded on markets
    "free_quantity": Text(en="Units that compliance does not need", zh="履约外可用数量"),
    "days_to_sell": Text(en="Trading days to sell them", zh="变现所需交易日"),
    "liquidity_share": Text(en="Share lost by selling", zh="变现折价率"),
    "lost_quantity": Text(en="Units lost to selling", zh="变现折损数量"),
}


def step_title(spec: ModelSpec | None, name: str) -> Text | None:
    """The title of a printed step; None where a model of others names none.

    A flow is printed as approach.component, with __2 and so on for further flows of a component.
    """
    plain = name.rpartition(".")[2].partition("__")[0]
    if name == "value":
        return VALUE
    if "." not in name and plain in STEP_TITLES:
        return STEP_TITLES[plain]
    if spec is None:
        return None
    parts = {each.name: each.title for each in (*spec.components, *spec.approaches)}
    return parts.get(plain)
