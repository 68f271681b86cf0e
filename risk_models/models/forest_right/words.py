"""What the forest-right model tells a person: its findings, and why an approach was taken."""

from typing import Final

from risk_models.words import Text

__all__ = ["COMPARED", "NO_YOUNGER", "REASONS", "WORDS"]

WORDS: Final[dict[str, Text]] = {
    "category-not-mortgageable": Text(
        en="This category of forest cannot be mortgaged. Enter its compensation income or its"
        " carbon-sink income instead.",
        zh="该类森林不得抵押，请改用公益林补偿收益权或林业碳汇预期收益权纳入。",
    ),
    "group-not-of-category": Text(
        en="The age group belongs to another category of forest: fruit and nuts are economic"
        " forest, fellings are timber or fuel forest.",
        zh="龄组与林种不符：经济林适用产期，用材林与能源林适用龄组。",
    ),
    "planted-after-valuation-day": Text(
        en="The planting day lies after the valuation day.", zh="造林日期晚于评估基准日。"
    ),
    "past-economic-life": Text(
        en="The trees are past their rotation; nothing is left to yield.",
        zh="林木已超过经营周期，没有后续收益。",
    ),
    "right-ends-before-harvest": Text(
        en="The right ends %(short).1f years before the felling, so the harvest is not counted."
        " Extend the right, or explain who fells.",
        zh="权利在主伐前%(short).1f年到期，主伐收入不计。请延长权利期限，或说明由谁采伐。",
    ),
    "age-outside-group": Text(
        en="The age of %(age)d years is not that of the group for these species: %(low)d to"
        " %(high)d years.",
        zh="林龄%(age)d年与该树种组的龄组不符，应为%(low)d至%(high)d年。",
    ),
    "young-for-rotation": Text(
        en="The age of %(age).1f years is %(share).0f%% of the rotation of %(rotation).0f years; this"
        " age group usually begins at %(limit).0f%%. Check the day of planting, the rotation and the"
        " age group.",
        zh="林龄%(age).1f年为经营周期%(rotation).0f年的%(share).0f%%，该龄组通常自%(limit).0f%%起。"
        "请核对造林日期、经营周期与龄组。",
    ),
    "old-for-rotation": Text(
        en="The age of %(age).1f years is %(share).0f%% of the rotation of %(rotation).0f years; this"
        " age group usually ends at %(limit).0f%%. Check the day of planting, the rotation and the"
        " age group.",
        zh="林龄%(age).1f年为经营周期%(rotation).0f年的%(share).0f%%，该龄组通常至%(limit).0f%%止。"
        "请核对造林日期、经营周期与龄组。",
    ),
    "too-young-to-bear": Text(
        en="Trees planted %(age).1f years ago cannot be at this stage; it takes %(least).0f years or"
        " more. Correct the day of planting or the age group.",
        zh="造林仅%(age).1f年，不可能达到该产期，至少需%(least).0f年。请更正造林日期或龄组。",
    ),
    "bearing-age-unusual": Text(
        en="Trees of %(age).1f years are seldom at this stage, which usually lasts from %(low).0f to"
        " %(high).0f years of age. Check the day of planting and the age group, or say why.",
        zh="树龄%(age).1f年与该产期通常的%(low).0f至%(high).0f年不符，请核对造林日期与龄组，或说明原因。",
    ),
    "stock-above-band": Text(
        en="%(stock).2f m3/mu lies above %(high).2f, the most seen on good land.",
        zh="每亩蓄积%(stock).2f立方米，高于通常上限%(high).2f立方米。",
    ),
    "stock-falls": Text(
        en="The stock at felling lies below the stock of today.", zh="主伐时蓄积低于现有蓄积。"
    ),
    "outturn-above-band": Text(
        en="The outturn of %(outturn)p lies above %(high)p.",
        zh="出材率%(outturn)p高于通常上限%(high)p。",
    ),
    "assortments-above-outturn": Text(
        en="The assortments add up to more than the outturn. Lower them or raise the outturn.",
        zh="各材种出材率之和超过出材率，请核减或调整出材率。",
    ),
    "series-differ-in-length": Text(
        en="This list must be as long as “%(other)s”.", zh="该列表须与“%(other)s”等长。"
    ),
    "must-replant": Text(
        en="Survival lies below the limit, so the stand must be planted again: K is zero.",
        zh="保存率低于下限，须重新造林，调整系数K为零。",
    ),
    "quality-missing": Text(
        en="State K, or choose how it is worked out from what was measured.",
        zh="请填写调整系数K，或选择由实测值计算。",
    ),
    "needed-with-thinnings": Text(
        en="Thinnings need the price of thinned timber over the price of timber.",
        zh="有间伐时须填写间伐材价格比例。",
    ),
    "needed-for-land": Text(
        en="Cleared land is valued by the rotations to come: choose the land expectation value.",
        zh="采伐迹地按后续轮伐期估值，请选择林地期望价。",
    ),
    "land-not-counted": Text(
        en="The land is not counted: only a stand that is felled for timber leaves it free.",
        zh="不计林地价值：仅用材林采伐后方腾出林地。",
    ),
    "comparables-without-weight": Text(
        en="The weights of the comparables add up to nothing.", zh="可比案例权重合计为零。"
    ),
    "few-comparables": Text(
        en="%(count)d comparables are fewer than %(least)d.",
        zh="可比案例%(count)d个，少于%(least)d个。",
    ),
    "fuel-at-timber-price": Text(
        en="Fuelwood is sold at the price of timber here. State assortments with their prices.",
        zh="能源林按木材价格计价，请按材种填写出材率与价格。",
    ),
    "quota-below-timber": Text(
        en="Timber beyond the felling quota is not counted.", zh="超出采伐限额的木材不计。"
    ),
    "public-welfare-share": Text(
        en="Nothing is felled on the public-welfare share: only compensation and non-timber"
        " income count there.",
        zh="公益林部分不得采伐，仅计补偿与非木质收益。",
    ),
    "compensation-without-welfare": Text(
        en="Compensation is stated, but no share of the area is public-welfare forest.",
        zh="填写了补偿标准，但没有公益林面积占比。",
    ),
    "kept-for-carbon": Text(
        en="The trees are not felled, so timber counts nothing here; value their carbon as a"
        " carbon-sink income right.",
        zh="该方案不采伐，木材收益为零；碳汇价值请按林业碳汇预期收益权评估。",
    ),
    "trees-credited": Text(
        en="Credits are issued on these trees, so they cannot be felled as well. Choose the plan"
        " kept for carbon or the joint plan.",
        zh="该林木已用于碳汇项目，不得同时计采伐收益。请改选不采伐固碳或联合经营方案。",
    ),
    "carbon-counted-twice": Text(
        en="Another asset counts the carbon of these trees. Take it out there before this plan"
        " counts it.",
        zh="其他资产已计入该林木的碳汇，联合方案计入前请先在该资产中剔除。",
    ),
    "no-joint-plan": Text(
        en="A joint plan needs a felling or yields to come. Choose one of the other plans.",
        zh="联合经营须有后续采伐或收益，请改选其他方案。",
    ),
    "implied-value-outside-band": Text(
        en="The value is %(implied).2f yuan/mu, outside %(low).2f to %(high).2f.",
        zh="每亩价值%(implied).2f元，超出%(low).2f至%(high).2f元的区间。",
    ),
}

NO_YOUNGER: Final = Text(
    en="The age of %(age)d years is not that of the group for these species: %(low)d years or more.",
    zh="林龄%(age)d年与该树种组的龄组不符，应为%(low)d年以上。",
)
"""The same of the last age group, which has no last year."""

REASONS: Final[dict[str, Text]] = {
    "young": Text(
        en="Young timber has no market yet: what it cost to raise.",
        zh="幼龄林尚无市场，采用重置成本法。",
    ),
    "middle": Text(
        en="Felling is years away: the harvest, discounted.",
        zh="距采伐尚有年数，采用收获现值法。",
    ),
    "near-mature": Text(
        en="Close to felling: the harvest and today's market weigh the same.",
        zh="接近采伐，收获现值法与市场价倒算法各占一半。",
    ),
    "mature": Text(
        en="Ready to fell: the market price less costs and normal profit.",
        zh="可供采伐，采用木材市场价倒算法。",
    ),
    "over-mature": Text(
        en="Past its best: the market price less costs and normal profit.",
        zh="已过成熟期，采用木材市场价倒算法。",
    ),
    "bare": Text(
        en="Cleared land: the rotations to come until the right ends.",
        zh="采伐迹地，采用林地期望价法。",
    ),
    "pre-yield": Text(
        en="Not bearing yet: what it cost to raise.", zh="尚未投产，采用重置成本法。"
    ),
    "early-yield": Text(
        en="Begins to bear: the rising yields, then the full yield.",
        zh="初产期收益逐年上升，采用收益现值法。",
    ),
    "full-yield": Text(
        en="Bears every year: the net yield until right or trees end.",
        zh="盛产期逐年有收益，采用收益现值法。",
    ),
    "declining": Text(
        en="Bears less each year: the falling yields until the end.",
        zh="衰产期收益递减，采用收益现值法。",
    ),
    "bamboo-new": Text(
        en="Bamboo not yet cut: what it cost to raise.", zh="新造竹林未投产，采用重置成本法。"
    ),
    "bamboo-yield": Text(
        en="Cut every year and renewed by itself: the net yield until the right ends.",
        zh="竹林逐年采伐、自行更新，采用年金资本化法。",
    ),
}
"""By age group."""

COMPARED: Final = Text(en=" Comparable rights weigh in.", zh="并参考可比交易案例。")
