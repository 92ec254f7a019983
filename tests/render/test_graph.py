"""`acctcfg graph`: the manifest as a picture, offline, that no name can break out of."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from acctcfg.cli import run
from acctcfg.core.picture import Edge, Node, Picture
from acctcfg.render.graph import dot, mermaid

MANIFEST = """
version: 1
venues:
  desk: {type: okx_dma_broker, environment: demo, credentials: {store: vault, key: desk/master}}
  cx: {type: gate_crossex, environment: sandbox, credentials: {env: GATE}, base_url: "http://127.0.0.1:1"}
secret_stores:
  vault: {type: age_file, path: secrets/}
  other: {type: env}
profiles:
  base: {account_mode: multi_currency}
  maker: {profile: base}
accounts:
  desk01:
    venue: desk
    profile: maker
    api_keys: {trading: {permissions: [read, trade], store: vault}}
  desk02: {venue: desk, parent: desk01}
  main: {venue: cx, account_mode: cross_exchange}
"""
NASTY = 'a"]; x --> y <b>&amp;#35; \\" \\n`b` \x1b[2J'
HOSTILE = Picture(
    (Node("venue", NASTY, (NASTY,)), Node("account", NASTY), Node("store", NASTY)),
    (Edge(("venue", NASTY), ("account", NASTY), NASTY), Edge(("account", NASTY), ("store", NASTY), loose=True)),
)


@pytest.fixture
def drawn(tmp_path: Path, capsys):
    """What `acctcfg graph` prints of the manifest above."""
    (tmp_path / "acctcfg.yaml").write_text(MANIFEST, encoding="utf-8")

    def graph(*arguments: str) -> str:
        assert run(["-C", str(tmp_path), "graph", *arguments]) == 0
        return capsys.readouterr().out

    return graph


def joined(text: str) -> set[tuple[str, str, str]]:
    """Start, word and end of each edge of a mermaid picture, by the first lines of their labels."""
    names = dict(re.findall(r'^  (n\d+)[\[({]+"([^"<]+)', text, re.M))
    edges = re.findall(r'^  (n\d+) -+\.?-*>(?:\|"(.*?)"\|)? (n\d+)$', text, re.M)
    return {(names[start], word, names[end]) for start, word, end in edges}


def test_everything_of_the_manifest_is_drawn(drawn):
    """Venues lead to accounts, those to the accounts under them and to keys; profiles and stores lend to them."""
    text = drawn()
    assert joined(text) == {
        ("venue desk", "credentials", "store vault"),
        ("venue desk", "", "desk01"),
        ("desk01", "parent", "desk02"),
        ("desk01", "", "key trading"),
        ("desk01", "profile", "profile maker"),
        ("profile maker", "profile", "profile base"),
        ("key trading", "secret", "store vault"),
        ("venue cx", "", "main"),
    }
    assert "store other" in text
    assert "key trading<br/>read, trade" in text


def test_an_account_of_a_table_hangs_on_its_profile(drawn, tmp_path):
    """A row of `accounts_from` is drawn as an account that is written out is."""
    (tmp_path / "customers.csv").write_text("id,tier\ncust001,maker\ncust002,base\n", encoding="utf-8")
    rows = '[{csv: customers.csv, name: "{id}", profile: "{tier}", fields: {venue: desk}}]'
    (tmp_path / "acctcfg.yaml").write_text(f"{MANIFEST}accounts_from: {rows}\n", encoding="utf-8")
    edges = joined(drawn())
    assert {one for one in edges if one[0].startswith("cust")} == {
        ("cust001", "profile", "profile maker"),
        ("cust002", "profile", "profile base"),
    }
    assert ("venue desk", "", "cust001") in edges


def test_a_target_draws_what_it_hangs_on_and_no_more(drawn):
    """An account comes with what it stands under; other venues, unused stores and other accounts' keys stay away."""
    text = drawn("--target", "main")
    assert joined(text) == {("venue cx", "", "main")}
    assert "desk" not in text
    assert {"desk01", "desk02"} < {name for edge in joined(drawn("--target", "desk02")) for name in edge}


def test_a_target_of_nothing_is_a_slip(drawn, tmp_path, capsys):
    """As in every command: it selects nothing, which is wrong usage."""
    assert run(["-C", str(tmp_path), "graph", "--target", "nobody"]) == 64
    assert "--target nobody selects nothing" in capsys.readouterr().err


def test_no_name_is_taken_for_syntax():
    """Each line of mermaid holds the quotes of its label and no others; markup and entities stand as numbers."""
    for line in mermaid(HOSTILE).splitlines()[1:]:
        assert line.count('"') in (0, 2)
        assert not re.search(r"[&`\\]|<(?!br/>)", line)
    for line in dot(HOSTILE).splitlines()[3:-1]:
        assert re.fullmatch(r'  n\d+[^"]*(?:"(?:[^"\\]|\\.)*"[^"]*)?;', line)
    assert "\x1b" not in mermaid(HOSTILE) + dot(HOSTILE)


@pytest.mark.slow
def test_graphviz_takes_it(drawn):
    """`dot` draws what we print, whatever the names are."""
    program = shutil.which("dot")
    if program is None:
        pytest.skip("Graphviz is not installed (Debian: apt-get install graphviz)")
    for text in (drawn("--format", "dot"), dot(HOSTILE)):
        subprocess.run([program, "-Tsvg"], input=text, text=True, check=True, capture_output=True, env={})
