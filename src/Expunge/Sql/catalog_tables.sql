-- Tables, what could keep a cascade from deleting their rows, and whether this role may change them.
-- Sizes are the planner's (relpages): no file is touched and no table is locked.
SELECT c.oid,
       n.nspname::text,
       c.relname::text,
       c.relkind = 'p' AS is_partitioned,
       CASE WHEN c.relispartition THEN (SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = c.oid) END AS partition_of,
       pg_get_userbyid(c.relowner)::text AS owner,
       pg_has_role(c.relowner, 'USAGE') AS can_alter,
       greatest(c.reltuples, 0)::bigint AS rows,
       c.relpages::bigint * current_setting('block_size')::bigint AS bytes,
       ARRAY(SELECT 'trigger ' || t.tgname FROM pg_trigger t
              WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
                AND t.tgtype & 3 = 3 AND t.tgtype & 8 <> 0 ORDER BY 1)
         || ARRAY(SELECT 'rule ' || r.rulename FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type = '4' AND r.ev_enabled IN ('O', 'A') ORDER BY 1)
         || CASE WHEN c.relrowsecurity AND c.relforcerowsecurity THEN ARRAY['row-level security'] ELSE '{}' END
         || CASE WHEN c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) THEN ARRAY['inheritance children'] ELSE '{}' END
         AS delete_suppressors,
       ARRAY(SELECT 'trigger ' || t.tgname FROM pg_trigger t
              WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
                AND t.tgtype & 3 = 3 AND t.tgtype & 16 <> 0 ORDER BY 1)
         || ARRAY(SELECT 'rule ' || r.rulename FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type = '2' AND r.ev_enabled IN ('O', 'A') ORDER BY 1)
         || CASE WHEN c.relrowsecurity AND c.relforcerowsecurity THEN ARRAY['row-level security'] ELSE '{}' END
         || CASE WHEN c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) THEN ARRAY['inheritance children'] ELSE '{}' END
         AS update_suppressors,
       -- Published without a way to name a row: PostgreSQL refuses to delete or update it (docs 31.1, Publication).
       CASE WHEN c.relkind = 'r' AND (c.relreplident = 'n'
                 OR c.relreplident = 'd' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisvalid)
                 OR c.relreplident = 'i' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident AND i.indisvalid))
            THEN ARRAY(SELECT p.pubname::text FROM pg_publication p JOIN pg_publication_tables pt USING (pubname)
                        WHERE pt.schemaname = n.nspname AND pt.tablename = c.relname AND (p.pubdelete OR p.pubupdate) ORDER BY 1)
            ELSE '{}' END AS unidentified_in,
       -- NULL for what was dropped a moment ago.
       coalesce(has_schema_privilege(n.oid, 'USAGE'), true) AS can_use_schema,
       coalesce(has_table_privilege(c.oid, 'SELECT'), true) AS can_select,
       coalesce(has_any_column_privilege(c.oid, 'UPDATE'), true) AS can_update,
       coalesce(has_table_privilege(c.oid, 'DELETE'), true) AS can_delete,
       coalesce(has_any_column_privilege(c.oid, 'REFERENCES'), true) AS can_reference,
       c.relrowsecurity AND row_security_active(c.oid) AS hides_rows
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p')
   AND c.relpersistence <> 't'
   AND n.nspname <> 'information_schema' AND n.nspname <> 'expunge' AND n.nspname !~ '^pg_'
 ORDER BY n.nspname, c.relname
