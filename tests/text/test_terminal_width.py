"""The width of a terminal, from the environment or the terminal itself."""

import fcntl
import os
import shutil
import struct
import sys
import termios

import pytest

from shapecalc.text.safe import terminal_width


@pytest.mark.parametrize("given", ["100", " 7 ", "0", "-3", "wide", ""])
def test_it_is_what_shutil_measures(given, monkeypatch):
    monkeypatch.setenv("COLUMNS", given)
    assert terminal_width() == shutil.get_terminal_size().columns


def test_a_terminal_is_asked(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    ours, theirs = os.openpty()
    try:
        with open(theirs, "w", closefd=False) as stream:
            monkeypatch.setattr(sys, "__stdout__", stream)
            assert terminal_width() == 80  # a new one has no size, which is 0
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 123, 0, 0))
            assert terminal_width() == 123
    finally:
        os.close(ours)
        os.close(theirs)


def test_without_a_standard_output_it_is_80(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "__stdout__", None)
    assert terminal_width() == 80
