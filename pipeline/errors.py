"""What a user can put right, said in one line."""

import errno
import sys
from collections.abc import Callable


class UserError(Exception):
    """Something a user can cause and mend: one line with rule, value and remedy."""


def exit_on_user_error(command: Callable[[], object]) -> None:
    """Run a command line; a user's mistake becomes one line on stderr and exit code 1.

    Raises: SystemExit with code 1 after a UserError or an OSError the user can mend.
    """
    try:
        command()
    except UserError as error:
        sys.exit(f"error: {error}")
    except (PermissionError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        sys.exit(
            f"error: cannot write or read {error.filename}: {error.strerror}; "
            "check that the folder exists and belongs to you"
        )
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EROFS, errno.EDQUOT):
            raise
        where = error.filename or "output"
        sys.exit(f"error: {where}: {error.strerror}; make room there, then run it again")
