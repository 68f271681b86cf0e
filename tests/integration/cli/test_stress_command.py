"""`stress` at the terminal."""

from risk_models.stressing import scenarios


def test_a_scenario_is_told_in_sums(terminal):
    done = terminal("stress", "--scenario", "price-fall-30", "--on", "2024-01-02", "--json")
    assert (done.code, done.json["scenario"], done.json["loans"]) == (0, "price-fall-30", 0)
    shown = terminal("stress", "--scenario", "fire-year", "--on", "2024-01-02")
    assert shown.code == 0
    assert {"at_line_before", "newly_at_line", "at_line_after", "at_worse_line"} <= set(done.json)
    assert "Loans newly at a line: 0" in shown.out
    assert "Loans at a worse line than before: 0" in shown.out


def test_an_unknown_scenario_is_refused_with_those_that_count(terminal):
    refused = terminal("stress", "--scenario", "nothing", "--on", "2024-01-02", "--json")
    assert (refused.code, refused.json["code"]) == (2, "input-unreadable")
    assert "price-fall-30" in refused.json["errors"][0]["detail"]


def test_the_scenarios_are_listed_in_the_signs_of_the_language(terminal, monkeypatch):
    asked = ("stress", "--scenario", "nothing", "--on", "2024-01-02")
    assert "price-fall-30, fire-year, " in terminal(*asked).err
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "price-fall-30、fire-year、" in terminal(*asked).err


def test_a_day_to_come_is_refused(terminal):
    assert terminal("stress", "--scenario", "fire-year", "--on", "2099-01-02", "--json").code == 1
    assert terminal("stress", "--scenario", "fire-year", "--on", "tomorrow").code == 2


def test_a_day_before_the_scenario_is_refused_with_its_first_day(terminal):
    refused = terminal("stress", "--scenario", "price-fall-30", "--on", "2019-01-01", "--json")
    assert refused.code == 1
    (error,) = refused.json["errors"]
    since = scenarios()["price-fall-30"].since.isoformat()
    assert (error["pointer"], since in error["detail"]) == ("/on", True)
