SELECT con.conrelid,
       con.conname::text,
       ARRAY(SELECT a.attname::text FROM unnest(con.conkey) AS k(attnum)
               JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.attnum)
  FROM pg_constraint con
  JOIN pg_class c ON c.oid = con.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE con.contype = 'c' AND con.conkey IS NOT NULL AND c.relpersistence <> 't'
   AND n.nspname <> 'information_schema' AND n.nspname <> 'expunge' AND n.nspname !~ '^pg_'
 ORDER BY con.conrelid, con.conname
