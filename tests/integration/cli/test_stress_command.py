"""`stress` at the terminal."""


def test_a_scenario_is_told_in_sums(terminal):
    done = terminal("stress", "--scenario", "price-fall-30", "--on", "2024-01-02", "--json")
    assert (done.code, done.json["scenario"], done.json["loans"]) == (0, "price-fall-30", 0)
    shown = terminal("stress", "--scenario", "fire-year", "--on", "2024-01-02")
    assert shown.code == 0


def test_an_unknown_scenario_is_refused_with_those_that_count(terminal):
    refused = terminal("stress", "--scenario", "nothing", "--on", "2024-01-02", "--json")
    assert (refused.code, refused.json["code"]) == (2, "input-unreadable")
    assert "price-fall-30" in refused.json["errors"][0]["detail"]


def test_a_day_to_come_is_refused(terminal):
    assert terminal("stress", "--scenario", "fire-year", "--on", "2099-01-02", "--json").code == 1
    assert terminal("stress", "--scenario", "fire-year", "--on", "tomorrow").code == 2
