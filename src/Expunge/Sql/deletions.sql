-- Deletions: jobs that outlast a crash. Progress and counts commit with the rows that they speak of. A subject's key is kept only while the job needs it; afterwards its keyed hash, where there is a key to hash with.
CREATE TABLE IF NOT EXISTS expunge.deletion (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  root text NOT NULL,
  policy_hash text NOT NULL,
  schema_hash text,
  request text NOT NULL,
  only_marked boolean NOT NULL,
  idempotency_key text UNIQUE,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'paused', 'completed', 'failed', 'cancelled')),
  reason text,
  requested_by text NOT NULL DEFAULT current_user,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  method text,
  residual_checked int,
  receipt text
);
-- Later than the table: a database that has it without this gets it.
ALTER TABLE expunge.deletion ADD COLUMN IF NOT EXISTS counts bigint[];
COMMENT ON COLUMN expunge.deletion.request IS 'SHA-256 over root, idempotency key and subjects: the same command again goes on with the same job. Empty when it is over, unless the key salts it';
COMMENT ON COLUMN expunge.deletion.idempotency_key IS 'SHA-256 of it';
COMMENT ON COLUMN expunge.deletion.method IS 'How the rows were counted';
COMMENT ON COLUMN expunge.deletion.residual_checked IS 'How many references were searched for rows that are left, in each transaction; each had none';
COMMENT ON COLUMN expunge.deletion.counts IS 'Of its subjects when it is over: pending, deleted, not found, unmarked, failed, cancelled';
COMMENT ON COLUMN expunge.deletion.schema_hash IS 'SHA-256 over the foreign keys of the reach at the beginning of the last run';
COMMENT ON COLUMN expunge.deletion.receipt IS 'Sealed when it is over, in canonical form: docs/receipts.md';
COMMENT ON COLUMN expunge.deletion.reason IS 'Why it is paused or failed; no personal data';
CREATE INDEX IF NOT EXISTS deletion_open ON expunge.deletion (request) WHERE state IN ('pending', 'running', 'paused', 'failed');

CREATE TABLE IF NOT EXISTS expunge.deletion_subject (
  deletion_id bigint NOT NULL REFERENCES expunge.deletion (id),
  place bigint NOT NULL,
  key text,
  hash bytea,
  hash_key text,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'finishing', 'deleted', 'not found', 'unmarked', 'failed', 'cancelled')),
  reason text,
  gone text[],
  PRIMARY KEY (deletion_id, place)
);
COMMENT ON COLUMN expunge.deletion_subject.hash IS 'Keyed hash of root and key: HMAC-SHA256, with a key that is not in the database';
COMMENT ON COLUMN expunge.deletion_subject.hash_key IS 'The beginning of the id of the signing key from which the key of the hash is derived';
COMMENT ON COLUMN expunge.deletion_subject.gone IS 'The tables that have lost rows of it, while it is not deleted itself';
CREATE UNIQUE INDEX IF NOT EXISTS deletion_subject_key ON expunge.deletion_subject (deletion_id, key);
CREATE INDEX IF NOT EXISTS deletion_subject_open ON expunge.deletion_subject (deletion_id, place) WHERE state IN ('pending', 'finishing');

CREATE TABLE IF NOT EXISTS expunge.deletion_rows (
  deletion_id bigint NOT NULL REFERENCES expunge.deletion (id),
  table_name text NOT NULL,
  deleted bigint NOT NULL,
  updated bigint NOT NULL,
  path text NOT NULL,
  place int NOT NULL,
  PRIMARY KEY (deletion_id, table_name)
);
COMMENT ON TABLE expunge.deletion_rows IS 'How many rows of each table a deletion has deleted and set so far';
