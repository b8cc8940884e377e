import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookshop import settings
from bookshop.services import basket, files, pricing, vault
from bookshop.views.admin import cell

NAMES = st.text(alphabet=string.ascii_letters + "./~\0", max_size=40)


@given(NAMES)
def test_no_name_leads_out_of_its_folder(name):
    try:
        path = files.inside(settings.SAMPLES_DIR, name)
    except ValueError:
        return
    assert path == settings.SAMPLES_DIR or settings.SAMPLES_DIR in path.parents


@given(st.dictionaries(st.integers(1, 10_000), st.integers(1, 99)))
def test_a_basket_comes_back_as_it_was(quantities):
    assert basket.load(basket.dump(quantities)) == quantities


@given(st.text())
def test_only_baskets_of_the_shop_are_read(cookie):
    assert basket.load(cookie) == {}


@given(st.text())
def test_what_is_sealed_can_be_unsealed(text):
    assert vault.unseal(vault.seal(text)) == text


@given(st.text())
def test_no_cell_is_a_formula(text):
    assert not cell(text).startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("rule", pricing.RULES)
@given(price=st.integers(1, 100_000), quantity=st.integers(1, 10_000))
def test_no_rule_asks_for_more_than_the_list_price(rule, price, quantity):
    assert 0 <= pricing.total(price, quantity, rule) <= price * quantity
