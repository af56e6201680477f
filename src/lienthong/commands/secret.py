"""Secrets that a command asks for: from the environment or the terminal, never from the command line or settings."""

from __future__ import annotations

import os
import sys

import typer

from lienthong.core.errors import Category, ErrorKind

__all__ = ["PASSPHRASE", "secret"]

PASSPHRASE = "LIENTHONG_PASSPHRASE"  # noqa: S105 - the name of a variable

NO_SECRET = ErrorKind(
    "secret-missing",
    Category.INCORRECT,
    what="No password was given and there is no terminal to ask at.",
    allowed="a terminal, or the variables LIENTHONG_PASSWORD and LIENTHONG_PASSPHRASE",
    cure="Run the command in a terminal or set the variables for this one call.",
)


def secret(variable: str, prompt: str, *, confirm: bool = True) -> str:
    """A secret from the environment or from the terminal, there typed twice where a new one is chosen."""
    if value := os.environ.get(variable):
        return value
    if not sys.stdin.isatty():
        raise NO_SECRET.at(variable)
    return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True))
