-- conparentid = 0: only constraints that somebody declared; PostgreSQL derives the partitions' from them.
-- to_jsonb reads the columns that not every version has (confdelsetcols from 15, conenforced and conperiod from 18).
SELECT con.oid,
       con.conname::text,
       n.nspname::text,
       c.relname::text,
       ARRAY(SELECT a.attname::text FROM unnest(con.conkey) WITH ORDINALITY AS k(attnum, ord)
               JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.attnum ORDER BY k.ord),
       rn.nspname::text,
       rc.relname::text,
       ARRAY(SELECT a.attname::text FROM unnest(con.confkey) WITH ORDINALITY AS k(attnum, ord)
               JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.attnum ORDER BY k.ord),
       con.confdeltype,
       con.confupdtype,
       con.confmatchtype,
       con.condeferrable,
       con.condeferred,
       con.convalidated,
       coalesce((j.con ->> 'conenforced')::bool, true),
       coalesce((j.con ->> 'conperiod')::bool, false),
       CASE WHEN jsonb_typeof(j.con -> 'confdelsetcols') = 'array' THEN
         ARRAY(SELECT a.attname::text FROM jsonb_array_elements_text(j.con -> 'confdelsetcols') WITH ORDINALITY AS k(attnum, ord)
                 JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.attnum::int2 ORDER BY k.ord)
         ELSE '{}'::text[] END,
       obj_description(con.oid, 'pg_constraint')
  FROM pg_constraint con
  JOIN pg_class c ON c.oid = con.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class rc ON rc.oid = con.confrelid
  JOIN pg_namespace rn ON rn.oid = rc.relnamespace
  CROSS JOIN LATERAL (SELECT to_jsonb(con) AS con) j
 WHERE con.contype = 'f' AND con.conparentid = 0
   AND c.relpersistence <> 't'
   AND ($1::oid IS NULL OR con.conrelid = $1)
   AND n.nspname <> 'information_schema' AND n.nspname <> 'expunge' AND n.nspname !~ '^pg_'
 ORDER BY n.nspname, c.relname, con.conname
