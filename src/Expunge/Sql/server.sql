-- The server's own: who may sign in, and the keys that protect sign-ins. Nothing about subjects.
CREATE TABLE IF NOT EXISTS expunge.admin (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  password_hash text NOT NULL,
  is_super boolean NOT NULL,
  stamp uuid NOT NULL DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN expunge.admin.stamp IS 'Part of every sign-in; a new one ends them all';
-- The same in every locale: names are ASCII.
CREATE UNIQUE INDEX IF NOT EXISTS admin_name ON expunge.admin (lower(name COLLATE "C"));
CREATE UNIQUE INDEX IF NOT EXISTS admin_one_super ON expunge.admin (is_super) WHERE is_super;

CREATE TABLE IF NOT EXISTS expunge.data_protection_key (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  xml text NOT NULL
);
COMMENT ON TABLE expunge.data_protection_key IS 'ASP.NET Core Data Protection keys: who can read them can forge a sign-in';
