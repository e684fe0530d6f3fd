"""What the kinds expand to."""

from __future__ import annotations

from acorn_compliance.kinds import GateOptions, SafetyOptions, expand_gate, expand_safety


def test_each_contact_is_a_rule_of_its_own():
    rules = list(expand_safety(SafetyOptions()))
    assert [next(iter(rule.set)) for rule in rules] == [
        "attributes.gpsr_manufacturer_reference",
        "attributes.dsa_responsible_party_address",
    ]
    assert all(rule.when == "gpsr_applies" for rule in rules)
    assert list(expand_safety(SafetyOptions(manufacturer=False, responsible_person=False))) == []


def test_the_safety_attestation_is_never_sent():
    assert not any("attestation" in name for rule in expand_safety(SafetyOptions()) for name in rule.set)


def test_unknown_counts_as_absent_at_the_gate():
    [rule] = expand_gate(GateOptions())
    assert rule.when == "not default(epr_ready, false)"
    assert rule.set == {"eligible": "false"}


def test_what_happens_to_a_live_offer():
    [warn] = expand_gate(GateOptions(live_offer="warn"))
    assert warn.when == "not default(epr_ready, false) and is_missing(current_price)"
    zero, gate = expand_gate(GateOptions(live_offer="zero"))
    assert zero.set == {"quantity": "0"}
    assert zero.final
    assert gate.set == {"eligible": "false"}
