"""The adapter's metrics: the contract's, and bounded whatever happens."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from legacy_php_adapter.metrics import BUCKETS, FIRST_STATUSES, FORM_METHODS, LABELS, SERIES_OF_OTHER, Metrics

from catalog.built_in import BUCKETS as CONTRACT_BUCKETS
from catalog.quantities import Duration
from observability import metrics

MOST = 40

requests = st.lists(
    st.tuples(
        st.sampled_from(["GET", "POST", "PUT", "PURGE", "get"]),
        st.sampled_from([f"/{letter}" for letter in "abcdefgh"] + ["other"]),
        st.integers(200, 599),
        st.floats(0, 100),
    ),
    max_size=200,
)


def counts(found: Metrics) -> dict[tuple[str, str, str], float]:
    samples = [sample for family in found.registry.collect() for sample in family.samples]
    return {
        (sample.labels["method"], sample.labels["path"], sample.labels["status"]): sample.value
        for sample in samples
        if sample.name == metrics.REQUESTS
    }


def test_the_buckets_are_the_contracts() -> None:
    assert [float(Duration.parse(bound)) for bound in CONTRACT_BUCKETS] == list(BUCKETS)


def test_the_labels_are_the_contracts() -> None:
    assert set(LABELS) == {metrics.SERVICE, metrics.METHOD, metrics.PATH, metrics.STATUS}


@given(requests)
def test_no_request_is_lost_and_no_series_is_one_too_many(sent: list[tuple[str, str, int, float]]) -> None:
    found = Metrics("a-api", ("/a",), MOST)
    for method, path, status, seconds in sent:
        found.count(method, path, status, seconds)
    counted = counts(found)
    assert len(counted) <= MOST
    by_class = Counter(str(status)[0] for _, _, status, _ in sent)
    for digit in "2345":
        assert sum(count for (*_, status), count in counted.items() if status[0] == digit) == by_class[digit]


def test_errors_are_at_0_before_the_first_one() -> None:
    counted = counts(Metrics("a-api", ("/a",), 800))
    assert counted == {
        (method, path, status): 0
        for path in ("/a", "other")
        for method in (*FORM_METHODS, *(["other"] if path == "other" else []))
        for status in FIRST_STATUSES
    }


def test_without_room_a_status_is_its_class_and_the_rest_is_other() -> None:
    found = Metrics("a-api", (), SERIES_OF_OTHER)
    for method, path, status in (("GET", "/a", 200), ("PUT", "/b", 507), ("GET", "other", 418), ("GET", "other", 301)):
        found.count(method, path, status, 0.1)
    assert {key: count for key, count in counts(found).items() if count} == {
        ("GET", "other", "200"): 1,
        ("other", "other", "500"): 1,
        ("other", "other", "404"): 1,
        ("other", "other", "302"): 1,
    }
