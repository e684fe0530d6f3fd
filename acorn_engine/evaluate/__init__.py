"""A site's rules over its offers: proposals with their provenance, traces, examples."""

from acorn_engine.evaluate.evaluation import evaluate
from acorn_engine.evaluate.examples import ExampleResult, run_examples
from acorn_engine.evaluate.leaves import bind_columns, row_values
from acorn_engine.evaluate.model import Hold, OfferTrace, Proposals, RuleStep, SetStep
from acorn_engine.evaluate.programs import Programs
from acorn_engine.evaluate.trace import Tracer, trace_offer

__all__ = [
    "ExampleResult",
    "Hold",
    "OfferTrace",
    "Programs",
    "Proposals",
    "RuleStep",
    "SetStep",
    "Tracer",
    "bind_columns",
    "evaluate",
    "row_values",
    "run_examples",
    "trace_offer",
]
