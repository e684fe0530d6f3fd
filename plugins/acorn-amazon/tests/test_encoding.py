"""Messages in columns, judged by json.dumps and by Amazon's feed schema."""

from __future__ import annotations

import json
from decimal import Decimal

import polars as pl
import pytest
from acorn_amazon import documents, encoding, exact_json
from acorn_amazon.columns import members, quoted
from acorn_amazon.neighbours import neighbours_of
from acorn_amazon.sites import SITES_BY_NAME
from hypothesis import given, settings
from hypothesis import strategies as st

AWKWARD = [
    'a"b',
    "back\\slash",
    "\x00\x01\x1f",
    "tab\tnl\ncr\r\b\f",
    "\x7f\x80",
    "é",
    "中文，规则",
    "😀",
    "\u2028",
    "",
    "/",
    "</x>",
]


def messages(frame, site):
    return [json.loads(text, parse_float=Decimal) for text in encoding.encode(frame, site)["message"]]


def refusals(frame, site):
    found = encoding.encode(frame, site).drop_nulls("refused")
    return dict(found.select("seller_sku", "refused").iter_rows())


def patch(message, name):
    found = [part for part in message["patches"] if part["path"] == f"/attributes/{name}"]
    assert len(found) == 1
    return found[0]


def price(text):
    return [{"schedule": [{"value_with_tax": Decimal(text)}]}]


@pytest.mark.parametrize("text", AWKWARD)
def test_quoting_agrees_with_json_dumps(text):
    made = pl.DataFrame({"text": [text]}).select(quoted(pl.col("text"))).item()
    assert json.loads(made) == text
    assert made == json.dumps(text, ensure_ascii=False)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=20))
def test_quoting_agrees_with_json_dumps_for_any_text(texts):
    made = pl.DataFrame({"text": texts}).select(quoted(pl.col("text")).alias("text"))["text"].to_list()
    assert made == [json.dumps(text, ensure_ascii=False) for text in texts]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(alphabet=st.characters(codec="utf-8"), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab{}[]"\\,:', max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.text("abc_9", min_size=1, max_size=5), JSON, max_size=4),
    st.sampled_from([None, 1]),
    st.booleans(),
)
def test_objects_come_apart_without_being_read(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    found, broken = members(pl.DataFrame({"row": [7], "text": [text]}), "row", "text")
    assert broken.is_empty()
    assert {name: json.loads(token) for _, name, token in found.iter_rows()} == value


@pytest.mark.parametrize("text", ["[]", "1", "", '{"a":1', '{"a":}', '{"a":' + "[" * 12 + "]" * 12 + "}", "{a:1}"])
def test_what_is_no_object_names_its_row(text):
    found, broken = members(pl.DataFrame({"row": [7, 8], "text": [text, '{"a":1}']}), "row", "text")
    assert (found["row"].to_list(), broken.to_list()) == ([8], [7])


def test_a_price_change_sends_our_whole_instance(offers, de):
    frame = offers(
        {
            "seller_sku": "S",
            "product_type": "LUGGAGE",
            "price": "19.90",
            "minimum_price": "15.00",
            "maximum_price": "30.00",
            "price_changed": True,
        }
    )
    assert encoding.encode(frame, de)["message"].item() == (
        '{"sku":"S","operationType":"PATCH","productType":"LUGGAGE","patches":[{"op":"replace",'
        '"path":"/attributes/purchasable_offer","value":[{"marketplace_id":"A1PA6795UKMFR9","currency":"EUR",'
        '"audience":"ALL","our_price":[{"schedule":[{"value_with_tax":19.90}]}],'
        '"minimum_seller_allowed_price":[{"schedule":[{"value_with_tax":15.00}]}],'
        '"maximum_seller_allowed_price":[{"schedule":[{"value_with_tax":30.00}]}]}]}]}'
    )


def test_digits_are_kept_where_a_float_would_lose_them(offers, de):
    frame = offers({"seller_sku": "S", "price": "9007199254740993.10", "price_changed": True})
    assert '"value_with_tax":9007199254740993.10}' in encoding.encode(frame, de)["message"].item()


def test_yen_have_no_decimals(offers):
    japan = SITES_BY_NAME["amazon.co.jp"]
    frame = offers(
        {"seller_sku": "A", "price": "2980", "price_changed": True},
        {"seller_sku": "B", "price": "2980.00", "minimum_price": "1980.0", "price_changed": True},
    )
    made = encoding.encode(frame, japan)["message"]
    assert all('"value_with_tax":2980}' in message and "." not in message for message in made)
    assert '"value_with_tax":1980}' in made[1]
    wrong = offers({"seller_sku": "C", "price": "2980.50", "price_changed": True})
    assert refusals(wrong, japan) == {"C": "No message was made: 'C' has a price that is not a plain amount in JPY."}


def test_a_sale_has_its_days_and_without_a_sale_there_is_none(offers, de):
    sale = {"sale_price": "14.99", "sale_from": "2026-11-20", "sale_to": "2026-11-30"}
    frame = offers(
        {"seller_sku": "A", "price": "19.99", "price_changed": True} | sale,
        {"seller_sku": "B", "price": "19.99", "price_changed": True},
    )
    with_sale, without = (patch(message, "purchasable_offer")["value"][0] for message in messages(frame, de))
    assert with_sale["discounted_price"] == [
        {"schedule": [{"value_with_tax": Decimal("14.99"), "start_at": "2026-11-20", "end_at": "2026-11-30"}]}
    ]
    assert "discounted_price" not in without


LIVE = {
    "purchasable_offer": [
        {
            "marketplace_id": "A1PA6795UKMFR9",
            "currency": "EUR",
            "audience": "ALL",
            "our_price": price("24.99"),
            "minimum_seller_allowed_price": price("1.00"),
            "discounted_price": [
                {
                    "schedule": [
                        {"value_with_tax": Decimal("9.99"), "start_at": "2026-11-01T17:30:00Z", "end_at": "2026-11-05"},
                        {"value_with_tax": Decimal("8.88"), "start_at": "2026-12-01", "end_at": "2026-12-02"},
                    ]
                }
            ],
            "map_price": price("12.10"),
            "start_at": {"value": "2025-02-19T17:30:35.898Z"},
            "end_at": {"value": None},
        },
        {
            "marketplace_id": "A1PA6795UKMFR9",
            "currency": "EUR",
            "audience": "B2B",
            "our_price": price("22.50"),
            "quantity_discount_plan": [
                {"schedule": [{"discount_type": "fixed", "levels": [{"lower_bound": 5, "value": Decimal("21.10")}]}]}
            ],
        },
        {"marketplace_id": "A1PA6795UKMFR9", "currency": "USD", "audience": "ALL", "our_price": price("30.00")},
    ],
    "fulfillment_availability": [
        {
            "fulfillment_channel_code": "DEFAULT",
            "quantity": 3,
            "lead_time_to_ship_max_days": 2,
            "restock_date": "2026-12-24",
            "marketplace_id": "A1PA6795UKMFR9",
        },
        {"fulfillment_channel_code": "WAREHOUSE_2", "quantity": 9, "marketplace_id": "A1PA6795UKMFR9"},
    ],
}


def test_nothing_that_acorn_does_not_own_is_wiped_by_a_price_change(offers, de):
    row = {"seller_sku": "S", "price": "19.99", "price_changed": True, "neighbours": neighbours_of(LIVE, de)}
    sale = {"sale_price": "9.49", "sale_from": "2026-11-01", "sale_to": "2026-11-05"}
    (message,) = messages(offers(row | sale), de)
    ours, *others = patch(message, "purchasable_offer")["value"]
    was = LIVE["purchasable_offer"]
    assert ours["map_price"] == was[0]["map_price"]
    assert ours["start_at"] == was[0]["start_at"]
    assert "end_at" not in ours
    assert sorted(others, key=lambda one: one["currency"]) == was[1:]
    first, second = ours["discounted_price"][0]["schedule"]
    # The seller's own hour stays where the day stays; Acorn's rules know days only.
    assert first == {"value_with_tax": Decimal("9.49"), "start_at": "2026-11-01T17:30:00Z", "end_at": "2026-11-05"}
    assert second == was[0]["discounted_price"][0]["schedule"][1]


def test_an_ended_sale_goes_and_later_ones_stay(offers, de):
    row = {"seller_sku": "S", "price": "19.99", "price_changed": True, "neighbours": neighbours_of(LIVE, de)}
    (message,) = messages(offers(row), de)
    ours = patch(message, "purchasable_offer")["value"][0]
    assert [period["start_at"] for period in ours["discounted_price"][0]["schedule"]] == ["2026-12-01"]


def test_a_new_first_day_is_sent_as_a_day(offers, de):
    row = {"seller_sku": "S", "price": "19.99", "price_changed": True, "neighbours": neighbours_of(LIVE, de)}
    sale = {"sale_price": "9.49", "sale_from": "2026-11-02", "sale_to": "2026-11-05"}
    (message,) = messages(offers(row | sale), de)
    assert (
        patch(message, "purchasable_offer")["value"][0]["discounted_price"][0]["schedule"][0]["start_at"]
        == "2026-11-02"
    )


def test_a_quantity_alone_is_merged_so_that_handling_days_survive(offers, de):
    (message,) = messages(offers({"seller_sku": "S", "quantity": "20", "neighbours": neighbours_of(LIVE, de)}), de)
    assert message["patches"] == [
        {
            "op": "merge",
            "path": "/attributes/fulfillment_availability",
            "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 20}],
        }
    ]


def test_handling_days_replace_the_channel_together_with_all_that_stood_there(offers, de):
    row = {"seller_sku": "S", "quantity": "20", "handling_days": "4", "neighbours": neighbours_of(LIVE, de)}
    (message,) = messages(offers(row), de)
    assert patch(message, "fulfillment_availability") == {
        "op": "replace",
        "path": "/attributes/fulfillment_availability",
        "value": [
            {
                "fulfillment_channel_code": "DEFAULT",
                "quantity": 20,
                "lead_time_to_ship_max_days": 4,
                "restock_date": "2026-12-24",
            },
            {"fulfillment_channel_code": "WAREHOUSE_2", "quantity": 9},
        ],
    }


def test_price_quantity_and_attributes_are_one_message_and_idle_offers_none(offers, de):
    frame = offers(
        {"seller_sku": "idle", "price": "1.00", "price_changed": False},
        {
            "seller_sku": "all",
            "price": "2.00",
            "price_changed": True,
            "quantity": "0",
            "attributes": '{"skip_offer":true}',
        },
        {"seller_sku": "empty", "attributes": '{"skip_offer":null}'},
    )
    made = encoding.encode(frame, de)
    assert made.columns == ["seller_sku", "message", "refused"]
    assert made["seller_sku"].to_list() == ["all"]
    paths = [part["path"] for part in json.loads(made["message"][0])["patches"]]
    assert paths == [
        "/attributes/fulfillment_availability",
        "/attributes/purchasable_offer",
        "/attributes/skip_offer",
    ]
    assert json.loads(made["message"][0])["productType"] == "PRODUCT"


def test_attributes_are_wrapped_as_amazon_wants_them(offers, de):
    given_values = (
        '{"gpsr_safety_attestation": true, "gpsr_manufacturer_reference": "a@b.example", '
        '"dsa_responsible_party_address": "c@d.example", "item_name": "K\\u00f6fferchen \\"XL\\"", '
        '"bullet_point": ["one", "two"], "image_locator_ps01": "https://x.example/1.jpg", '
        '"epr_eco_fee_eubr": 0.10, "compliance_media": [{"content_type": "warranty", "content_language": "de_DE", '
        '"source_location": "https://x.example/w.pdf"}], "weight": {"value": 1.10, "unit": "kg", "marketplace_id": "M"}}'
    )
    (message,) = messages(offers({"seller_sku": "S", "attributes": given_values}), de)
    here = {"marketplace_id": "A1PA6795UKMFR9"}
    expected = {
        "gpsr_safety_attestation": [{"value": True} | here],
        "gpsr_manufacturer_reference": [{"gpsr_manufacturer_email_address": "a@b.example"} | here],
        "dsa_responsible_party_address": [{"value": "c@d.example"} | here],
        "item_name": [{"value": 'Köfferchen "XL"', "language_tag": "de_DE"} | here],
        "bullet_point": [{"value": text, "language_tag": "de_DE"} | here for text in ("one", "two")],
        "image_locator_ps01": [{"media_location": "https://x.example/1.jpg"} | here],
        "epr_eco_fee_eubr": [{"value": Decimal("0.10"), "currency": "EUR"} | here],
        "compliance_media": [
            {"content_type": "warranty", "content_language": "de_DE", "source_location": "https://x.example/w.pdf"}
            | here
        ],
        "weight": [{"value": Decimal("1.10"), "unit": "kg", "marketplace_id": "M"}],
    }
    assert {part["path"].rpartition("/")[2]: part["value"] for part in message["patches"]} == expected
    assert all(part["op"] == "replace" for part in message["patches"])
    assert (
        '"value":0.10,'
        in encoding.encode(offers({"seller_sku": "S", "attributes": given_values}), de)["message"].item()
    )


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"seller_sku": "", "quantity": "1"}, "has no SKU"),
        ({"currency": "USD", "price": "1.00", "price_changed": True}, "is not priced in EUR"),
        ({"price_changed": True}, "would lose its price"),
        ({"fulfilment": "amazon", "quantity": "1"}, "belongs to Amazon's stock"),
        ({"fulfilment": "amazon", "handling_days": "1"}, "belongs to Amazon's stock"),
        ({"handling_days": "4"}, "has handling days without a quantity; Amazon takes them only together"),
        ({"price": "1,00", "price_changed": True}, "has a price that is not a plain amount in EUR"),
        ({"price": "1e3", "price_changed": True}, "has a price that is not a plain amount in EUR"),
        ({"price": "-1.00", "price_changed": True}, "has a price that is not a plain amount in EUR"),
        ({"price": "1.005", "price_changed": True}, "has a price that is not a plain amount in EUR"),
        ({"price": "0.00", "price_changed": True}, "has a price of 0"),
        ({"price": "2.00", "sale_price": "0", "price_changed": True}, "has a sale_price of 0"),
        ({"price": "2.00", "minimum_price": "x", "price_changed": True}, "has a minimum_price that is not"),
        ({"quantity": "-1"}, "has a quantity that is not a whole number from 0"),
        ({"quantity": "1.0"}, "has a quantity that is not a whole number from 0"),
        ({"quantity": "1", "handling_days": "two"}, "has a handling_days that is not a whole number from 0"),
        (
            {"price": "2.00", "sale_price": "1.00", "price_changed": True},
            "has a sale price without a first and last day",
        ),
        (
            {
                "price": "2.00",
                "sale_price": "1.00",
                "sale_from": "1.12.",
                "sale_to": "2026-12-02",
                "price_changed": True,
            },
            "has a sale_from that is not an ISO date",
        ),
        ({"attributes": "[1]"}, "has attributes that are not a JSON object"),
        ({"attributes": '{"purchasable_offer":[]}'}, "purchasable_offer cannot be set as an attribute"),
        ({"attributes": '{"a/b":1}'}, "a/b cannot be set as an attribute"),
        ({"attributes": '{"size":"a\nb"}'}, "attribute 'size' has a value that is not JSON"),
        ({"attributes": r'{"size":"\q"}'}, "attribute 'size' has a value that is not JSON"),
        ({"attributes": '{"size":tru}'}, "attribute 'size' has a value that is not JSON"),
        ({"attributes": '{"size":[[1]]}'}, "attribute 'size': a list of lists"),
        ({"attributes": '{"size":[1,}]}'}, "has attributes that are not a JSON object"),
        ({"attributes": '{"size":{"a" 1}}'}, "attribute 'size'"),
    ],
)
def test_what_would_make_a_wrong_message_is_refused_with_the_offer_named(offers, de, row, fault):
    wrong = {"seller_sku": "BAD-1"} | row
    frame = offers(wrong, {"seller_sku": "fine", "quantity": "1", "attributes": '{"size":1}'})
    found = refusals(frame, de)
    assert list(found) == [wrong["seller_sku"]]
    told = found[wrong["seller_sku"]]
    assert fault in told
    assert told.startswith("No message was made: ")
    assert told.endswith(".")
    made = encoding.encode(frame, de)
    assert made["message"].is_null().to_list() == [True, False]


def test_all_faults_of_an_offer_are_named_at_once(offers, de):
    rows = [{"seller_sku": f"S{number}", "quantity": "x", "price_changed": number == 1} for number in range(3)]
    assert refusals(offers(*rows, {"seller_sku": "P", "price_changed": True}), de) == {
        "S0": "No message was made: 'S0' has a quantity that is not a whole number from 0.",
        "S1": "No message was made: 'S1' would lose its price, because the new price group has none. "
        "'S1' has a quantity that is not a whole number from 0.",
        "S2": "No message was made: 'S2' has a quantity that is not a whole number from 0.",
        "P": "No message was made: 'P' would lose its price, because the new price group has none.",
    }


def test_offers_with_the_same_wrong_attributes_are_each_refused(offers, de):
    rows = [{"seller_sku": sku, "attributes": text} for sku in "AB" for text in ("[1]",)]
    rows += [{"seller_sku": "C", "attributes": '{"b/b":1,"size":tru,"a/a":1}'}]
    assert refusals(offers(*rows), de) == {
        "A": "No message was made: 'A' has attributes that are not a JSON object.",
        "B": "No message was made: 'B' has attributes that are not a JSON object.",
        "C": "No message was made: a/a, b/b cannot be set as an attribute; set price, quantity and their fields instead.",
    }


def test_an_empty_frame_gives_no_messages(offers, de):
    assert encoding.encode(offers(), de).height == 0


TEXTS = st.sampled_from([text for text in AWKWARD if text]) | st.text(
    alphabet=st.characters(codec="utf-8"), min_size=1, max_size=8
)
VALUES = (
    TEXTS
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.decimals("-9", "9", places=3)
    | st.lists(TEXTS, max_size=3)
)
PRICES = st.decimals("0.01", "99999.99", places=2).map(str)
ROWS = st.fixed_dictionaries(
    {
        "seller_sku": TEXTS,
        "product_type": st.none() | TEXTS,
        "price": PRICES,
        "minimum_price": st.none() | PRICES,
        "maximum_price": st.none() | PRICES,
        "price_changed": st.booleans(),
        "quantity": st.none() | st.integers(0, 10**6).map(str),
        "sale": st.none() | PRICES,
        "handling_days": st.none() | st.integers(0, 30).map(str),
        "attributes": st.dictionaries(st.sampled_from(["item_name", "warranty_description"]), VALUES),
        "read": st.none() | TEXTS,
    }
)


def shown(text):
    """Return an offer as Amazon shows it, with a text of the seller's in the instance that is ours and beside it."""
    ours, *others = LIVE["purchasable_offer"]
    return LIVE | {"purchasable_offer": [ours | {"note": text}, *(other | {"note": text} for other in others)]}


def oracle(row, site):
    """Build a message the plain way, as Python objects."""
    patches = []
    read = row["read"] is not None
    live = shown(row["read"]) if read else {"purchasable_offer": [{}], "fulfillment_availability": [{}]}
    if row["quantity"] is not None:
        channel = {"fulfillment_channel_code": "DEFAULT", "quantity": int(row["quantity"])}
        if row["handling_days"] is not None:
            channel["lead_time_to_ship_max_days"] = int(row["handling_days"])
        value, op = [channel], "merge"
        if len(channel) == 3:
            op = "replace"
            if read:
                channel["restock_date"] = "2026-12-24"
                value.append({"fulfillment_channel_code": "WAREHOUSE_2", "quantity": 9})
        patches.append({"op": op, "path": "/attributes/fulfillment_availability", "value": value})
    if row["price_changed"]:
        offer = {"marketplace_id": site.marketplace_id, "currency": site.currency, "audience": "ALL"}
        for name, column in (
            ("our_price", "price"),
            ("minimum_seller_allowed_price", "minimum_price"),
            ("maximum_seller_allowed_price", "maximum_price"),
        ):
            if row[column] is not None:
                offer[name] = price(row[column])
        later = live["purchasable_offer"][0].get("discounted_price", [{"schedule": [None]}])[0]["schedule"][1:]
        first = (
            [{"value_with_tax": Decimal(row["sale"]), "start_at": "2026-01-01", "end_at": "2026-01-02"}]
            if row["sale"]
            else []
        )
        if first + later:
            offer["discounted_price"] = [{"schedule": first + later}]
        if read:
            offer |= {key: live["purchasable_offer"][0][key] for key in ("map_price", "note", "start_at")}
        others = sorted(live["purchasable_offer"][1:], key=lambda item: json.dumps(item, default=str, sort_keys=True))
        patches.append({"op": "replace", "path": "/attributes/purchasable_offer", "value": [offer, *others]})
    for name, value in sorted(row["attributes"].items()):
        whole = [
            {"value": one}
            | ({"language_tag": site.language} if isinstance(one, str) else {})
            | {"marketplace_id": site.marketplace_id}
            for one in (value if isinstance(value, list) else [value])
        ]
        patches.append({"op": "replace", "path": f"/attributes/{name}", "value": whole})
    message = {"sku": row["seller_sku"], "operationType": "PATCH", "productType": row["product_type"] or "PRODUCT"}
    return message | {"patches": patches} if patches else None


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=6))
def test_columns_say_what_plain_python_says(rows, models):
    site = SITES_BY_NAME["amazon.de"]
    frame = []
    for row in rows:
        sale = {"sale_price": row["sale"], "sale_from": "2026-01-01", "sale_to": "2026-01-02"} if row["sale"] else {}
        if row["quantity"] is None:
            row["handling_days"] = None
        kept = {key: value for key, value in row.items() if key not in {"sale", "attributes", "read"}}
        attributes = exact_json.dumps(row["attributes"]) if row["attributes"] else None
        neighbours = None if row["read"] is None else neighbours_of(shown(row["read"]), site)
        frame.append(kept | sale | {"attributes": attributes, "neighbours": neighbours})
    columns = [*frame[0], "sale_price", "sale_from", "sale_to", "fulfilment", "currency"]
    given_frame = pl.DataFrame(
        [dict.fromkeys(columns) | row for row in frame],
        schema={column: pl.Boolean if column == "price_changed" else pl.String for column in columns},
        orient="row",
    )
    expected = [message for row in rows if (message := oracle(row, site)) is not None]
    made = encoding.encode(given_frame, site)
    assert [json.loads(text, parse_float=Decimal) for text in made["message"]] == expected
    if expected:
        document = documents.build(list(enumerate(made["message"], start=1)), "A2EXAMPLE")
        assert list(models.schema("listings-feed-schema-v2").iter_errors(json.loads(document))) == []
