"""What the commands say of a value that they cannot take: what was found, and what is expected."""

import inspect
from collections.abc import Callable
from typing import Any, get_args

import typer
from typer.core import TyperCommand
from typer.models import ParameterInfo

from sidelight.cli.messages import printable

_MAY_BE_EMPTY = ("caption", "title", "question")
"""Options whose empty text says something, such as no caption."""
_EMPTY = "it is empty; was a variable of the shell not set?"
_NUMBERS = {int: "a whole number", float: "a number"}


class StrictCommand(TyperCommand):
    """A command that takes no empty text for a name, and says why it refuses a value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Returns what is left of the arguments.

        Raises:
            BadParameter: A value cannot be taken.
        """
        given, *_ = self.make_parser(ctx).parse_args(args=list(args))
        try:
            rest = super().parse_args(ctx, args)
        except typer.BadParameter as error:
            if error.param is not None and given.get(error.param.name) is not None:
                error.message = self._told(error, given[error.param.name])
            raise
        for parameter in self.params:
            _check_not_empty(ctx, parameter, given.get(parameter.name))
        return rest

    def _told(self, error: typer.BadParameter, value: Any) -> str:
        assert self.callback is not None
        assert error.param is not None
        if _holds_empty(value):
            return _EMPTY
        if (expected := _number_expected(self.callback, error.param.name)) is None:
            return error.message.removeprefix("Value error, ")
        found = value if isinstance(value, str) else ", ".join(value)
        return printable(f"must be {expected}, got {found}")


def _check_not_empty(ctx: Any, parameter: Any, value: Any) -> None:
    if parameter.name not in _MAY_BE_EMPTY and _holds_empty(value):
        raise typer.BadParameter(_EMPTY, ctx=ctx, param=parameter)


def _holds_empty(value: Any) -> bool:
    return value == "" or (isinstance(value, list | tuple) and "" in value)


def _number_expected(command: Callable[..., Any], name: str) -> str | None:
    """Returns which numbers a parameter of a command takes, None if it takes other values."""
    annotation = inspect.signature(command).parameters[name].annotation
    kinds = _kinds(annotation)
    noun = next((noun for kind, noun in _NUMBERS.items() if kind in kinds), None)
    stated = next((kind for kind in kinds if isinstance(kind, ParameterInfo)), None)
    if noun is None or stated is None or stated.min is None:
        return noun
    if stated.max is None:
        return f"{noun} of at least {stated.min:.10g}"
    return f"{noun} from {stated.min:.10g} to {stated.max:.10g}"


def _kinds(annotation: Any) -> list[Any]:
    """Returns what an annotation is made of, such as float, None and an option."""
    inner = get_args(annotation)  # of Annotated, with what is annotated
    return [kind for part in inner for kind in _kinds(part)] or [annotation]
