"""`accounts_from`: rows of a table are accounts like any other, and what is wrong names the cell."""

from __future__ import annotations

import csv
import io
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manifest_folder import HEAD, RULES, Folder

from acctcfg.manifest import csv_table, rows
from acctcfg.manifest.csv_table import read_table
from acctcfg.manifest.laid_out import lay_out
from acctcfg.manifest.nodes import Sources
from acctcfg.manifest.schema import manifest_schema

TIERS = """\
profiles:
  mm: {position_mode: net}
  retail: {position_mode: long_short}
"""
FROM = """\
accounts_from:
  - csv: customers.csv
    name: "{id}"
    profile: "{tier}"
    fields:
      venue: desk
"""


def table(folder: Folder, text: str, fields: str = "", *, head: str = HEAD + TIERS + FROM) -> Folder:
    """A workspace with this table, and these further lines of `fields`."""
    lines = "".join(f"      {line}\n" for line in fields.splitlines())
    folder.write(acctcfg=head + lines)
    (folder.path / "customers.csv").write_bytes(text.encode())
    return folder


def test_a_row_is_an_account(folder: Folder) -> None:
    """Each cell in its field, in its kind; fields without a column are all rows' own; an empty cell says nothing."""
    fields = """\
label: "Desk{no}"
protect: "{keep}"
state: "{state}"
leverage: [{market: swap, family: "{family}", margin: cross, value: "{lev}", until: "{until}"}]
api_keys: {trading: {permissions: "{may}", ip_allowlist: "{ips}", store: vault}}
"""
    text = (
        "id,tier,no,keep,state,family,lev,until,may,ips\n"
        "cust01,mm,7,TRUE,,BTC-USDT,2.5,,read trade,203.0.113.7;203.0.113.8\n"
        'cust02,"mm, retail",,false,present,,,,read,203.0.113.9\n'
    )
    manifest = table(folder, text, fields).load()
    one, two = manifest.accounts["cust01"], manifest.accounts["cust02"]
    assert (one.label, one.protect, one.state, str(one.position_mode)) == ("Desk7", True, "present", "net")
    assert [(entry.selector.pattern, str(entry.value)) for entry in one.leverage] == [("BTC-USDT", "2.5")]
    assert one.api_keys[0].ip_allowlist == ("203.0.113.7", "203.0.113.8")
    assert (two.label, two.protect, two.leverage, str(two.position_mode)) == (None, False, (), "long_short")
    assert manifest.files == ("acctcfg.yaml", "customers.csv")


def test_places_are_cells(folder: Folder) -> None:
    """An account stands at its name's cell, a field at its own; what all rows share stands in the template."""
    one = table(folder, "tier,id,l\n\nmm,cust01,Foo\n", 'label: "{l}"').load().accounts["cust01"]
    assert str(one.place) == "customers.csv:3:4"
    assert str(one.places["label"]) == "customers.csv:3:11"
    assert str(one.places["venue"]).startswith("acctcfg.yaml:")


WRONG = {
    "a value": ("id,tier\ncust01,nope\n", "", 'customers.csv:2:8: cust01.profile: the profile "nope" is not defined'),
    "its column": ("id,tier,p\ncust01,mm,maybe\n", 'protect: "{p}"', '"maybe" (column "p")'),
    "two of one column": ("id,tier\ncust-1,mm\n", 'label: "{id}"', "customers.csv:2:1: cust-1.label: "),
    "a number": (
        "id,tier,x\ncust01,mm,ten\n",
        'leverage: [{market: swap, family: "*-USDT", margin: cross, value: "{x}"}]',
        'customers.csv:2:11: cust01.leverage[0].value: "ten" must be a number',
    ),
    "no such column": ("id,tier,label\n", 'label: "{Label}"', 'there is no column "Label" (did you mean "label"?)'),
    "a brace": ("id,tier\ncust01,mm\n", 'label: "a}"', 'fields.label: "}" stands alone (write {{ and }}'),
    "twice": ("id,tier\ncust01,mm\ncust01,mm\n", "", "customers.csv:3:1: cust01: the account is written twice (first"),
    "no name": ("id,tier\n,mm\n", "", "customers.csv:2:1: the account's name is empty in this row"),
    "short": ("id,tier\ncust01\n", "", "customers.csv:2:1: the row has 1 cells, but the first line names 2 columns"),
    "long": ("id,tier\ncust01,mm,x\n", "", "customers.csv:2:11: the row has 3 cells"),
    "columns": ("id,id\n", "", 'customers.csv:1:4: the column "id" appears twice'),
    "empty": ("", "", "customers.csv:1:1: the file is empty (the first line must name the columns)"),
    "open quote": ('id,tier\n"cust01,mm\n', "", "customers.csv:2:1: the quote that begins here is never closed"),
    "after a quote": ('id,tier\n"cust01"x,mm\n', "", "customers.csv:2:1: text follows the closing quote"),
    "control": ("id,tier\ncust01,m\x1bm\n", "", "customers.csv:2:9: the file holds the control character U+001B"),
    "unknown field": ("id,tier\ncust01,mm\n", "lable: x", 'fields.lable: unknown key "lable" (did you mean "label"?)'),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_names_its_place(what: str, folder: Folder) -> None:
    """One problem, with the file, the line and the column, and for a cell the name of its column."""
    text, fields, said = WRONG[what]
    problems = table(folder, text, fields).problems()
    assert len([one for one in problems if said in one]) == 1, problems
    assert what == "two of one column" or len(problems) == 1


def test_what_all_rows_share_is_one_problem(folder: Folder) -> None:
    """At its place in the template, however many rows there are."""
    text = "id,tier\n" + "".join(f"cust{number:02},mm\n" for number in range(50))
    problems = table(folder, text, "label: a-b\nno_such: 1").problems()
    assert len(problems) == 2
    assert "accounts_from[0].fields.label: " in problems[0]


def test_a_row_and_an_entry_of_one_name(folder: Folder) -> None:
    """Both places are named."""
    folder = table(folder, "id,tier\nmmdesk01,mm\n", head=HEAD + TIERS + "accounts: {mmdesk01: {venue: desk}}\n" + FROM)
    (problem,) = folder.problems()
    assert problem.startswith("customers.csv:2:1: mmdesk01: the account is written twice (first at acctcfg.yaml:")


def test_a_list_without_a_cell_is_left_out(folder: Folder) -> None:
    """An empty list of addresses would mean any address: it never comes out of empty cells."""
    fields = 'api_keys: {trading: {permissions: [read], store: vault, ip_allowlist: ["{a}", "{b}"]}}'
    accounts = table(folder, "id,tier,a,b\ncust01,mm,,\ncust02,mm,203.0.113.7,\n", fields).load().accounts
    assert accounts["cust01"].api_keys[0].ip_allowlist is None
    assert accounts["cust02"].api_keys[0].ip_allowlist == ("203.0.113.7",)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffid,tier\r\ncust01,mm\r\n",
        "id;tier\ncust01;mm",
        "id\ttier\ncust01\tmm\n",
        "id,tier,\ncust01,mm,\n,,\n",
        ' id , "tier"\n cust01 , "mm" \n',
        "id,tier\rcust01,mm\r",
    ],
)
def test_what_spreadsheets_write(text: str, folder: Folder) -> None:
    """A byte order mark, line ends of three systems, other separators, empty columns and rows: the same account."""
    assert list(table(folder, text).load().accounts) == ["cust01"]


@pytest.mark.parametrize(
    "data", ["id,tier\ncust01,mm\n".encode("utf-16"), "id,tier\ncust01,caf\xe9\n".encode("cp1252")]
)
def test_other_encodings_are_refused(data: bytes, folder: Folder) -> None:
    """Never guessed at: a wrong guess would be another customer's label."""
    (folder.path / "customers.csv").write_bytes(data)
    folder.write(acctcfg=HEAD + TIERS + FROM)
    (problem,) = folder.problems()
    assert "the file is not UTF-8 text (save it as UTF-8)" in problem


def test_the_file_is_in_the_workspace(folder: Folder) -> None:
    """A path that leads out, by its name or by a link, is not opened; what is wrong is said where it is named."""
    table(folder, "id,tier\n")
    (folder.path / "out.csv").symlink_to("/etc/passwd")
    os.mkfifo(folder.path / "pipe.csv")
    for name, said in {
        "../customers.csv": "is outside the workspace",
        "/etc/passwd": "is outside the workspace",
        "out.csv": '"out.csv" is a link to a place outside',
        "customer.csv": '"customer.csv" there is no such file',
        "pipe.csv": "it is not a regular file",
    }.items():
        folder.write(acctcfg=HEAD + TIERS + FROM.replace("customers.csv", name))
        (problem,) = folder.problems()
        assert problem.startswith("acctcfg.yaml:"), problem
        assert said in problem, problem


def test_braces_and_texts_around_a_cell(folder: Folder) -> None:
    """`{{` and `}}` are braces; what a cell holds is never looked at again."""
    text = 'id,tier,n\n1,mm,"{id}"\n'
    folder.write(acctcfg=HEAD + TIERS + FROM.replace('"{id}"', '"cust{{{id}}}"'))
    (folder.path / "customers.csv").write_text(text)
    assert any('"cust{1}"' in one for one in folder.problems())
    folder.write(acctcfg=HEAD + TIERS + FROM.replace('"{id}"', '"cust{n}"'))
    assert any('"cust{id}"' in one for one in folder.problems())


def test_a_slip_in_the_column_of_the_name_is_one_problem(folder: Folder) -> None:
    """It is called the column that it meant, and not said to name none besides."""
    folder.write(acctcfg=HEAD + TIERS + FROM.replace('"{id}"', '"{idd}"'))
    (folder.path / "customers.csv").write_text("id,tier\ncust01,mm\n")
    (problem,) = folder.problems()
    assert 'accounts_from[0].name: there is no column "idd" (did you mean "id"?)' in problem
    folder.write(acctcfg=HEAD + TIERS + FROM.replace('"{id}"', '"{{id}}"'))
    (problem,) = folder.problems()
    assert problem.endswith("accounts_from[0].name: names no column (such as {customer_id})")


def test_a_template_has_bounds(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few lines of template do not become more than a large manifest; nor does a file have rows without end."""
    text = "id,tier\n" + "".join(f"cust{number:02},mm\n" for number in range(50))
    monkeypatch.setattr(rows, "LARGEST", 2000)
    assert any("the rows expand to more than" in one for one in table(folder, text).problems())
    monkeypatch.setattr(csv_table, "MOST_ROWS", 20)
    assert any("customers.csv:22:1: the file has more than 20 rows" in one for one in folder.problems())


@pytest.mark.slow
def test_a_hundred_thousand_rows(folder: Folder) -> None:
    """They load."""
    text = "id,tier,label\n" + "".join(f"cust{number:06},mm,L{number}\n" for number in range(100_000))
    assert len(table(folder, text, 'label: "{label}"').load().accounts) == 100_000


CELLS = st.text(st.sampled_from('ab ,;"\n'), max_size=6).filter(lambda text: text == text.strip())


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3).filter(any), max_size=5))
def test_law_what_csv_writes_is_what_is_read(cells: list[list[str]]) -> None:
    """Any cells, as Python's own writer quotes them; and each begins where its mark says."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([["x", "y", "z"], *cells])
    sources = Sources()
    found, problems = read_table(out.getvalue().encode(), sources, "t.csv")
    assert found is not None
    assert not problems
    assert [[text for text, _ in row] for row in found.rows] == cells
    lines = out.getvalue().split("\n")
    for row in found.rows:
        for text, mark in row:
            _, line, column = sources.place(mark)
            assert (
                lines[line - 1][column - 1 :].lstrip('"').startswith(text.split("\n")[0].replace('"', '""').lstrip('"'))
            )


def test_fmt_leaves_the_table_alone(folder: Folder) -> None:
    """A table has no layout of ours."""
    table(folder, "id,tier\r\ncust01 , mm\r\n")
    assert lay_out(folder.path, [], RULES, write=True).looked_at == 1
    assert (folder.path / "customers.csv").read_bytes() == b"id,tier\r\ncust01 , mm\r\n"


def test_the_schema_knows_its_fields() -> None:
    """An editor offers the account's fields below `fields`, and takes any text in them."""
    entry = manifest_schema(RULES)["properties"]["accounts_from"]
    said = json.dumps(entry)
    assert '"csv"' in said
    assert '"api_keys"' in said
