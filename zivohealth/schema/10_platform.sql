-- Sessions, keys, billing, support: what every backend has.

CREATE TABLE user_sessions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    refresh_token_hash varchar(128),
    expires_at timestamptz
);
CREATE INDEX ix_user_sessions_user_id ON user_sessions (user_id);

CREATE TABLE api_keys (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key_hash varchar(128),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE two_factor_secrets (
    user_id integer PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret varchar(64),
    confirmed_at timestamptz
);

CREATE TABLE notification_preferences (
    user_id integer PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    email_enabled boolean NOT NULL DEFAULT true,
    push_enabled boolean NOT NULL DEFAULT true
);

CREATE TABLE organization_members (
    organization_id integer NOT NULL REFERENCES organizations (id),
    user_id integer NOT NULL REFERENCES users (id),
    joined_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, user_id)
);

CREATE TABLE subscriptions (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    plan varchar(30) NOT NULL DEFAULT 'basic',
    renews_on date
);
CREATE INDEX ix_subscriptions_user_id ON subscriptions (user_id);

CREATE TABLE payments (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    subscription_id integer REFERENCES subscriptions (id),
    amount numeric(10,2),
    paid_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_payments_user_id ON payments (user_id);

CREATE TABLE data_export_requests (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    status varchar(20) NOT NULL DEFAULT 'queued',
    requested_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE file_uploads (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id integer NOT NULL REFERENCES users (id),
    file_name varchar(200),
    size_bytes bigint,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_file_uploads_user_id ON file_uploads (user_id);

CREATE TABLE support_tickets (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    subject varchar(200),
    status varchar(20) NOT NULL DEFAULT 'open',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_support_tickets_user_id ON support_tickets (user_id);

CREATE TABLE support_ticket_messages (
    id serial PRIMARY KEY,
    ticket_id integer NOT NULL REFERENCES support_tickets (id),
    body text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_support_ticket_messages_ticket_id ON support_ticket_messages (ticket_id);
