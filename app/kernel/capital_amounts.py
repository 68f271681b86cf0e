"""Amounts in Chinese capital numerals (大写), as contracts and vouchers carry them."""

from typing import Final

DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
PLACES: Final = ("", "拾", "佰", "仟")
FEN_PER_YUAN: Final = 100
FEN_PER_JIAO: Final = 10
WAN: Final = 10_000
YI: Final = 100_000_000
YUAN_LIMIT: Final = 10**16
"""First amount in yuan that has no customary name: ten thousand times 万亿."""


def amount_in_words_zh(fen: int) -> str:
    """Write an amount of fen in capital numerals, without the leading 人民币.

    Closes with 整 unless fen are given, so that nothing can be written behind it.
    Refuses a negative amount and one of 10^16 yuan or more.
    """
    if type(fen) is not int:
        raise TypeError("an amount in words is made from whole fen")
    if not 0 <= fen < YUAN_LIMIT * FEN_PER_YUAN:
        raise ValueError("an amount in words lies between zero and 10^16 yuan")
    yuan, rest = divmod(fen, FEN_PER_YUAN)
    whole = f"{_whole_number(yuan)}元" if yuan or not rest else ""
    return whole + _fraction(rest, after_yuan=bool(yuan))


def _fraction(fen: int, *, after_yuan: bool) -> str:
    jiao, single = divmod(fen, FEN_PER_JIAO)
    if not fen:
        return "整"
    if not single:
        return f"{DIGITS[jiao]}角整"
    gap = DIGITS[0] if after_yuan else ""
    return (f"{DIGITS[jiao]}角" if jiao else gap) + f"{DIGITS[single]}分"


def _whole_number(number: int) -> str:
    return _joined(number) or DIGITS[0]


def _joined(number: int) -> str:
    """Read a number by 亿, then by 万, then digit by digit; "" for zero."""
    for scale, name in ((YI, "亿"), (WAN, "万")):
        if number >= scale:
            high, low = divmod(number, scale)
            # A lower part that does not fill its first place is read with one 零.
            gap = DIGITS[0] if 0 < low < scale // 10 else ""
            return f"{_joined(high)}{name}{gap}{_joined(low)}"
    return _below_wan(number)


def _below_wan(number: int) -> str:
    digits = [int(digit) for digit in str(number)]
    text, gap = "", False
    for index, digit in enumerate(digits):
        if not digit:
            gap = True
            continue
        text += (DIGITS[0] if gap else "") + DIGITS[digit] + PLACES[len(digits) - index - 1]
        gap = False
    return text
