"""What the carbon-sink model says of its inputs and values, in both languages."""

from typing import Final

from risk_models.modelling import REMOVALS_ABOVE
from risk_models.words import Text

__all__ = ["CARE", "CARE_COSTS", "IMPLIED", "RATE", "REASONS", "WORDS"]

IMPLIED: Final = Text(
    en="Value over tonnes is %(implied).2f yuan/tCO2e, outside %(low).2f to %(high).2f.",
    zh="价值除以碳汇量为每吨%(implied).2f元，超出%(low).2f至%(high).2f元的区间。",
)

CARE: Final = Text(
    en="Monitoring and verification a year over the area (yuan/mu)",
    zh="年监测与核证费用除以面积（元/亩）",
)

CARE_COSTS: Final = Text(
    en='"Monitoring cost a year" and "Cost of a verification"', zh="“年监测费用”与“每次核证费用”"
)

RATE: Final = Text(
    en="Removals per mu and year (tCO2e/mu/year)", zh="每亩每年碳汇量（吨CO2e/亩·年）"
)

REASONS: Final[dict[str, Text]] = {
    "income-only": Text(
        en="Income alone: without comparable deals and without costs, the market and the cost"
        " approach have nothing to rest on.",
        zh="仅采用收益法：未提供可比案例与成本资料，市场法、成本法无从适用。",
    ),
    "comparables": Text(
        en="Income, supported by comparable deals; without costs the cost approach does not apply.",
        zh="以收益法为主，可比案例佐证；未提供成本资料，成本法不适用。",
    ),
    "costs": Text(
        en="Income, supported by what the sink cost to raise; without comparable deals the market"
        " approach does not apply.",
        zh="以收益法为主，营造成本佐证；未提供可比案例，市场法不适用。",
    ),
    "both": Text(
        en="Income, supported by comparable deals and by what the sink cost to raise.",
        zh="以收益法为主，可比案例与营造成本佐证。",
    ),
}
"""Why the approaches weigh what they weigh, by the evidence given."""

WORDS: Final[dict[str, Text]] = {
    "crediting-ends-before-it-starts": Text(
        en="The crediting period ends before it starts.", zh="计入期的结束日早于开始日。"
    ),
    "verified-before-crediting": Text(
        en="The last verification lies before the crediting period.",
        zh="最近一次核证早于计入期开始日。",
    ),
    "verified-after-valuation-day": Text(
        en="The last verification lies after the valuation day. A crediting period that has not begun"
        " cannot be valued yet.",
        zh="最近一次核证晚于评估基准日。计入期尚未开始的，暂不能评估。",
    ),
    "crediting-ended": Text(
        en="All removals of the crediting period are verified; nothing is left to sell.",
        zh="计入期内的碳汇量已全部核证，没有可售部分。",
    ),
    "right-ends-before-crediting": Text(
        en="The right ends before the crediting period; later removals are not counted.",
        zh="权利先于计入期到期，其后的碳汇量不计入。",
    ),
    "verification-overdue": Text(
        en="A verification is overdue; the next one is taken to make up for it.",
        zh="核证已逾期，假定下一次核证一并补足。",
    ),
    "care-outside-band": Text(
        en="Monitoring and verification come to %(care).2g yuan per mu and year, outside the usual"
        " %(low).4g to %(high).4g. Check the area,"
        ' "Monitoring cost a year" and "Cost of a verification".',
        zh="监测与核证费用折合每亩每年%(care).2g元，超出通常的%(low).4g至%(high).4g元，请核对面积、“年监测费用”与“每次核证费用”。",
    ),
    "removals-above-band": REMOVALS_ABOVE,
    "removals-below-band": Text(
        en="%(rate).4f tCO2e per mu and year is less than the usual %(limit).4f; check the unit.",
        zh="每亩每年%(rate).4f吨，低于通常的%(limit).4f吨，请核对单位。",
    ),
    "removals-not-credible": Text(
        en="%(rate).4f tCO2e per mu and year exceeds %(limit).4f, the most such land can show.",
        zh="每亩每年%(rate).4f吨，超过此类土地可信的上限%(limit).4f吨。",
    ),
    "dry-land-not-credible": Text(
        en="%(rate).4f tCO2e per mu and year exceeds %(limit).4f, the most dry land is taken to"
        " show. Give evidence, such as plots measured twice, and lower the rate to it.",
        zh="每亩每年%(rate).4f吨，超过干旱区认可的上限%(limit).4f吨。请提供复测样地等依据并据此调低。",
    ),
    "removals-above-growth": Text(
        en="The removals of %(given).2f tCO2e per mu are more than %(limit).2f, which is %(times).1f"
        " times the growth of such trees. Say what makes them grow faster.",
        zh="每亩碳汇量%(given).2f吨，超过该树种（组）生长量的%(times).1f倍，即%(limit).2f吨。请说明依据。",
    ),
    "removals-below-baseline": Text(
        en="The land would have removed more without the project; there is nothing to sell.",
        zh="基线情景的碳汇量高于项目，没有可售部分。",
    ),
    "price-above-band": Text(
        en="The price of %(price).2f yuan/tCO2e is above %(limit).2f, more than such credits are known"
        " to have fetched. Check the price and its unit, or say who pays it and why it will hold.",
        zh="价格每吨%(price).2f元，高于此类减排量已知成交价格的上限%(limit).2f元。"
        "请核对价格与单位，或说明由谁支付及其可持续性。",
    ),
    "price-above-usual": Text(
        en="The price of %(price).2f yuan is above %(limit).2f, which it did not exceed on 95%% of"
        " days. Say why it will hold.",
        zh="价格%(price).2f元高于近期95%%交易日的水平%(limit).2f元，请说明其可持续性。",
    ),
    "average-missing": Text(
        en="Averages of this price over 20 and 250 days are wanted and not all known; the lowest"
        " known price counts.",
        zh="要求采用20日与250日均价的较低者，但均价不全，按已知价格的较低者计。",
    ),
    "buffer-below-floor": Text(
        en="The buffer of %(buffer)p is below %(floor)p.",
        zh="非持久性扣减%(buffer)p低于%(floor)p。",
    ),
    "hazard-twice": Text(
        en="The hazard of loss is in the discount rate and stated besides. Leave the yearly hazard"
        " empty, or take it out of the rate and choose survival.",
        zh="损失风险已计入折现率又另行填写。请将年损失概率留空，或从折现率中剔除并选择按存活概率计。",
    ),
    "basis-not-for-kind": Text(
        en="Removals of this kind of sink cannot be stated this way: curves and yield tables are"
        " for forest, crown cover is for shrub, soil carbon for grassland, rotations and gains and"
        " losses are for all but grassland. State a yearly rate or a validated table instead.",
        zh="该类碳汇不能这样表述：生长曲线与收获表用于乔木林，覆盖度用于灌木林，土壤有机碳用于草原，"
        "轮伐经营与生物量增减法不适用于草原。请改用年均值或审定表。",
    ),
    "table-too-short": Text(
        en="The table covers %(covered).0f of the %(needed).0f years that crediting and the right"
        " last; the years it lacks have no removals, and their costs go on. Give every year, 0 for"
        " one without, or say why the others have none.",
        zh="审定表只有%(covered).0f年的数值，而计入期（至权利到期止）共%(needed).0f年；缺少的年份不计碳汇量，"
        "成本照常发生。请逐年填写（没有的填0），或说明其余年份没有碳汇量的理由。",
    ),
    "rotation-not-within-crediting": Text(
        en="The crediting period of %(whole).0f years ends before the rotation of %(every).0f years"
        " does: nothing is felled within it. State a yearly rate instead.",
        zh="计入期%(whole).0f年短于轮伐期%(every).0f年，期内不发生主伐，请改按年均值表述。",
    ),
    "rotation-stores-nothing": Text(
        en="The mean stock of the rotations is not above what was cleared for them; there is"
        " nothing to sell.",
        zh="轮伐林长期平均碳储量不高于期初清理量，没有可售部分。",
    ),
    "losses-above-growth": Text(
        en="Wood, fuelwood and disturbance take as much carbon a year as growth gains, or more;"
        " there is nothing to sell.",
        zh="采伐、薪材与灾害的年碳损失不低于年增碳量，没有可售部分。",
    ),
    "disturbed-above-area": Text(
        en="The area disturbed a year is larger than the whole area. Both are in mu.",
        zh="年受灾面积大于总面积，两者均以亩计，请核对。",
    ),
    "disturbance-and-hazard": Text(
        en="A disturbed area and a yearly hazard of loss are both stated. Say that the hazard"
        " leaves out what is counted as disturbed, or set one of them to 0.",
        zh="同时填写了受灾面积与年损失概率。请说明年损失概率不含已计入的受灾部分，或将其中一项填0。",
    ),
    "species-needed": Text(
        en="Choose the group of trees: growth and carbon are read from its row.",
        zh="请选择树种（组），生长与含碳率按其取值。",
    ),
    "planting-needed": Text(
        en="State when the trees were planted: growth is read at their age.",
        zh="请填写造林日期，生长量按林龄取值。",
    ),
    "planted-after-crediting": Text(
        en="Crediting starts before the trees were planted.", zh="计入期早于造林日期。"
    ),
    "age-outside-table": Text(
        en="The trees would be %(age).0f years old, beyond the %(oldest).0f years the curve or table"
        " is made for. Shorten the crediting period or give a table that reaches that far.",
        zh="期末林龄将达%(age).0f年，超出曲线或收获表适用的%(oldest).0f年。请缩短计入期或提供覆盖该林龄的收获表。",
    ),
    "conversion-not-for-species": Text(
        en="There are no factors of this conversion for this group of trees. Choose another"
        " conversion.",
        zh="该树种（组）没有此换算方法的参数，请选择其他换算方法。",
    ),
    "yield-table-falls": Text(
        en="The stock of the yield table falls with age. Give the stock before thinning and felling.",
        zh="收获表的蓄积随林龄下降，请提供未扣除间伐、采伐的蓄积。",
    ),
    "no-growth": Text(
        en="Nothing is gained between the state before and after.",
        zh="前后状态之间没有碳储量增加。",
    ),
    "strata-unequal": Text(
        en="Area, mean, spread and number of plots must be given for each stratum, as many of"
        " each.",
        zh="各层的面积、均值、标准差与样地数须逐层填写，个数一致。",
    ),
    "sample-imprecise": Text(
        en="The half-width at 90%% is %(half)p of the mean, above %(limit)p; more plots would"
        " pay for themselves.",
        zh="90%%置信半宽为均值的%(half)p，超过%(limit)p，宜增设样地。",
    ),
    "risk-failed": Text(
        en="The risk of loss fails the table: losses are too great and too frequent to be credited.",
        zh="非持久性风险评分不通过：损失过重或过于频繁，不予计入。",
    ),
    "hazard-above-band": Text(
        en="A yearly hazard of %(hazard)p is above the usual %(limit)p: is it a share, and of one"
        " year?",
        zh="年损失概率%(hazard)p高于通常的%(limit)p，请核对是否为比例、是否为一年。",
    ),
    "choice-left-empty": Text(
        en="The choice is empty, so inputs given for another answer are not counted. Choose.",
        zh="该选项未选，而已填写其他选项下的内容，这些内容未计入，请选择。",
    ),
    "strata-above-area": Text(
        en="The strata add up to %(strata).2f mu, more than the %(area).2f mu of the sink.",
        zh="各层面积合计%(strata).2f亩，大于碳汇面积%(area).2f亩，请核对。",
    ),
    "strata-below-area": Text(
        en="The strata add up to %(strata).2f mu of the %(area).2f mu of the sink. Say how the rest is"
        " known to be as precise, or correct one of the areas.",
        zh="各层面积合计仅%(strata).2f亩，小于碳汇面积%(area).2f亩。请核对面积，或说明其余部分的精度依据。",
    ),
    "tonnes-above-plan": Text(
        en="%(given).0f t for sale are more than the %(limit).0f t that the stated removals give over"
        " the whole crediting period. Check the unit, or say where the others come from.",
        zh="可售碳汇量%(given).0f吨，超过按所填碳汇量计入期全部可得的%(limit).0f吨，请核对单位或说明来源。",
    ),
    "two-plans": Text(
        en="The same trees are also valued for felling; never do both values count, since trees that"
        " are credited are not felled. Value the forest right by the plan kept for carbon, or both by"
        " its joint plan, and say which plan counts.",
        zh="同一林木另按采伐计价，两项价值不得同时计入：计入碳汇的林木不得采伐。请将该林权改按不采伐固碳方案评估，"
        "或统一按联合经营方案评估，并说明采用哪一经营方案。",
    ),
    "comparables-unequal": Text(
        en="Price, adjustment and weight must be given for each comparable deal, as many of each.",
        zh="各可比案例的价格、修正系数与权重须逐一填写，个数一致。",
    ),
    "comparables-without-weight": Text(
        en="The weights of the comparable deals are all zero.", zh="可比案例的权重均为零。"
    ),
    "comparables-few": Text(
        en="There are %(given).0f comparable deals; %(fewest).0f or more are usual.",
        zh="可比案例仅%(given).0f个，通常不少于%(fewest).0f个。",
    ),
    "comparable-far": Text(
        en="A comparable deal is adjusted by a factor outside %(low).2f to %(high).2f; it may not be"
        " comparable.",
        zh="有案例的修正系数超出%(low).2f至%(high).2f，可比性不足。",
    ),
}
