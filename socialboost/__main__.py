"""Commands of the operator (migrate, seed, restored, admin) and of developers (schema, freeze, map, …)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Final

import psycopg

from socialboost import jobs, logs
from socialboost.chat import languages
from socialboost.cli import map as code_map
from socialboost.db import administration, description, frozen, migrations
from socialboost.errors import MigrationError, OldDatabaseError, SettingsError
from socialboost.settings import OwnerSettings

_YEARS: Final = range(2000, 2200)
_HELD: Final = {
    "messages": "messages wait for an admin's decision",
    "notices": "notices to the admins are shown in /admin only",
    "broadcasts": "broadcasts are paused",
}
"""The counts that note_restore returns."""

Command = Callable[[argparse.Namespace], int]


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns 0; 1 after a clear line about a failure; 2 for wrong settings or database."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except OldDatabaseError as error:
        print(f"{options.name}: {error}", file=sys.stderr)
        return 2
    except MigrationError as error:
        print(f"{options.name}: {error}", file=sys.stderr)
    except psycopg.OperationalError as error:
        print(f"{options.name}: DATABASE_URL: {_reason(error)}", file=sys.stderr)
    except psycopg.Error as error:
        print(f"{options.name}: the database refused: {_reason(error)}", file=sys.stderr)
    return 1


def _settings() -> OwnerSettings:
    settings = OwnerSettings.load()
    logs.configure("cli", settings.log_level, settings.log_dir)
    return settings


def _migrate(options: argparse.Namespace) -> int:
    settings = _settings()
    dsn = settings.database_url.get_secret_value()
    if options.status:
        entries = migrations.status(dsn)
        for entry in entries:
            at = f"{entry.applied_at:%Y-%m-%d %H:%M:%S %Z}" if entry.applied_at else ""
            print(f"{entry.version:04d}  {entry.state:<8}  {entry.name}  {at}".rstrip())
        return 0 if all(entry.state == "applied" for entry in entries) else 1
    if options.down is not None:
        names = migrations.down(dsn, options.down)
        print("\n".join(f"undone   {name}" for name in names) or "nothing to undo")
        return 0
    names = migrations.migrate(dsn, timezone=settings.timezone.key)
    print("\n".join(f"applied  {name}" for name in names) or "up to date")
    return 0


def _seed(options: argparse.Namespace) -> int:
    added = administration.seed(
        _settings().database_url.get_secret_value(),
        test_people_speak=languages.SHOP.default.code if options.test_data else None,
    )
    for name, count in added.items():
        print(f"{name}: {count} added" if count else f"{name}: already there")
    return 0


def _restored(options: argparse.Namespace) -> int:
    noted = administration.note_restore(
        _settings().database_url.get_secret_value(), options.at, actors=jobs.TELLING
    )
    if noted is None:
        print(
            f"restored: --at {options.at.isoformat()} is yet to come by the database's clock", file=sys.stderr
        )
        return 2
    print(f"restored: noted {noted['restored_at']}")
    for name, what in _HELD.items():
        print(f"{noted[name]:>6}  {what}")
    print("payments made before that are applied without a receipt; /admin lists what may have been told")
    return 0


def _add_admin(options: argparse.Namespace) -> int:
    dsn = _settings().database_url.get_secret_value()
    changed = administration.set_admin(dsn, options.telegram_id, options.role)
    print(f"{options.telegram_id}: {options.role}{'' if changed else ' already'}")
    return 0


def _remove_admin(options: argparse.Namespace) -> int:
    dsn = _settings().database_url.get_secret_value()
    changed = administration.remove_admin(dsn, options.telegram_id)
    print(f"{options.telegram_id}: {'removed' if changed else 'has no role in the database'}")
    return 0


def _schema(options: argparse.Namespace) -> int:  # noqa: ARG001 (every command takes its options)
    print(administration.schema(), end="")
    return 0


def _freeze(options: argparse.Namespace) -> int:
    for name in options.names:
        for path in frozen.freeze(name):
            print(f"wrote    {path.name}")
    for name in frozen.record():
        print(f"recorded {name}")
    return 0


def _describe(options: argparse.Namespace) -> int:  # noqa: ARG001 (every command takes its options)
    for path in description.write(_settings().database_url.get_secret_value()):
        print(f"wrote {path}")
    return 0


def _map(options: argparse.Namespace) -> int:  # noqa: ARG001 (every command takes its options)
    print(f"wrote {code_map.write()}")
    return 0


def _reason(error: psycopg.Error) -> str:
    """Return the error's first line without the address, because libpq quotes a malformed one completely."""
    if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None:
        return "DATABASE_URL is malformed; expected postgresql://user:password@host[:port]/database"
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.year not in _YEARS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time with its offset, such as 2026-11-28T10:15:00+02:00"
        )
    return moment


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m socialboost", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True)
    migrate = commands.add_parser("migrate", help="bring the database to this version")
    which = migrate.add_mutually_exclusive_group()
    which.add_argument("--status", action="store_true", help="list them; exit 1 if one is not applied")
    which.add_argument("--down", type=_positive, metavar="N", help="undo the last N migrations")
    migrate.set_defaults(command=_migrate)
    seed = commands.add_parser("seed", help="add the three packages if there are none")
    seed.add_argument("--test-data", action="store_true", help="also the specification's test people")
    seed.set_defaults(command=_seed)
    restored = commands.add_parser("restored", help="note that the database was restored from a copy")
    restored.add_argument(
        "--at", type=_moment, metavar="TIME", help="until when the lost one may have told anybody (now)"
    )
    restored.set_defaults(command=_restored)
    _admin_commands(
        commands.add_parser("admin", help="say who works for the shop, beside ADMIN_TELEGRAM_IDS")
    )
    schema = commands.add_parser("schema", help="print sql/schema.sql with its includes written out")
    schema.set_defaults(command=_schema)
    freeze = commands.add_parser(
        "freeze", help="keep a function's present text for the migrations that need it; record new migrations"
    )
    freeze.add_argument("names", nargs="*", metavar="NAME", help="a function, or schema, or rights")
    freeze.set_defaults(command=_freeze)
    describe = commands.add_parser(
        "describe", help="write docs/states.md and the types of rows from a migrated database"
    )
    describe.set_defaults(command=_describe)
    code = commands.add_parser("map", help="write docs/map.md from the code")
    code.set_defaults(command=_map)
    return parser


def _admin_commands(admin: argparse.ArgumentParser) -> None:
    what = admin.add_subparsers(dest="what", required=True)
    add = what.add_parser("add", help="make somebody an admin, or give them another role")
    add.add_argument("telegram_id", type=_positive, metavar="ID", help="their numeric Telegram id")
    add.add_argument("role", choices=("owner", "manager", "support"), metavar="ROLE", help="%(choices)s")
    add.set_defaults(command=_add_admin)
    remove = what.add_parser("remove", help="make somebody an admin no more")
    remove.add_argument("telegram_id", type=_positive, metavar="ID", help="their numeric Telegram id")
    remove.set_defaults(command=_remove_admin)


if __name__ == "__main__":
    sys.exit(main())
