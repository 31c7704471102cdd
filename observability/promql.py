"""What a PromQL expression reads and what its answer looks like, found by parsing it: no query is run.

Labels are reckoned through functions, aggregations and joins, so that a label which no series can have is found
wherever it is named: in a selector, in `by`, in `on`, or in a join that could never match.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import promql_parser as parser

Labels = frozenset[str]
Known = Mapping[str, Labels]
"""The labels that the series of each metric may have, besides its name."""

_FORGETS_ALL = frozenset({"scalar", "vector", "time", "pi"})
_OF_BUCKETS = frozenset({"histogram_quantile"})
_KEEPS_LABELS = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_SETS = frozenset({"and", "or", "unless"})


@dataclass(frozen=True)
class Read:
    """A metric that an expression reads, and the labels it asks of that metric."""

    metric: str
    labels: Labels


@dataclass
class Understood:
    """What was found: the metrics, the labels that the answer may have (None for a plain number), and the faults."""

    reads: list[Read] = field(default_factory=list)
    labels: Labels | None = None
    faults: list[str] = field(default_factory=list)


def understood(expression: str, known: Known) -> Understood:
    """What `expression` reads of what is `known`. Raises ValueError where it is no PromQL."""
    found = Understood()
    found.labels = _Reader(known, found).labels(parser.parse(expression))
    return found


def canonical(expression: str) -> str:
    """The expression in the one form that all ways to write it have. Raises ValueError where it is no PromQL."""
    return str(parser.parse(expression).prettify())


@dataclass
class _Reader:
    known: Known
    found: Understood

    def labels(self, expression: parser.Expr) -> Labels | None:
        """The labels that the answer of an expression may have; None where it is a plain number or a text."""
        labels: Labels | None = None
        match expression:
            case parser.VectorSelector():
                labels = self._selector(expression)
            case parser.MatrixSelector():
                labels = self._selector(expression.vector_selector)
            case parser.AggregateExpr():
                labels = self._aggregation(expression)
            case parser.Call():
                labels = self._call(expression)
            case parser.BinaryExpr():
                labels = self._operation(expression)
            case parser.ParenExpr() | parser.UnaryExpr() | parser.SubqueryExpr():
                labels = self.labels(expression.expr)
        return labels

    def _selector(self, selector: parser.VectorSelector) -> Labels:
        named = [each for each in selector.matchers.matchers if each.name != "__name__"]
        asked = frozenset(each.name for each in named)
        if selector.name is None:
            self.found.faults.append(f"{selector} names no metric")
            return frozenset()
        self.found.reads.append(Read(selector.name, asked))
        if selector.name not in self.known:
            self.found.faults.append(f"nothing produces {selector.name}")
            return asked
        self._ask(asked, self.known[selector.name], f"{selector.name} has no label")
        return self.known[selector.name]

    def _aggregation(self, aggregation: parser.AggregateExpr) -> Labels:
        inner = self.labels(aggregation.expr) or frozenset()
        operator, modifier = str(aggregation.op), aggregation.modifier
        if modifier is not None:
            self._ask(modifier.labels, inner, f"{operator} by a label that is not there:")
        if operator in _KEEPS_LABELS:
            return inner
        if modifier is None:
            return frozenset()
        named = frozenset(modifier.labels)
        return inner & named if modifier.type == parser.AggModifierType.By else inner - named

    def _call(self, call: parser.Call) -> Labels | None:
        name = call.func.name
        inner = [self.labels(argument) for argument in call.args]
        if name in _FORGETS_ALL:
            return frozenset() if name == "vector" else None
        if name.startswith("absent"):
            return self._equal_labels(call.args[0])
        labels = next((each for each in inner if each is not None), None)
        if name == "label_replace":
            return self._replaced(call, labels or frozenset())
        if name in _OF_BUCKETS:
            self._ask({"le"}, labels or frozenset(), f"{name} over series without")
            return (labels or frozenset()) - {"le"}
        return labels

    def _replaced(self, call: parser.Call, labels: Labels) -> Labels:
        target, source = (call.args[index].val for index in (1, 3))
        self._ask({source}, labels, "label_replace of a label that is not there:")
        return labels | {target}

    def _equal_labels(self, argument: parser.Expr) -> Labels:
        """What `absent` answers with: the labels that its argument asks to be equal to something."""
        selector = argument.vector_selector if isinstance(argument, parser.MatrixSelector) else argument
        if not isinstance(selector, parser.VectorSelector):
            return frozenset()
        return frozenset(each.name for each in selector.matchers.matchers if each.op == parser.MatchOp.Equal)

    def _operation(self, operation: parser.BinaryExpr) -> Labels | None:
        left, right = self.labels(operation.lhs), self.labels(operation.rhs)
        if left is None or right is None:
            return right if left is None else left
        operator, modifier = str(operation.op), operation.modifier
        matching = modifier.matching if modifier else None
        if matching is not None and matching.type == parser.LabelModifierType.Include:
            for side in (left, right):
                self._ask(matching.labels, side, f"`{operator}` on a label that is not there:")
        elif operator != "or":
            ignored = frozenset(matching.labels) if matching else frozenset()
            for label in sorted((left ^ right) - ignored):
                self.found.faults.append(f"`{operator}` of series with and without the label {label} never matches")
        return self._joined(operator, modifier, left, right)

    def _joined(self, operator: str, modifier: parser.BinModifier | None, left: Labels, right: Labels) -> Labels:
        if operator in _SETS:
            return left | right if operator == "or" else left
        if modifier is None or modifier.matching is None:
            return left
        extra = frozenset(modifier.group_labels or ())
        if modifier.card == parser.VectorMatchCardinality.ManyToOne:
            return left | extra
        if modifier.card == parser.VectorMatchCardinality.OneToMany:
            return right | extra
        named = frozenset(modifier.matching.labels)
        return left & named if modifier.matching.type == parser.LabelModifierType.Include else left - named

    def _ask(self, asked: Iterable[str], there: Labels, what: str) -> None:
        self.found.faults += [f"{what} {label}" for label in sorted(set(asked) - there)]
