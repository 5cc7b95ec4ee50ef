-- The audit: who did what, when, to how many, from where, and how it ended. Append-only, each entry sealed with the hash of the one before. Nothing about subjects but their number.
CREATE TABLE IF NOT EXISTS expunge.audit (
  id bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  object text,
  count bigint,
  address text,
  outcome text NOT NULL,
  hash text NOT NULL
);
COMMENT ON TABLE expunge.audit IS 'Append-only. Whether it is as it was written:  expunge audit verify';
COMMENT ON COLUMN expunge.audit.id IS 'Without gaps, from 1';
COMMENT ON COLUMN expunge.audit.hash IS 'SHA-256 over the entry and the hash of the one before it: docs/audit.md';

CREATE OR REPLACE FUNCTION expunge.audit_is_append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'expunge.audit is append-only' USING ERRCODE = 'EXP31';
END $$;
CREATE OR REPLACE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON expunge.audit FOR EACH STATEMENT EXECUTE FUNCTION expunge.audit_is_append_only();
