"""Whether a table from the hub has the columns and labels that the catalogue knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isogloss.common.errors import IsoglossError, nearest

if TYPE_CHECKING:
    import pyarrow as pa


def require_columns(table: pa.Table, columns: tuple[str, ...], where: str) -> None:
    """Stop unless the table has all columns.

    Raises:
        IsoglossError: One is missing; the message gives all expected and all found.
    """
    for name in columns:
        if name not in table.column_names:
            raise IsoglossError(
                f"{where}: expected the columns {', '.join(columns)}, found {', '.join(table.column_names)}; "
                f"no {name!r}{nearest(name, table.column_names)}"
            )


def names_of_labels(
    table: pa.Table, column: str, expected: tuple[str, ...] | None, where: str
) -> tuple[str, ...] | None:
    """The names of a column's integer labels in their order; None for a column of strings.

    Args:
        table: The table.
        column: Its column of labels, or of lists of them.
        expected: The order that the catalogue knows; None: it knows none, so the file itself must say.
        where: The file, for messages.

    Raises:
        IsoglossError: The file names other labels, or in another order; or nobody names them.
    """
    import pyarrow as pa  # not at the top, so that what the catalogue says can be shown without it

    from isogloss.common.arrow import label_names

    kind = table.schema.field(column).type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return None
    found = label_names(table.schema, column)
    if found is not None and expected is not None and found != expected:
        raise IsoglossError(
            f"{where}: expected the labels {', '.join(expected)} in {column!r}, in this order, "
            f"found {', '.join(found)}; which number means which label is not certain, so nothing was written"
        )
    if found is None and expected is None:
        raise IsoglossError(
            f"{where}: {column!r} holds {kind} and the file does not name its labels; nor does the catalogue know them"
        )
    return found or expected
