-- Chat, agent memory, appointments. A doctor is a user too: doctor_id leads to users.

CREATE TABLE chat_sessions (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    doctor_id integer REFERENCES users (id) ON DELETE SET NULL,
    title varchar(200),
    -- Set once the message exists: the foreign key below closes a cycle.
    last_message_id bigint,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_chat_sessions_user_id ON chat_sessions (user_id);

CREATE TABLE chat_messages (
    id bigserial PRIMARY KEY,
    session_id integer NOT NULL REFERENCES chat_sessions (id),
    -- Whose session it is (the session's user_id again, for the row policy), not who wrote it: that is sender.
    user_id integer NOT NULL REFERENCES users (id),
    sender varchar(20) NOT NULL DEFAULT 'user',
    content text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_chat_messages_session_id ON chat_messages (session_id);
ALTER TABLE chat_sessions ADD CONSTRAINT chat_sessions_last_message_id_fkey
    FOREIGN KEY (last_message_id) REFERENCES chat_messages (id) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE message_attachments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    message_id bigint NOT NULL REFERENCES chat_messages (id),
    file_name varchar(200),
    content_type varchar(100)
);

CREATE TABLE attachment_scans (
    id bigserial PRIMARY KEY,
    attachment_id uuid NOT NULL REFERENCES message_attachments (id),
    verdict varchar(20),
    scanned_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_attachment_scans_attachment_id ON attachment_scans (attachment_id);

-- The agent writes before it has resolved whom it talks to: such rows have no user_id, only the id as text.
CREATE TABLE agent_memory (
    id bigserial PRIMARY KEY,
    user_id integer REFERENCES users (id),
    external_user_id varchar(64),
    memory jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_agent_memory_user_id ON agent_memory (user_id);

-- No user_id here: the owner is patient_id.
CREATE TABLE appointments (
    id serial PRIMARY KEY,
    patient_id integer NOT NULL REFERENCES users (id),
    doctor_id integer REFERENCES users (id),
    clinic_id integer REFERENCES clinics (id),
    status varchar(20) NOT NULL DEFAULT 'scheduled',
    starts_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_appointments_patient_id ON appointments (patient_id);
CREATE INDEX ix_appointments_doctor_id ON appointments (doctor_id);

CREATE TABLE appointment_notes (
    id serial PRIMARY KEY,
    appointment_id integer NOT NULL REFERENCES appointments (id),
    note text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE consultation_requests (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    doctor_id integer REFERENCES users (id),
    chat_session_id integer REFERENCES chat_sessions (id),
    question text,
    status varchar(20) NOT NULL DEFAULT 'open',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_consultation_requests_user_id ON consultation_requests (user_id);
