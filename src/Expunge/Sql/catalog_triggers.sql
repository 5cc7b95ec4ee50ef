-- The triggers that uphold foreign keys: PostgreSQL fires a row's in the order of their names. Those of partitions are listed with the constraint that theirs was derived from.
WITH RECURSIVE derived AS (
  SELECT c.oid, p.oid AS declared FROM pg_constraint c JOIN pg_constraint p ON p.oid = c.conparentid WHERE c.contype = 'f' AND c.conparentid <> 0 AND p.conparentid = 0
  UNION ALL
  SELECT c.oid, d.declared FROM derived d JOIN pg_constraint c ON c.conparentid = d.oid AND c.conparentid <> 0)
SELECT coalesce(d.declared, t.tgconstraint),
       t.tgrelid,
       t.tgname::text,
       CASE WHEN t.tgtype & 8 <> 0 THEN 0 WHEN t.tgtype & 16 = 0 THEN 3 WHEN t.tgfoid = '"RI_FKey_check_upd"'::regproc THEN 2 ELSE 1 END,
       t.tgenabled IN ('O', 'A')
  FROM pg_trigger t
  LEFT JOIN derived d ON d.oid = t.tgconstraint
 WHERE t.tgconstraint <> 0 AND t.tgisinternal
 ORDER BY 1, t.tgname COLLATE "C"
