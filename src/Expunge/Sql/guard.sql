-- Judges each new or changed foreign key by the policy. Made by  expunge guard install ; what the policy says stands in it, so that it needs no right on any table.
CREATE OR REPLACE FUNCTION expunge.guard() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $expunge_guard$
DECLARE
  policy CONSTANT jsonb := /*policy*/;
  enforces CONSTANT boolean := /*enforces*/;
  found record;
  message text;
  hint text;
BEGIN
  -- Expunge's own changes pass; so does a transaction that says  SET LOCAL expunge.guard = 'off' .
  IF current_setting('expunge.guard', true) = 'off' THEN RETURN; END IF;
  FOR found IN
    WITH RECURSIVE fk AS (
      SELECT con.oid, con.conrelid, con.confrelid, con.conname, con.confdeltype AS rule, con.conkey,
             -- Of the command's tables, and made or changed by this transaction or a savepoint of it: these have the transaction's number or one soon after it, and of others in progress no row is
             -- seen. The snapshot tells only of numbers from its xmax on, since it leaves out its own transaction's; the status fails for numbers that nobody has had.
             con.conrelid IN (SELECT objid FROM pg_event_trigger_ddl_commands() WHERE classid = 'pg_class'::regclass)
             AND CASE WHEN made.xid < x.top OR made.xid >= greatest(x.top, x.seen) + 16777216 THEN false
                      WHEN made.xid >= x.seen THEN true
                      ELSE pg_xact_status(made.xid::text::xid8) = 'in progress' END AS own,
             ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = con.conrelid AND a.attnum = ANY (con.conkey) ORDER BY a.attname COLLATE "C") AS columns,
             EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = con.conrelid AND a.attnum = ANY (con.conkey) AND a.attnotnull) AS refuses_null
        FROM pg_constraint con
        JOIN pg_class c ON c.oid = con.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
       CROSS JOIN (SELECT pg_current_xact_id()::text::bigint AS top, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS seen) x
       -- With the epoch that is nearest: xmin has 32 bits.
       CROSS JOIN LATERAL (SELECT x.top + ((con.xmin::text::bigint - x.top + 2147483648) & 4294967295) - 2147483648 AS xid) made
       WHERE con.contype = 'f' AND con.conparentid = 0 AND c.relpersistence <> 't' AND n.nspname <> 'expunge' AND con.conname NOT LIKE 'expunge\_tmp\_%'
    ), decided AS (
      SELECT fk.*, coalesce(p.action, CASE WHEN rule = 'n' AND NOT refuses_null OR rule = 'd' THEN 'keep' ELSE policy->>'default' END) AS action, p.action IS NOT NULL AS named
        FROM fk
        JOIN pg_class c ON c.oid = fk.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN jsonb_to_recordset(policy->'references') AS p (schema text, "table" text, columns text[], action text) ON p.schema = n.nspname AND p."table" = c.relname AND p.columns = fk.columns
    ), ways AS (
      SELECT *, action = 'cascade' OR (action = 'keep' AND rule = 'c') AS deletes FROM decided
    ), soft AS (
      SELECT c.oid, ARRAY[p."column"] AS columns
        FROM jsonb_to_recordset(policy->'soft') AS p (schema text, "table" text, "column" text) JOIN pg_namespace n ON n.nspname = p.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p."table"
    ), reach AS (
      SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = policy->>'schema' AND c.relname = policy->>'table'
      UNION
      SELECT oid FROM soft
      UNION
      SELECT w.conrelid FROM reach r JOIN ways w ON w.confrelid = r.oid WHERE w.deletes
    ), below AS (
      SELECT w.conrelid AS oid FROM ways w JOIN reach r ON r.oid = w.confrelid WHERE w.own AND w.deletes
      UNION
      SELECT w.conrelid FROM below b JOIN ways w ON w.confrelid = b.oid WHERE w.deletes
    ), judged AS (
      SELECT w.*,
             CASE WHEN w.action = 'cascade' AND w.rule <> 'c' THEN 'CASCADE'
                  WHEN w.action = 'set null' AND w.rule <> 'n' THEN 'SET NULL'
                  WHEN w.action = 'set default' AND w.rule <> 'd' THEN 'SET DEFAULT'
                  WHEN w.action IN ('retain', 'reassign') AND w.rule NOT IN ('a', 'r') THEN 'NO ACTION' END AS wanted,
             NOT w.named AND w.deletes AND (EXISTS (SELECT FROM ways o JOIN reach r ON r.oid = o.confrelid WHERE o.conrelid = w.conrelid AND o.deletes AND o.columns <> w.columns)
                                            OR EXISTS (SELECT FROM soft s WHERE s.oid = w.conrelid AND s.columns <> w.columns)) AS shared
        FROM ways w JOIN reach r ON r.oid = w.confrelid
       WHERE w.own OR w.confrelid IN (SELECT oid FROM below)
    )
    SELECT j.own, j.shared, j.wanted, j.conname, j.conrelid::regclass AS tbl, j.confrelid::regclass AS target, array_to_string(j.columns, ', ') AS columns,
           CASE j.rule WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END AS rule,
           regexp_replace(regexp_replace(pg_get_constraintdef(j.oid), ' ON DELETE (NO ACTION|RESTRICT|CASCADE|SET NULL|SET DEFAULT)( \([^)]*\))?', ''), '((?: DEFERRABLE| NOT VALID| NOT ENFORCED| INITIALLY DEFERRED)*)$', ' ON DELETE ' || j.wanted || '\1') AS definition
      FROM judged j
     WHERE j.wanted IS NOT NULL OR j.shared
     ORDER BY j.own DESC, j.conrelid::regclass::text, j.conname
  LOOP
    IF found.wanted IS NOT NULL THEN
      message := format('EXP2501 %s.(%s) refers to what is deleted with a row of %s, and is ON DELETE %s: the policy wants %s. Constraint %I.', found.tbl, found.columns, policy->>'root', found.rule, found.wanted, found.conname);
      hint := CASE WHEN found.own AND enforces THEN format('Declare it so:  CONSTRAINT %I %s  Or decide otherwise:  SET LOCAL expunge.guard = ''off''  in this transaction, then name it in the policy and run  expunge guard install  again.', found.conname, found.definition)
                   ELSE format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I %s;  Or, without stopping the application:  expunge upgrade', found.tbl, found.conname, found.conname, found.definition) END;
    ELSE
      message := format('EXP2501 %s.(%s) is a second way by which a row of %s belongs to a row of %s, and is ON DELETE %s: deleting either would take the row.', found.tbl, found.columns, found.tbl, policy->>'root', found.rule);
      hint := 'Name the references of this table in the policy (cascade, set null, …), and run  expunge guard install  again.';
    END IF;
    -- What it brings into the reach and was there before is not this command's fault.
    IF enforces AND found.own THEN RAISE EXCEPTION USING MESSAGE = message, HINT = hint, ERRCODE = 'EXP25', SCHEMA = 'expunge'; END IF;
    RAISE WARNING USING MESSAGE = message, HINT = hint;
  END LOOP;
EXCEPTION
  WHEN SQLSTATE 'EXP25' THEN RAISE;
  -- What the guard itself can't do must not keep others from their work.
  WHEN OTHERS THEN RAISE WARNING 'EXP2501 The guard of Expunge could not judge this command: %', SQLERRM USING HINT = 'Hold the schema against the policy with  expunge guard check  and report this.';
END
$expunge_guard$
