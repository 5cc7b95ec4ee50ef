SELECT i.indrelid,
       c.relname::text,
       ARRAY(SELECT a.attname::text
               FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
               LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum <> 0
              WHERE k.ord <= i.indnkeyatts ORDER BY k.ord),
       am.amname::text,
       i.indisunique,
       i.indisprimary,
       i.indisvalid,
       pg_get_expr(i.indpred, i.indrelid)
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_am am ON am.oid = c.relam
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE t.relkind IN ('r', 'p') AND t.relpersistence <> 't'
   AND n.nspname <> 'information_schema' AND n.nspname <> 'expunge' AND n.nspname !~ '^pg_'
 ORDER BY i.indrelid, c.relname
