-- conparentid = 0: only constraints that somebody declared; PostgreSQL derives the partitions' from them.
-- Columns that not every version has (confdelsetcols from 15, conenforced and conperiod from 18): inside of con their names are the table's where it has them, otherwise those of absent.
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
       con.enforced,
       con.period,
       CASE WHEN con.delsetcols IS NULL THEN '{}'::text[] ELSE
         ARRAY(SELECT a.attname::text FROM unnest(con.delsetcols) WITH ORDINALITY AS k(attnum, ord)
                 JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.attnum ORDER BY k.ord) END,
       obj_description(con.oid, 'pg_constraint'),
       -- Two triggers check the referencing table, two act on the referenced one; only those that are not as they were made.
       ARRAY(SELECT concat_ws(' ', CASE WHEN p.proname LIKE 'RI\_FKey\_check%' THEN 'check' ELSE 'action' END,
                              CASE WHEN t.tgtype & 4 <> 0 THEN 'insert' WHEN t.tgtype & 8 <> 0 THEN 'delete' ELSE 'update' END, t.tgenabled)
               FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgconstraint = con.oid AND t.tgenabled <> 'O' ORDER BY 1)
  FROM (SELECT NULL::int2[] AS confdelsetcols, true AS conenforced, false AS conperiod) absent
 CROSS JOIN LATERAL (SELECT pg_constraint.*, confdelsetcols AS delsetcols, conenforced AS enforced, conperiod AS period FROM pg_constraint) con
  JOIN pg_class c ON c.oid = con.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class rc ON rc.oid = con.confrelid
  JOIN pg_namespace rn ON rn.oid = rc.relnamespace
 WHERE con.contype = 'f' AND con.conparentid = 0
   AND c.relpersistence <> 't'
   AND ($1::oid IS NULL OR con.conrelid = $1)
   AND n.nspname <> 'information_schema' AND n.nspname <> 'expunge' AND n.nspname !~ '^pg_'
 ORDER BY n.nspname, c.relname, con.conname
