"""What a marketplace's encoder and documents may answer, and what counts as its fault."""

from __future__ import annotations

import polars as pl
import pytest
from judging import SITE
from planning import ACCOUNT, PlainMarketplace

from acorn_engine.marketplace import MarketplaceError, document_buffers
from acorn_engine.plugins.contained import ContainedMarketplace

OFFERS = pl.DataFrame({"seller_sku": ["a", "b"]})
SCHEMA = {"seller_sku": pl.String, "message": pl.String, "refused": pl.String}


def answering(**hooks):
    provider = PlainMarketplace()
    for name, answer in hooks.items():
        setattr(provider, name, lambda *_, answer=answer: answer)
    return ContainedMarketplace("shop", provider)


def test_an_answer_without_refusals_gets_the_column():
    made = answering(encode=OFFERS.with_columns(message=pl.lit("{}"))).encode(OFFERS, ACCOUNT, SITE)
    assert made.rows() == [("a", "{}", None), ("b", "{}", None)]


def test_refusals_stand_beside_messages():
    answer = pl.DataFrame([("a", None, "no"), ("b", "{}", None)], schema=SCHEMA, orient="row")
    assert answering(encode=answer).encode(OFFERS, ACCOUNT, SITE).rows() == answer.rows()


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([("a", None, None)], "a message without SKU or text"),
        ([("a", None, "no"), ("b", None, None)], "a message without SKU or text"),
        ([(None, "{}", None)], "a message without SKU or text"),
        ([(None, None, "no")], "a message without SKU or text"),
        ([("a", "{}", "no")], "a message for an offer that it refused"),
    ],
)
def test_an_answer_that_says_nothing_or_both_is_a_fault(rows, fault):
    answer = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    with pytest.raises(MarketplaceError, match=fault) as caught:
        answering(encode=answer).encode(OFFERS, ACCOUNT, SITE)
    assert caught.value.code == "plugin_failed"


def test_a_reason_that_is_no_text_is_a_fault():
    answer = OFFERS.with_columns(message=pl.lit("{}"), refused=pl.lit(1))
    with pytest.raises(MarketplaceError, match="without the text column refused"):
        answering(encode=answer).encode(OFFERS, ACCOUNT, SITE)


MESSAGES = pl.DataFrame({"message_id": [1, 2], "message": ['{"a":1}', '{"a":2}']})


def test_documents_come_through_document_where_there_is_no_other_way():
    provider = PlainMarketplace()
    pieces = document_buffers(ContainedMarketplace("shop", provider), MESSAGES, ACCOUNT, SITE)
    assert b"".join(pieces) == provider.document(list(MESSAGES.iter_rows()), ACCOUNT, SITE)


@pytest.mark.parametrize("answer", [b"whole", ["text"], [b"x", 1], None, 3])
def test_documents_that_are_no_pieces_of_bytes_are_a_fault(answer):
    with pytest.raises(MarketplaceError, match="failed to write a document"):
        answering(document_buffers=answer).document_buffers(MESSAGES, ACCOUNT, SITE)


def test_pieces_of_bytes_are_handed_on():
    pieces = answering(document_buffers=(b"x", memoryview(b"y"))).document_buffers(MESSAGES, ACCOUNT, SITE)
    assert b"".join(pieces) == b"xy"
