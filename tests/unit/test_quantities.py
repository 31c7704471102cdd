import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.quantities import Amount, Duration, Ratio


@pytest.mark.parametrize(
    ("written", "seconds", "printed"),
    [
        ("300ms", 0.3, "300ms"),
        ("60s", 60, "1m"),
        ("90s", 90, "1m30s"),
        ("1h30m", 5400, "1h30m"),
        ("1.5m", 90, "1m30s"),
        ("30d", 2_592_000, "720h"),
        (15, 15, "15s"),
        (0.25, 0.25, "250ms"),
    ],
)
def test_a_duration_is_read_in_every_usual_form_and_printed_in_one(
    written: object, seconds: float, printed: str
) -> None:
    duration = Duration.parse(written)
    assert duration == pytest.approx(seconds)
    assert str(duration) == printed
    assert f"{duration}" == printed


@pytest.mark.parametrize(
    "written", ["", "fast", "5 parsecs", "0s", 0, -1, True, None, "1h-5m", float("inf"), [], "367d", 0.0001]
)
def test_what_is_no_duration_is_refused_with_an_example(written: object) -> None:
    with pytest.raises(ValueError, match=r"is not a duration \(such as 300ms"):
        Duration.parse(written)


@given(st.integers(min_value=1, max_value=366 * 86_400_000))
def test_a_printed_duration_reads_back_as_itself(milliseconds: int) -> None:
    duration = Duration(milliseconds / 1000)
    assert Duration.parse(str(duration)) == pytest.approx(duration)


@pytest.mark.parametrize(
    ("written", "share", "printed"), [("2%", 0.02, "2%"), (0.02, 0.02, "2%"), ("0.5 %", 0.005, "0.5%"), (1, 1, "100%")]
)
def test_a_ratio_is_read_as_percent_or_as_share(written: object, share: float, printed: str) -> None:
    ratio = Ratio.parse(written)
    assert ratio == pytest.approx(share)
    assert str(ratio) == printed


@pytest.mark.parametrize("written", ["200%", 2, -0.1, "two", True, None])
def test_what_is_no_share_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="is not a share between 0 and 1"):
        Ratio.parse(written)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1", "1"),
        ("250m", "250m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1000Mi", "1000Mi"),
        ("1000k", "1M"),
        ("0.5Ki", "512"),
        ("2000", "2k"),
    ],
)
def test_an_amount_is_printed_as_kubernetes_itself_would(written: str, canonical: str) -> None:
    assert Amount.parse(written) == canonical
    assert Amount.parse(canonical) == canonical


@pytest.mark.parametrize("written", ["lots", "1GiB", "0", "0.0001", 0, True, float("nan"), "", "-1", "1 Gi", None])
def test_what_is_no_amount_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        Amount.parse(written)
