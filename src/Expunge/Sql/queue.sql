-- Which deletions the workers are to carry out. One that the command line was given is not theirs.
CREATE TABLE IF NOT EXISTS expunge.deletion_queue (
  deletion_id bigint PRIMARY KEY REFERENCES expunge.deletion (id),
  queued_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE expunge.deletion_queue IS 'A row leaves when its deletion is over';
