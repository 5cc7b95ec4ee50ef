"""fill_two_users.py DIRECTORY_OF_FILL ROOT: fills the database that libpq's variables name with the rows of two users, by fill.py, and prints what is whose as JSON.

A row: its table (schema, name), its user (0 or 1), its values as text by column, and the columns that name it. A cross row is user 1's, with one reference to user 0."""
import json
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import psycopg2  # noqa: E402
import fill  # noqa: E402

connection = psycopg2.connect('')
cat, root, reached, rows, problems, _ = fill.fill(connection, sys.argv[2], users=2, cross=True)


def describe(table, row, ignored=()):
    columns = {number: column[0] for number, column in cat.cols[table].items()}
    key = [columns[n] for n in cat.pk.get(table, ())] or [name for n, name in columns.items() if n not in ignored]
    return {'schema': cat.rel[table][0], 'table': cat.rel[table][1], 'values': {columns[n]: value for n, value in row.items()}, 'key': key}


to_root = {}
for _, _, table, columns, referenced, _, _ in cat.fks:
    if referenced == root:
        to_root.setdefault(table, set()).update(columns)
print(json.dumps({
    'rows': [dict(describe(table, row), user=user) for (table, user), row in rows.items() if row and table in reached],
    'cross': [dict(describe(table, row, to_root.get(table, ())), mustSurvive=survives) for table, row, survives in cat.cross],
    'problems': problems,
}))
