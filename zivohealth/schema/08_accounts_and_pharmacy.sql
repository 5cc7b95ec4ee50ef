-- Authentication and security, devices and notifications, logs and feedback, pharmacy.

CREATE TABLE user_identities (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON UPDATE CASCADE ON DELETE CASCADE,
    provider varchar(30) NOT NULL DEFAULT 'google',
    subject varchar(200)
);
CREATE INDEX ix_user_identities_user_id ON user_identities (user_id);

CREATE TABLE login_events (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON UPDATE CASCADE,
    ip_address inet,
    succeeded boolean NOT NULL DEFAULT true,
    occurred_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE password_reset_tokens (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash varchar(128),
    expires_at timestamptz
);

CREATE TABLE user_devices (
    id serial PRIMARY KEY,
    user_id integer NOT NULL,
    platform varchar(20),
    push_token varchar(200),
    last_seen_at timestamptz,
    CONSTRAINT devices_owner_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_user_devices_user_id ON user_devices (user_id);

CREATE TABLE user_notifications (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    title varchar(200),
    body text,
    read_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_user_notifications_user_id ON user_notifications (user_id);

CREATE TABLE document_processing_logs (
    id bigserial PRIMARY KEY,
    user_id integer REFERENCES users (id),
    document_name varchar(200),
    stage varchar(30),
    logged_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE feedback (
    id serial PRIMARY KEY,
    user_id integer REFERENCES users (id) ON DELETE SET NULL,
    rating smallint,
    comment text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE pharmacy_bills (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    pharmacy_name varchar(200),
    total numeric(10,2),
    billed_on date
);
CREATE INDEX ix_pharmacy_bills_user_id ON pharmacy_bills (user_id);

CREATE TABLE pharmacy_bill_lines (
    id serial PRIMARY KEY,
    bill_id integer NOT NULL REFERENCES pharmacy_bills (id) ON DELETE CASCADE,
    description varchar(200),
    amount numeric(10,2)
);
CREATE INDEX ix_pharmacy_bill_lines_bill_id ON pharmacy_bill_lines (bill_id);

CREATE TABLE pharmacy_medications (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    bill_id integer REFERENCES pharmacy_bills (id) ON DELETE SET NULL,
    name varchar(200),
    quantity integer
);
CREATE INDEX ix_pharmacy_medications_user_id ON pharmacy_medications (user_id);
