-- Materialized views that are filled, and what they read: pg_depend has what the SELECT rule of a view (of either kind) needs. Where there is none, nothing else is read.
WITH RECURSIVE reads AS (
  SELECT c.oid AS view, c.oid AS source
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'm' AND c.relispopulated AND n.nspname !~ '^pg_'
  UNION
  SELECT reads.view, d.refobjid
    FROM reads
    JOIN pg_rewrite r ON r.ev_class = reads.source AND r.ev_type = '1'
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class),
named AS (
  SELECT reads.view, reads.source, c.relkind, n.nspname::text, c.relname::text
    FROM reads JOIN pg_class c ON c.oid = reads.source JOIN pg_namespace n ON n.oid = c.relnamespace)
SELECT v.nspname,
       v.relname,
       ARRAY(SELECT t.nspname FROM named t WHERE t.view = v.view AND t.relkind IN ('r', 'p') ORDER BY t.nspname, t.relname),
       ARRAY(SELECT t.relname FROM named t WHERE t.view = v.view AND t.relkind IN ('r', 'p') ORDER BY t.nspname, t.relname),
       -- Who reads another reads all that the other reads, and the other: so by the number.
       ARRAY(SELECT t.nspname FROM named t WHERE t.view = v.view AND t.source <> v.view AND t.relkind = 'm' ORDER BY (SELECT count(*) FROM named u WHERE u.view = t.source), t.nspname, t.relname),
       ARRAY(SELECT t.relname FROM named t WHERE t.view = v.view AND t.source <> v.view AND t.relkind = 'm' ORDER BY (SELECT count(*) FROM named u WHERE u.view = t.source), t.nspname, t.relname),
       EXISTS (SELECT FROM pg_index i
                WHERE i.indrelid = v.view AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL)
  FROM named v
 WHERE v.source = v.view
 ORDER BY v.nspname, v.relname
