"""CSV files that people write: exactly what they say, or the line and the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from ionet.formats.table import LineError, TableRow, read_table


def read(tmp_path: Path, content: bytes | str) -> list[TableRow | LineError]:
    place = tmp_path / "table.csv"
    place.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_table(place, ["recipient", "amount"], ["revocable"]))


@pytest.mark.parametrize(
    "content",
    [
        "recipient,amount\nA,1\nB,2\n",
        "amount,recipient\n1,A\n2,B\n",
        "\ufeffrecipient,amount\r\nA,1\r\nB,2\r\n",
        "\n\nrecipient , amount\n\n A , 1 \n\nB,2",
        'recipient,amount,revocable\n"A","1",\nB,2,\n',
    ],
)
def test_rows_are_read_whatever_the_order_of_columns(tmp_path: Path, content: str) -> None:
    found = read(tmp_path, content)
    assert [
        (row.cells["recipient"], row.cells["amount"], row.cells["revocable"])
        for row in found
        if isinstance(row, TableRow)
    ] == [("A", "1", ""), ("B", "2", "")]
    assert all(isinstance(row, TableRow) for row in found)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "recipient,amount\nA,1,500\n",
            "line 2: 3 cells, but the header has 2; is there a comma inside a number",
        ),
        ("recipient,amount\nA\n", "line 2: 1 cells, but the header has 2"),
        (
            "recipient,amount,Revocable\nA,1,no\n",
            "line 1: there is no column 'Revocable'; is 'revocable' meant?",
        ),
        ("Recipient,amount\nA,1\n", "line 1: there is no column 'Recipient'; is 'recipient' meant?"),
        (
            "recipient,amount,note\nA,1,x\n",
            "line 1: there is no column 'note'; there are recipient, amount, revocable",
        ),
        ("recipient,amount,amount\nA,1,2\n", "line 1: the column 'amount' is there twice"),
        ("recipient\nA\n", "line 1: the column 'amount' is missing; the first line names recipient, amount"),
        ("recipient;amount\nA;1\n", "line 1: cells are separated by semicolons here, and must be by commas"),
        ("recipient\tamount\nA\t1\n", "line 1: cells are separated by tabs here, and must be by commas"),
        ("", "line 1: the file is empty; its first line names the columns recipient, amount"),
        ("\n\n", "line 1: the file is empty"),
        ("recipient,amount\n".encode("utf-16"), "line 1: the file is UTF-16; save it as UTF-8"),
        ("recipient,amount\nMünchen,1\n".encode("latin-1"), "not UTF-8 (byte 0xfc); save the file as UTF-8"),
        ('recipient,amount\n"A,1\n', "not CSV: "),
        ("recipient,amount\nA\0,1\n", ""),
    ],
)
def test_what_is_not_as_it_should_be_is_refused_with_its_line(
    tmp_path: Path, content: bytes | str, said: str
) -> None:
    found = read(tmp_path, content)
    errors = [str(line) for line in found if isinstance(line, LineError)]
    if not said:
        # A zero byte is a character like others to some readers: then the row is read as it stands.
        assert errors or [row.cells["recipient"] for row in found if isinstance(row, TableRow)] == ["A\0"]
        return
    assert len(errors) == 1
    assert said in errors[0]


def test_a_wrong_row_does_not_hide_those_after_it(tmp_path: Path) -> None:
    found = read(tmp_path, "recipient,amount\nA,1,500\nB,2\nC\nD,4\n")
    assert [row.line for row in found if isinstance(row, LineError)] == [2, 4]
    assert [row.cells["recipient"] for row in found if isinstance(row, TableRow)] == ["B", "D"]
