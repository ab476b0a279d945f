"""How a command starts and ends."""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from . import bytecode
from .console import SetupError, say

EXIT_SETUP = 2
EXIT_INTERRUPTED = 130


def run_command(main: Callable[[list[str]], int]) -> None:
    """Run a command's ``main`` and leave the process with its exit code; failures of the set-up are one line and code 2."""
    name = Path(sys.argv[0]).name
    # A polite kill gets the same clean shutdown as Ctrl-C: children stopped, databases dropped, locks released.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        bytecode.keep()
        code = main(sys.argv[1:])
    except SetupError as error:
        say(f"{name}: {error}")
        code = EXIT_SETUP
    except KeyboardInterrupt:
        say(f"{name}: stopped")
        code = EXIT_INTERRUPTED
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM):
            raise
        say(f"{name}: {error.strerror}: {error.filename or 'a file'}. Free some space or give access, and try again.")
        code = EXIT_SETUP
    sys.exit(code)


def _interrupt(signum, frame):
    raise KeyboardInterrupt
