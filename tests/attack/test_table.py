"""SECURITY.md says what is tried here, and that it holds."""

from . import (cases, test_files, test_floods, test_greeting, test_hiding, test_identity,  # noqa: F401
               test_not_prevented, test_secrecy, test_tampering, test_words)


def test_the_table_is_the_one_in_the_document():
    assert cases.in_document() == cases.table(), "run tests/attack/report.py --update"
