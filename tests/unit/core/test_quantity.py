"""Sizes and times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.quantity import (
    GIB,
    KIB,
    MAX_SIZE,
    MIB,
    TIB,
    format_size,
    format_time,
    parse_size,
    parse_time,
    short_size,
)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1K", KIB),
        ("512M", 512 * MIB),
        ("2G", 2 * GIB),
        ("1T", TIB),
        ("1.5G", 1536 * MIB),
        ("0.5K", 512),
        ("64T", MAX_SIZE),
    ],
)
def test_size_is_a_number_and_a_binary_unit(text: str, size: int) -> None:
    """K, M, G and T are powers of 1024; fractions are allowed."""
    assert size == parse_size(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "400",
            "400m",
            "400MB",
            "400 M",
            " 400M",
            "400M\n",
            "-1M",
            "+1M",
            "1e3M",
            ".5G",
            "1.G",
            "1,5G",
            "1.2345G",
        ),
        *("1.2345G", "0M", "0.0K", "65T", "1000000M", "inf", "nanM", "M"),
        *("\u0664\u0660\u0660M", "\uff14\uff10\uff10M"),  # digits of other scripts
    ],
)
def test_what_is_no_size_is_refused(text: str) -> None:
    """A missing or other unit, a sign, a space, nothing and too much are no sizes; the message repeats the text."""
    with pytest.raises(ValueError, match=r"is (not a size|nothing|more than)"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("10s", 10.0), ("1.5s", 1.5), ("5m", 300.0), ("1h", 3600.0), ("0s", 0.0)]
)
def test_time_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    """Ms, s, m and h are accepted, fractions too."""
    assert seconds == parse_time(text)


@pytest.mark.parametrize("text", ["", "10", "10 s", "10S", "10sec", "-1s", "1d", "1h30m", "169h", "s", "\u0663s"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """A missing or other unit, a sign, two units and more than a week are no times."""
    with pytest.raises(ValueError, match=r"is (not a time|more than a week)"):
        parse_time(text)


@given(st.integers(1, 999_999), st.sampled_from("KMGT"))
def test_short_size_reads_back(number: int, unit: str) -> None:
    """The short form of what a manifest can say is read as the same size."""
    try:
        size = parse_size(f"{number}{unit}")
    except ValueError:
        return
    assert size == parse_size(short_size(size))


@given(st.text(max_size=12) | st.from_regex(r"\d{1,8}(\.\d{1,4})?[KMGTmshk]{0,2}", fullmatch=True))
def test_any_text_is_a_quantity_or_a_value_error(text: str) -> None:
    """No text makes the parsers fail in another way, or give something below zero or without end."""
    for parse, most in ((parse_size, float(MAX_SIZE)), (parse_time, 604800.0)):
        try:
            value = parse(text)
        except ValueError:
            continue
        assert 0 <= value <= most


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 MiB"),
        (512, "0 KiB"),
        (100 * KIB, "100 KiB"),
        (1100 * MIB, "1,100 MiB"),
        (64 * TIB, "67,108,864 MiB"),
        (-5 * MIB, "-5 MiB"),
    ],
)
def test_size_is_shown_in_mib(size: int, text: str) -> None:
    """Sizes are shown in MiB with thousands marked, below one MiB in KiB."""
    assert text == format_size(size)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0ms"),
        (0.85, "850ms"),
        (0.9999, "999ms"),
        (1, "1s"),
        (59.9, "59s"),
        (60, "1m 00s"),
        (185, "3m 05s"),
        (3600, "1h 00m"),
        (86399, "23h 59m"),
        (187200, "2d 4h"),
    ],
)
def test_time_is_shown_as_people_read_it(seconds: float, text: str) -> None:
    """Durations are shown in their two largest units, never rounded up to a unit that is not there."""
    assert text == format_time(seconds)
