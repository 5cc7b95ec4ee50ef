SELECT a.attrelid,
       a.attname::text,
       format_type(a.atttypid, -1),
       a.attnotnull OR (ty.typtype = 'd' AND ty.typnotnull),
       a.atthasdef OR a.attidentity <> '',
       a.attgenerated <> ''
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type ty ON ty.oid = a.atttypid
 WHERE a.attnum > 0 AND NOT a.attisdropped
   AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
   AND n.nspname <> 'information_schema' AND n.nspname <> 'expunge' AND n.nspname !~ '^pg_'
 ORDER BY a.attrelid, a.attnum
