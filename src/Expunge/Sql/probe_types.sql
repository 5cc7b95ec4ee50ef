-- Types that a column can have. Those of tables' rows are left out, unless they are made by CREATE TYPE.
SELECT t.oid,
       format_type(t.oid, -1),
       t.typname::text,
       t.typtype,
       CASE WHEN t.typcategory = 'A' AND t.typsubscript = 'array_subscript_handler'::regproc THEN t.typelem ELSE 0 END,
       t.typbasetype,
       t.typtypmod,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder),
       coalesce((SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)), 0),
       ARRAY(SELECT a.atttypid FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum),
       ARRAY(SELECT pg_get_expr(k.conbin, 0) FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY k.conname)
  FROM pg_type t
  LEFT JOIN pg_class c ON c.oid = t.typrelid
 WHERE t.typtype IN ('b', 'd', 'e', 'r', 'm') OR (t.typtype = 'c' AND c.relkind = 'c')
