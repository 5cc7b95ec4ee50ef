-- CHECK (c) and exclusion (x) constraints, and the condition (p) under which a row falls into a partition.
SELECT con.conrelid,
       con.contype::text,
       con.conname::text,
       pg_get_expr(con.conbin, con.conrelid),
       ARRAY(SELECT a.attname::text FROM unnest(con.conkey) AS k(attnum) JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.attnum ORDER BY a.attnum)
  FROM pg_constraint con
  JOIN pg_class c ON c.oid = con.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE con.contype IN ('c', 'x') AND con.conkey IS NOT NULL AND c.relpersistence <> 't'
   AND n.nspname <> 'information_schema' AND n.nspname <> 'expunge' AND n.nspname !~ '^pg_'
UNION ALL
SELECT c.oid, 'p', c.relname, pg_get_partition_constraintdef(c.oid),
       ARRAY(WITH RECURSIVE up AS (SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = c.oid
                                   UNION ALL SELECT i.inhparent FROM up JOIN pg_inherits i ON i.inhrelid = up.inhparent)
             SELECT DISTINCT a.attname::text FROM up JOIN pg_partitioned_table pt ON pt.partrelid = up.inhparent
               JOIN pg_attribute a ON a.attrelid = pt.partrelid AND a.attnum = ANY (pt.partattrs::int2[]) AND a.attnum > 0)
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relispartition AND c.relkind = 'r'
   AND n.nspname <> 'information_schema' AND n.nspname <> 'expunge' AND n.nspname !~ '^pg_'
 ORDER BY 1, 2, 3
