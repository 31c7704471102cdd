"""Sizes: every notation people use, each with the meaning it has at home, printed in one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from catalog.sizes import Size

KI, MI, GI, TI = 1024, 1024**2, 1024**3, 1024**4
LARGEST = 2**53

NUMBERS = st.one_of(
    st.integers(min_value=1, max_value=8192).map(str),
    st.decimals(min_value="1.024", max_value=8192, places=3).map(str),
)
UNITS = st.sampled_from(
    ["KB", "MB", "GB", "TB", "Ki", "Mi", "Gi", "Ti", "KiB", "MiB", "GiB", "TiB", "k", "M", "G", "T"]
)


@pytest.mark.parametrize(
    ("written", "count", "kubernetes", "prometheus"),
    [
        ("45GB", 45 * GI, "45Gi", "45GB"),
        ("45 GB", 45 * GI, "45Gi", "45GB"),
        ("512MB", 512 * MI, "512Mi", "512MB"),
        ("2KB", 2 * KI, "2Ki", "2KB"),
        ("50Gi", 50 * GI, "50Gi", "50GB"),
        ("50GiB", 50 * GI, "50Gi", "50GB"),
        ("1024Mi", GI, "1Gi", "1GB"),
        ("1.5TB", 3 * TI // 2, "1536Gi", "1536GB"),
        ("0.5Gi", 512 * MI, "512Mi", "512MB"),
        ("500M", 500 * 10**6, "500M", "500000000B"),
        ("10G", 10**10, "10G", "9765625KB"),
        ("1T", 10**12, "1T", "976562500KB"),
        ("1k", 1000, "1k", "1000B"),
        ("1000Ki", 1000 * KI, "1000Ki", "1000KB"),
        ("2048B", 2 * KI, "2Ki", "2KB"),
        ("8Pi", LARGEST, "8Pi", "8PB"),
    ],
)
def test_each_notation_means_what_it_means_at_home(written: str, count: int, kubernetes: str, prometheus: str) -> None:
    size = Size.parse(written)
    assert size == count
    assert (str(size), f"{size}", size.prometheus) == (kubernetes, kubernetes, prometheus)


def test_what_is_finer_than_a_kilobyte_is_cut_off_and_never_rounded_up() -> None:
    assert Size.parse("1.1GB") == 1153433 * KI
    assert Size.parse("1.9999Ki") == KI
    assert Size.at_most(1999) == 1024
    assert Size.at_most(2000) == 2000


@pytest.mark.parametrize("written", [45, 0, 1.5, "45", "1.5", 50 * GI])
def test_a_bare_number_is_refused_since_nobody_knows_its_unit(written: object) -> None:
    with pytest.raises(ValueError, match=r"has no unit, and could be bytes or gigabytes; such as 50Gi"):
        Size.parse(written)


@pytest.mark.parametrize(
    "written",
    [
        True,
        None,
        [],
        {},
        "",
        "big",
        "Gi",
        "45gb",
        "45Gb",
        "50gi",
        "5K",
        "5kB",
        "5m",
        "-5Gi",
        "+5Gi",
        "5  Gi",
        " 5Gi",
        "5e3Gi",
        ".5Gi",
        "5.Gi",
        "٥Gi",
        "5Gi\n",
    ],
)
def test_what_is_no_size_is_refused_with_examples(written: object) -> None:
    with pytest.raises(ValueError, match=r"is not a size \(such as 50Gi, 500M or 45GB; upper and lower case differ\)"):
        Size.parse(written)


@pytest.mark.parametrize("written", ["0GB", "0.0001Ki", "1B", "9Pi", "9999999999999999P"])
def test_a_size_that_no_volume_has_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"is out of range \(1k–8Pi\)"):
        Size.parse(written)


@given(NUMBERS, UNITS)
def test_a_printed_size_reads_back_as_itself_and_prometheus_gets_no_more(number: str, unit: str) -> None:
    size = Size.parse(f"{number}{unit}")
    assert Size.parse(str(size)) == size
    assert Size.parse(size.prometheus) <= size
    assert Size.parse(f"{number} {unit}") == size


@given(st.integers(min_value=1000, max_value=LARGEST))
def test_every_amount_can_be_written_by_cutting_off_less_than_a_kilobyte(count: int) -> None:
    size = Size.at_most(count)
    assert count - 1024 < size <= count
    assert not size or Size.parse(str(size)) == size


def test_a_size_is_a_number_in_calculations_and_text_in_files() -> None:
    adapter = TypeAdapter(Size)
    size = adapter.validate_python("45GB")
    assert isinstance(size, Size)
    assert size + 1 == 45 * GI + 1
    assert adapter.dump_python(size) == "45Gi"
    assert adapter.validate_python(size) is size
    assert adapter.json_schema()["pattern"].startswith("^([0-9]")
