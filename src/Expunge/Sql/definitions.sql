-- What a downgrade must restore to the letter: every constraint with its definition, validation, comment and the states of its triggers, and every index.
-- Of a foreign key to a partitioned table the copies that point to its partitions are shown without their names, which PostgreSQL numbers in the order in which keys are made, and before 18 without their
-- validation: they stay NOT VALID when the key itself is validated; nothing reads that mark, and nothing sets it.
SELECT format('%s.%s constraint %s%s: %s validated=%s triggers=%s%s', n.nspname, c.relname, coalesce('copy of ' || mark.copy_of, con.conname), CASE WHEN con.conparentid <> 0 THEN ' (derived)' END,
              CASE WHEN mark.unsettable THEN replace(pg_get_constraintdef(con.oid), ' NOT VALID', '') ELSE pg_get_constraintdef(con.oid) END,
              CASE WHEN NOT mark.unsettable THEN con.convalidated END, (SELECT string_agg(t.tgenabled::text, '' ORDER BY t.tgenabled) FROM pg_trigger t WHERE t.tgconstraint = con.oid),
              ' comment=' || obj_description(con.oid, 'pg_constraint')) AS line
  FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL (SELECT p.conname AS copy_of, p.conname IS NOT NULL AND current_setting('server_version_num')::int < 180000 AS unsettable
                       FROM (SELECT) one LEFT JOIN pg_constraint p ON p.oid = con.conparentid AND p.confrelid <> con.confrelid) mark
 WHERE n.nspname <> 'expunge' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
UNION ALL
SELECT format('%s.%s index %s valid=%s ready=%s', n.nspname, t.relname, pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready)
  FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE n.nspname <> 'expunge' AND n.nspname !~ '^pg_'
