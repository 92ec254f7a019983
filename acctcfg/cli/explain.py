"""`acctcfg explain`: what a venue's error means and how acctcfg handles it, or what a field of the manifest takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from acctcfg.cli.completing import accounts
from acctcfg.cli.selection import read_addresses

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from acctcfg.core.verdict import Explained, Verdict
    from acctcfg.manifest.fields import FieldNote
    from acctcfg.venues.contract import Venue

__all__ = ["command"]

WIDTH = 100
NARROW = 20  # a column that would have less room than this is folded as if it had so much


def _width() -> int:
    """Columns of a line: no more than can be read at ease, and no more than the terminal has."""
    from acctcfg.cli.event_loop import terminal_width

    return min(WIDTH, terminal_width())


def _beside(head: str, text: str) -> list[str]:
    """A text right of its name, folded."""
    first, *rest = wrap(text, max(NARROW, _width() - len(head))) or [""]
    return [f"{head}{first}".rstrip(), *(f"{'':<{len(head)}}{line}" for line in rest)]


class _Command(click.Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The words that the errors of the installed venues are named with."""
        with formatter.section("Errors"):
            formatter.write_dl(
                [
                    (f"{family}:CODE", f"{len(venue.error_codes())} codes")
                    for family, venue in sorted(_families().items())
                ]
            )


def _fields(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """The manifest's fields that begin so. Errors are too many, and shells split words at their colon."""
    from click.shell_completion import CompletionItem

    from acctcfg.manifest.fields import field_paths
    from acctcfg.venues.installed import rules

    return [CompletionItem(path) for path in field_paths(rules()) if path.startswith(incomplete)]


@click.command("explain", cls=_Command, short_help="Explain a venue's error, or a field of the manifest.")
@click.argument("what", metavar="PATH|VENUE:CODE", shell_complete=_fields)
@click.argument("named", metavar="[ACCOUNT]...", nargs=-1, callback=read_addresses, shell_complete=accounts)
@click.pass_context
def command(ctx: click.Context, what: str, named: tuple[str, ...]) -> None:
    """Explain a venue's error: what it means, its likely causes, what to do, and how acctcfg handles it.

    Or explain a field of the manifest: what it takes, and which venue types have it. PATH begins at the root of the
    manifest (accounts.*.leverage, guardrails.max_deletes) or at any field (leverage.market).

    With an ACCOUNT of the manifest, several, a pattern with * and ?, or @FILE with one per line, also shows which of
    their positions, orders, bots or debts cause the error right now. That sends reads only. Exits 1 when something
    could not be read.
    """
    from acctcfg.cli.console import say_page
    from acctcfg.errors import UsageError

    family, colon, code = what.partition(":")
    if not colon and named:
        raise UsageError("an ACCOUNT can be given only with a venue's error", hint="acctcfg explain --help shows how")
    if not colon:
        say_page("\n\n".join("\n".join(_field(note)) for note in _notes(what)) or "\n".join(_unmanaged(what)))
        return
    lines = _error(family, code)
    look = _looking(ctx, named, family.lower(), code) if named else None
    say_page("\n".join(lines))
    if look is not None:
        look()


def _looking(ctx: click.Context, named: tuple[str, ...], family: str, code: str) -> Callable[[], None]:
    """How what the error is about is looked for in these accounts; UsageError where it cannot be in one of them."""
    from acctcfg.cli.console import say, say_page
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.engine.blockers import accounts_asked_about, find_blockers
    from acctcfg.errors import VenueError
    from acctcfg.render.blockers import blockers

    workspace = load_workspace(ctx)
    specs = accounts_asked_about(workspace, named, family, code)

    def look() -> None:
        found = run_engine(ctx, lambda _: find_blockers(workspace, specs, code))
        unknown = False
        for spec, checks in zip(specs, found, strict=True):
            if isinstance(checks, VenueError):
                if len(specs) == 1:
                    raise checks
                say(f"{spec.key}: could not be read: {checks.told}", err=True)
            else:
                say_page("\n" + blockers(spec.key, checks, _width()))
            unknown |= isinstance(checks, VenueError) or any(one.status == "unknown" for one in checks)
        if unknown:
            ctx.exit(1)

    return look


# -- a venue's error -----------------------------------------------------------------------------------------------


def _families() -> Mapping[str, Venue]:
    """The venues by the word that their errors are named with."""
    from acctcfg.venues.installed import rules, venue

    return {venue(type_).error_family: venue(type_) for type_ in rules()}


def _error(family: str, code: str) -> list[str]:
    from acctcfg.errors import AcctcfgError, UsageError

    families = _families()
    venue = families.get(family.lower())
    if venue is None:
        known = f"one of: {', '.join(sorted(families))}"
        raise UsageError(f"no venue has errors named {family!r}{_near(family, families)}", hint=known)
    if not code:
        raise UsageError(f"the error's code is missing after {family}:", hint="acctcfg explain --help shows how")
    found = venue.explain(code)
    if found is None:
        near = _near(code.upper(), venue.error_codes(), prefix=f"{family.lower()}:")
        raise AcctcfgError(
            f"{family.lower()}:{code} is not an error that acctcfg knows{near}",
            hint="see the venue's own documents; acctcfg treats an unknown refusal as a failure",
        )
    return _explanation(family.lower(), found)


def _explanation(family: str, found: Explained) -> list[str]:
    lines = [f"{family}:{found.code}", *_indented([found.meaning])]
    for title, texts in (
        ("Likely causes", [f"- {cause}" for cause in found.causes]),
        ("What to do", [found.remedy]),
        ("How acctcfg handles it", [_verdict(found.verdict)]),
    ):
        lines += ["", title, *_indented(texts)]
    return lines


def _verdict(verdict: Verdict) -> str:
    from acctcfg.core.verdict import Verdict

    return {
        Verdict.BLOCKED: "blocked: something must be cleared first. What depends on it is not tried; exit status 3",
        Verdict.FAILED: "failed: what depends on it is not tried; exit status 1. Where reading shows what a write "
        "wanted, it is done",
        Verdict.RETRIED: "not executed, so it is simply sent again, more slowly; if that does not help, it failed: "
        "exit status 1",
        Verdict.UNCLEAR: "outcome unknown: a read is sent again; what became of a write is settled by reading, and it "
        "is never repeated blindly. Where reading cannot tell, it failed: exit status 1",
        Verdict.CLOCK: "the clock is measured against the venue's, and the request is sent once more; if that does "
        "not help, it failed: exit status 1",
    }[verdict]


# -- a field of the manifest ---------------------------------------------------------------------------------------


def _unmanaged(path: str) -> list[str]:
    """Why no manifest holds something that a venue has, by the venue types of the same reason."""
    from acctcfg.venues.installed import rules

    types: dict[str, list[str]] = {}
    for type_, one in rules().items():
        if why := one.unmanaged.get(path.rpartition(".")[2]):
            types.setdefault(why, []).append(type_)
    return [path, *_indented(f"not managed ({', '.join(some)}): {why}" for why, some in types.items())] if types else []


def _notes(path: str) -> list[FieldNote]:
    """The fields that the path names; none for what a venue has and no manifest holds."""
    from acctcfg.errors import UsageError
    from acctcfg.manifest.fields import field_paths, find_fields
    from acctcfg.venues.installed import rules

    found = find_fields(path, rules())
    if found or _unmanaged(path):
        return found
    for family, venue in sorted(_families().items()):
        if venue.explain(path) is not None:
            raise UsageError(f"{path!r} is not a field of the manifest (did you mean {family}:{path}?)")
    paths = {name.replace("[]", "") for name in field_paths(rules())}
    names = paths if "*" in path else {name.rpartition("*.")[2] for name in paths}
    hint = "a venue's error is named with its venue: " + ", ".join(f"{family}:CODE" for family in sorted(_families()))
    raise UsageError(f"{path!r} is neither a field of the manifest nor a venue's error{_near(path, names)}", hint=hint)


def _field(note: FieldNote) -> list[str]:
    lines = [note.path, *_indented([note.doc])]
    rows = [("takes", _takes(note, kind, types)) for kind, types in note.kinds]
    if note.required:
        rows.append(("required", "yes"))
    if note.types:
        rows.append((_asked(note), ", ".join(_with_role(note, type_) for type_ in note.types)))
    rows += note.notes
    if note.parts:
        rows.append(("fields", ", ".join(note.parts)))
    width = max(len(name) for name, _ in rows)
    lines.append("")
    for name, text in rows:
        lines += _beside(f"  {name:<{width}}  ", text)
    return lines + _words(note)


def _takes(note: FieldNote, kind: str, types: tuple[str, ...]) -> str:
    return f"{kind} ({', '.join(types)})" if len(note.kinds) > 1 else kind


def _asked(note: FieldNote) -> str:
    """Which venue types are listed. A part's own may be fewer: what excludes what, `validate` says."""
    whole = not note.of_field or note.path.endswith(f".{note.of_field}")
    return "venue types" if whole else f"venue types with {note.of_field}"


def _with_role(note: FieldNote, type_: str) -> str:
    return f"{type_} (role {note.roles[type_]})" if type_ in note.roles else type_


def _words(note: FieldNote) -> list[str]:
    """The words that it takes, those of the same venue types together."""
    groups: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for word, meaning, types in note.words:
        groups.setdefault(types, []).append((word, meaning))
    width = max((len(word) for word, _, _ in note.words), default=0)
    lines = []
    for types, words in groups.items():
        lines += ["", "  words" if len(groups) == 1 else f"  words of {', '.join(types)}"]
        lines += [line for word, meaning in words for line in _beside(f"    {word:<{width}}  ", meaning)]
    return lines


def _indented(texts: Iterable[str]) -> list[str]:
    return [
        line
        for text in texts
        for line in wrap(
            text, _width(), initial_indent="  ", subsequent_indent="    " if text.startswith("- ") else "  "
        )
    ]


def _near(word: str, known: Iterable[str], *, prefix: str = "") -> str:
    from difflib import get_close_matches

    near = [f"{prefix}{match}" for match in get_close_matches(word, sorted(known), n=3, cutoff=0.75)]
    return f" (did you mean {' or '.join(near)}?)" if near else ""
