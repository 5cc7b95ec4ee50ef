-- The outbox: values that name something outside the database, put here by the transaction that deletes their rows. A value is personal data; it is erased as soon as it is delivered or discarded.
CREATE TABLE IF NOT EXISTS expunge.outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id uuid NOT NULL DEFAULT gen_random_uuid(),
  deletion_id bigint,
  table_name text NOT NULL,
  column_name text NOT NULL,
  value text,
  captured_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead', 'discarded')),
  attempts int NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_error text,
  delivered_at timestamptz,
  CONSTRAINT outbox_value_kept CHECK ((value IS NULL) = (state IN ('delivered', 'discarded')))
);
COMMENT ON COLUMN expunge.outbox.event_id IS 'The same at each attempt, so that a receiver can tell that it has it already';
COMMENT ON COLUMN expunge.outbox.deletion_id IS 'The recorded deletion; NULL where the rows were deleted in one transaction without a record';
COMMENT ON COLUMN expunge.outbox.last_error IS 'Why the last attempt failed; no values of rows';
CREATE INDEX IF NOT EXISTS outbox_due ON expunge.outbox (next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS outbox_dead ON expunge.outbox (id) WHERE state = 'dead';
