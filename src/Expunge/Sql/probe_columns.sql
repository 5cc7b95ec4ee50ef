-- What it takes to make a value for a column: its type with modifier, its default or generation expression.
SELECT a.attrelid,
       a.attname::text,
       a.atttypid,
       a.atttypmod,
       a.attnotnull OR (ty.typtype = 'd' AND ty.typnotnull),
       CASE WHEN a.attidentity <> '' THEN 'nextval' ELSE coalesce(pg_get_expr(d.adbin, d.adrelid), CASE WHEN ty.typtype = 'd' THEN ty.typdefault END) END,
       a.attgenerated <> ''
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type ty ON ty.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attnum > 0 AND NOT a.attisdropped
   AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
   AND n.nspname <> 'information_schema' AND n.nspname <> 'expunge' AND n.nspname !~ '^pg_'
 ORDER BY a.attrelid, a.attnum
