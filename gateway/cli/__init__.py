"""The command line, `consent-gateway`. Exit code 0 done, 1 what was asked about is not so, 2 wrong usage."""

from __future__ import annotations

from collections.abc import Sequence

import click

from gateway.cli.commands import commands
from gateway.errors import ChainBroken, ConfigError, LedgerError

PROGRAM = "consent-gateway"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code; `argv` without the program's name (default: sys.argv's)."""
    try:
        code = commands.main(
            args=None if argv is None else list(argv), prog_name=PROGRAM, standalone_mode=False
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 1
    except ConfigError as error:
        click.echo("\n".join(str(problem) for problem in error.problems), err=True)
        return 2
    except ChainBroken as error:
        click.echo(f"The record is broken at {error}", err=True)
        return 1
    except LedgerError as error:
        click.echo(f"The record cannot be read: {error}", err=True)
        return 2
    return code if isinstance(code, int) else 0
