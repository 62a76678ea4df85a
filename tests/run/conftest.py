"""One running product for all tests of this folder, with an application deployed on it."""

from collections.abc import Iterator

import pytest

from tests.run.product import Product
from tests.run.shop import Shop


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product, up at first."""
    product = Product(tmp_path_factory.mktemp("product"))
    try:
        product.start()
        yield product
    finally:
        if product.is_up:
            product.stop()


@pytest.fixture(scope="module")
def shop(installation: Product, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """An application that is registered there."""
    return Shop(installation, tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def host(shop: Shop) -> str:
    """Where the first environment answers."""
    shop.open_gate()
    return shop.deploy("first")


@pytest.fixture
def product(installation: Product, host: str, shop: Shop) -> Product:
    """The product, up, its first environment answering; started again where a test ended it."""
    if not installation.is_up:
        installation.start()
    shop.until_answered(host)
    shop.open_gate()
    shop.forget()
    return installation
