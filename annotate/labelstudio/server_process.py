"""The process of a server that `annotate studio up` starts: Label Studio, which says in its log what it is doing.

`python -m annotate.labelstudio.server_process ARG…` is `label-studio ARG…`, and in addition

- prints a line when it loads Label Studio, for each migration, and when it starts the web server (`read_phase`);
- leaves a copy of a new database, before the first user is in it (`prepared_database`).
"""

import os
import sys
from pathlib import Path
from typing import Any

PHASE_PREFIX = "annotate: "
LOADING, STARTING = "loading Label Studio", "starting the web server"


def read_phase(log: str) -> str:
    """Return what a server says in its log that it is doing."""
    phases = [line for line in log.splitlines() if line.startswith(PHASE_PREFIX)]
    return phases[-1].removeprefix(PHASE_PREFIX).strip() if phases else LOADING


def main() -> None:
    """Run Label Studio with the arguments of this process."""
    from annotate.labelstudio.prepared_database import PATH_VARIABLE

    prepared = os.environ.pop(PATH_VARIABLE, None)
    _print_phase(LOADING)
    from label_studio import server

    apply = server._apply_database_migrations

    def apply_migrations() -> None:
        _report_migrations()
        apply()
        if prepared:
            _save_database(Path(prepared))
        _print_phase(STARTING)

    server._apply_database_migrations = apply_migrations
    sys.exit(server.main())


def _print_phase(phase: str) -> None:
    print(f"{PHASE_PREFIX}{phase}", flush=True)  # noqa: T201 - the log


def _report_migrations() -> None:
    """Let Django print a line for each migration that it applies."""
    from django.core.management.commands import migrate
    from django.db.migrations.executor import MigrationExecutor

    class ReportingExecutor(MigrationExecutor):  # type: ignore[misc]  # Django has no types
        """Applies migrations, and prints a line for each."""

        applied = planned = 0

        def migrate(self, targets: Any, plan: Any = None, **options: Any) -> Any:
            self.planned = len(plan or ())
            return super().migrate(targets, plan=plan, **options)

        def apply_migration(self, *arguments: Any, **options: Any) -> Any:
            self.applied += 1
            _print_phase(f"applying migration {self.applied} of {self.planned}")
            return super().apply_migration(*arguments, **options)

    migrate.MigrationExecutor = ReportingExecutor


def _save_database(path: Path) -> None:
    """Leave a copy of the new database. If that fails, the log says so, and the server starts all the same."""
    from django.db import connection

    from annotate.errors import CannotRun
    from annotate.labelstudio.prepared_database import save_prepared_database

    try:
        connection.close()  # the next query opens it again
        save_prepared_database(Path(connection.settings_dict["NAME"]), path)
    except (OSError, CannotRun) as error:
        print(f"annotate saved no copy of the new database: {error}", flush=True)  # noqa: T201 - the log


if __name__ == "__main__":
    main()
