"""States by the codes and names that marketplaces and stores use."""

from __future__ import annotations

import pytest

from order_channel_mapping.tools.states import STORE_CODES, code_keys, is_no_state, name_keys, wanted_keys

#: as Odoo 19 has them
ODOO = {
    "US": {"CA": "California", "AE": "Armed Forces Europe"},
    "DE": {"DE-BY": "Bayern", "DE-BW": "Baden-Württemberg"},
    "JP": {"JP-13": "東京都", "JP-01": "北海道"},
    "TR": {"01": "Adana", "34": "İstanbul"},
    "MX": {"COA": "Coahuila", "COL": "Colima", "MEX": "México", "CMX": "Ciudad de México"},
    "CN": {"京": "北京市", "沪": "上海市"},
    "IE": {"C": "Cork", "CW": "Carlow", "D": "Dublin"},
    "ES": {"VI": "Araba/Álava", "C": "A Coruña (La Coruña)", "ME": "Melilla"},
    "AR": {"A": "Salta", "C": "Ciudad Autónoma de Buenos Aires"},
    "NG": {"NG-LA": "Lagos"},
    "PK": {"IS/ICT": "Islamabad Capital Territory", "PB": "Punjab"},
    "CO": {"COR": "Córdoba", "DC": "Bogotá"},
    "PE": {"15": "Lima", "01": "Amazonas"},
    "AT": {"9": "Wien"},
    "MY": {"MY-14": "Kuala Lumpur"},
    "GB": {"GB-KEN": "Kent"},
}


def find(country, text):
    known = {}
    for code, name in ODOO[country].items():
        for key in name_keys(name):
            known[key] = code
    for code in ODOO[country]:
        for key in code_keys(country, code):
            known[key] = code
    return next((known[key] for key in wanted_keys(country, text) if key in known), None)


@pytest.mark.parametrize(
    ("country", "text", "code"),
    [
        ("US", "CA", "CA"),
        ("US", "us-ca", "CA"),
        ("US", "California", "CA"),
        ("US", " CALIFORNIA ", "CA"),
        ("DE", "DE-BY", "DE-BY"),
        ("DE", "BY", "DE-BY"),
        ("DE", "Baden Wuerttemberg", None),
        ("DE", "Baden-Wurttemberg", "DE-BW"),
        ("JP", "JP13", "JP-13"),
        ("JP", "JP01", "JP-01"),
        ("JP", "13", "JP-13"),
        ("JP", "東京都", "JP-13"),
        ("TR", "TR34", "34"),
        ("TR", "TR01", "01"),
        ("TR", "1", "01"),
        ("TR", "Istanbul", "34"),
        ("MX", "CO", "COA"),
        ("MX", "COL", "COL"),
        ("MX", "MX", "MEX"),
        ("MX", "DF", "CMX"),
        ("MX", "Mexico", "MEX"),
        ("MX", "COAH", "COA"),
        ("CN", "CN2", "京"),
        ("CN", "CN10", "沪"),
        ("CN", "CN-SH", "沪"),
        ("IE", "CO", "C"),
        ("IE", "CW", "CW"),
        ("IE", "Co. Dublin", "D"),
        ("IE", "County Cork", "C"),
        ("ES", "Alava", "VI"),
        ("ES", "La Coruna", "C"),
        ("ES", "ML", "ME"),
        ("AR", "A", "A"),
        ("NG", "LA", "NG-LA"),
        ("PK", "IS", "IS/ICT"),
        ("PK", "PB", "PB"),
        ("CO", "COR", "COR"),
        ("CO", "CO-DC", "DC"),
        ("PE", "LIM", "15"),
        ("AT", "9", "9"),
        ("MY", "KUL", "MY-14"),
        ("US", "Ruritania", None),
        ("US", "", None),
        ("US", None, None),
    ],
)
def test_a_state_is_found(country, text, code):
    assert find(country, text) == code


def test_parts_of_a_country_that_no_address_names():
    assert is_no_state("GB", "eng")
    assert not is_no_state("GB", "Kent")
    assert not is_no_state("US", "ENG")


def test_no_code_of_a_store_stands_for_two():
    assert all(len(set(table.values())) > 0 for table in STORE_CODES.values())
    assert len(set(STORE_CODES["MX"].values())) == 32
    assert len(set(STORE_CODES["CN"].values())) == 34
