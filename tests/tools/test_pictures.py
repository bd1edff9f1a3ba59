"""The pictures in the documentation: made by a command, and requesting nothing."""

import re
import xml.etree.ElementTree as ET

import pytest

from tools.pictures import FOLDER, SCHEMES, Scheme, draw_list


@pytest.mark.parametrize("scheme", SCHEMES)
def test_picture_of_the_list_is_svg_without_any_address(scheme: Scheme) -> None:
    svg = draw_list(scheme)
    assert ET.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert set(re.findall(r"https?://[^\"' ]+", svg)) == {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"url\((.)", svg)) == {"#"}
    assert "hologram_aicombo_public_cn-77a03" in svg


def test_pictures_of_the_list_are_up_to_date() -> None:
    for scheme in SCHEMES:
        assert (FOLDER / f"list-{scheme}.svg").read_text(encoding="utf-8") == draw_list(scheme), "run `make pictures`"


def test_picture_is_the_same_each_time() -> None:
    assert draw_list("light") == draw_list("light")
    assert draw_list("light") != draw_list("dark")


def test_a_chinese_name_has_the_width_of_its_cells() -> None:
    [length] = re.findall(r'textLength="([0-9.]+)"[^>]*>AI节点List测试<', draw_list("light"))
    assert float(length) == pytest.approx(14 * 12.2)  # 14 cells; a cell is 12.2 wide
