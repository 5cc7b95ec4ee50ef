-- The journal: what was changed, from what to what, so that a crash or a downgrade finds the way. No personal data.
CREATE TABLE IF NOT EXISTS expunge.revision (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  revision text NOT NULL,
  name text NOT NULL,
  root text NOT NULL,
  policy_hash text NOT NULL,
  state text NOT NULL CHECK (state IN ('applying', 'incomplete', 'applied', 'reverting', 'reverted')),
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  started_by text NOT NULL DEFAULT current_user
);
COMMENT ON TABLE expunge.revision IS 'One row each time a policy was applied; ''reverted'' after its downgrade';

CREATE TABLE IF NOT EXISTS expunge.step (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  revision_id bigint NOT NULL REFERENCES expunge.revision (id),
  kind text NOT NULL CHECK (kind IN ('constraint', 'index')),
  table_schema text NOT NULL,
  table_name text NOT NULL,
  object_name text NOT NULL,
  former jsonb,
  new jsonb,
  done_at timestamptz,
  reverted_at timestamptz
);
COMMENT ON TABLE expunge.step IS 'What a revision changed: the former and the new definition; an index has no done_at until it is built';
CREATE INDEX IF NOT EXISTS step_revision_id ON expunge.step (revision_id);

CREATE TABLE IF NOT EXISTS expunge.backup (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  taken_at timestamptz NOT NULL,
  file text NOT NULL,
  bytes bigint NOT NULL,
  sha256 text NOT NULL,
  pg_dump_version text NOT NULL
);
COMMENT ON TABLE expunge.backup IS 'Backups taken with expunge backup';
