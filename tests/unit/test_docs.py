"""What README and docs tell a reader to type, open or look up is there."""

import importlib.util
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer
from scripts.docs_hooks import leaves

from sidelight.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "web/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
HISTORY = ("training-log.md",)
"""Says what was typed then, not what to type."""
COMMANDS = dict(leaves(typer.main.get_command(app), ()))
TABLE = re.compile(r"<!-- table:.*?<!-- /table -->", re.DOTALL)
BLOCK = re.compile(r"^```(bash|console|python|text)\n(.*?)^```", re.DOTALL | re.MULTILINE)
ANY_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`]+)`")
PATH = re.compile(r"(?:[\w-]+/)+[\w-]+\.(?:py|toml|json|sh|yml)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+[a-z]")
OTHERS_OPTIONS = {
    *("--no-deps", "--upgrade", "--force-reinstall"),  # pip's
    *("--short", "--porcelain", "--always", "--dirty"),  # git's
    *("--pnorm", "--intensity"),  # butteraugli_main's
    *("--nproc-per-node", "--nnodes", "--rdzv-backend", "--rdzv-endpoint"),  # torchrun's
    *("--line", "--version"),  # a style sheet's, the command's own
}


def text_of(page: Path) -> str:
    return TABLE.sub("", page.read_text())


def shell_lines(page: Path) -> Iterator[str]:
    """Yields what a reader would type, from blocks of commands and from transcripts."""
    for kind, block in BLOCK.findall(text_of(page)):
        lines = block.replace("\\\n", " ").splitlines()
        if kind == "bash":
            yield from lines
        if kind == "console":
            yield from (line[2:] for line in lines if line.startswith("$ "))


def words_of(line: str) -> list[str]:
    """Returns the words of a line's first command."""
    words = shlex.split(line, comments=True)
    ends = [k for k, word in enumerate(words) if word[0] in "<>|&;"]
    return words[: ends[0]] if ends else words


def called(words: list[str]) -> tuple[click.Command, list[str]]:
    """Returns the command that the words call, and its arguments."""
    for length in (1, 2):
        if tuple(words[:length]) in COMMANDS:
            return COMMANDS[tuple(words[:length])], words[length:]
    raise AssertionError(f"no command sidelight {' '.join(words[:2])}, known are {[*COMMANDS]}")


def options_of(command: click.Command) -> set[str]:
    names = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
    return {name for name in names if name.startswith("-")} | {"--help"}


def spans_of(page: Path) -> list[str]:
    """Returns what stands between backticks in prose."""
    spans = INLINE.findall(ANY_BLOCK.sub("", text_of(page)))
    return [" ".join(span.split()) for span in spans]


def inline_commands() -> list[tuple[str, str]]:
    return [
        (page.name, span)
        for page in PAGES
        if page.name not in HISTORY
        for span in spans_of(page)
        if span.startswith("sidelight ") and not span.split()[1].isupper()
    ]


BLOCK_COMMANDS = [(page.name, line) for page in PAGES for line in shell_lines(page)]


def test_there_is_something_to_check():
    assert len([line for _, line in BLOCK_COMMANDS if line.startswith("sidelight ")]) > 20
    assert len(inline_commands()) >= 5
    assert {("encode",), ("page", "encode"), ("evaluate",)} <= set(COMMANDS)


@pytest.mark.parametrize(("page", "line"), BLOCK_COMMANDS)
def test_a_line_to_type_parses(page, line):
    words = words_of(line)
    if not words:
        return
    program, *arguments = words
    match program:
        case "sidelight":
            command, rest = called(arguments)
            command.make_context(command.name, rest)  # raises UsageError
        case "torchrun":
            begin = arguments.index("sidelight)") + 1  # of $(which sidelight)
            command, rest = called(arguments[begin:])
            command.make_context(command.name, rest)
        case "make":
            assert re.search(rf"^{arguments[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        case "python" if arguments[0] == "-m":
            assert importlib.util.find_spec(arguments[1])
        case "python":
            assert (ROOT / arguments[0]).is_file()
        case "pip":
            asked = re.search(r"\[(.*)\]", line)
            project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
            extras = asked[1].split(",") if asked else []
            assert set(extras) <= set(project["optional-dependencies"])
        case _:
            assert program in ("export", "apt-get", ".ci/run"), f"who checks {line!r}?"


@pytest.mark.parametrize(("page", "span"), inline_commands())
def test_a_command_in_prose_has_these_options(page, span):
    command, rest = called(words_of(span)[1:])
    given = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
    assert given <= options_of(command)


def test_options_that_source_and_docs_name_exist():
    known = set().union(*map(options_of, COMMANDS.values()), OTHERS_OPTIONS)
    named = {
        path.name: set(OPTION.findall(path.read_text()))
        for path in (ROOT / "src" / "sidelight").rglob("*.py")
    }
    for page in PAGES:
        named[page.name] = set(OPTION.findall(" ".join(spans_of(page))))
    assert {name: gone for name, found in named.items() if (gone := found - known)} == {}


def test_files_that_docs_name_exist():
    places = [
        ROOT,
        ROOT / "web",
        ROOT / "src",
        ROOT / "src" / "sidelight",
        ROOT / "benchmarks" / "metrics",
    ]
    missing = [
        (page.name, span)
        for page in PAGES
        if page.name not in HISTORY
        for span in spans_of(page)
        if not re.search("[A-Z]{3,}|plain2026", span)  # stands for something, or is to be made
        if PATH.fullmatch(span) and not any((place / span).exists() for place in places)
    ]
    assert missing == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_pages_outside_the_site_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", (ROOT / name).read_text()):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 120
