-- Doctors, prescriptions, reminders and other care that grew after the document's list was made.

CREATE TABLE doctors (
    id serial PRIMARY KEY,
    user_id integer NOT NULL UNIQUE REFERENCES users (id) ON DELETE RESTRICT,
    clinic_id integer REFERENCES clinics (id),
    specialty varchar(100),
    license_number varchar(50)
);

CREATE TABLE doctor_credentials (
    id serial PRIMARY KEY,
    doctor_id integer NOT NULL REFERENCES doctors (id),
    title varchar(200),
    issued_on date
);

-- doctor_id is a user here and NOT NULL: the opening hours are the doctor's own.
CREATE TABLE doctor_availability (
    id serial PRIMARY KEY,
    doctor_id integer NOT NULL REFERENCES users (id),
    weekday smallint NOT NULL DEFAULT 1,
    opens_at time,
    closes_at time
);
CREATE INDEX ix_doctor_availability_doctor_id ON doctor_availability (doctor_id);

CREATE TABLE care_team_members (
    patient_id integer NOT NULL REFERENCES users (id),
    doctor_id integer NOT NULL REFERENCES users (id),
    since date,
    PRIMARY KEY (patient_id, doctor_id)
);

CREATE TABLE prescriptions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id integer NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    doctor_id integer REFERENCES users (id),
    notes text,
    issued_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_prescriptions_user_id ON prescriptions (user_id);

CREATE TABLE prescription_items (
    id serial PRIMARY KEY,
    prescription_id uuid NOT NULL REFERENCES prescriptions (id),
    medication_id integer NOT NULL REFERENCES medication_dictionary (id),
    dosage varchar(100)
);
CREATE INDEX ix_prescription_items_prescription_id ON prescription_items (prescription_id);

CREATE TABLE medication_schedules (
    id serial PRIMARY KEY,
    prescription_item_id integer NOT NULL REFERENCES prescription_items (id),
    times_per_day smallint NOT NULL DEFAULT 1,
    starts_on date
);
CREATE INDEX ix_medication_schedules_prescription_item_id ON medication_schedules (prescription_item_id);

CREATE TABLE medication_doses (
    id bigserial PRIMARY KEY,
    schedule_id integer NOT NULL REFERENCES medication_schedules (id),
    taken_at timestamptz
);
CREATE INDEX ix_medication_doses_schedule_id ON medication_doses (schedule_id);

CREATE TABLE reminders (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    prescription_id uuid REFERENCES prescriptions (id) ON DELETE SET NULL,
    message varchar(200),
    remind_at timestamptz
);
CREATE INDEX ix_reminders_user_id ON reminders (user_id);

CREATE TABLE symptom_entries (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    symptom varchar(100),
    severity smallint,
    noted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_symptom_entries_user_id ON symptom_entries (user_id);

CREATE TABLE vaccinations (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    vaccine varchar(100),
    given_on date
);

CREATE TABLE sleep_sessions (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    started_at timestamptz,
    ended_at timestamptz
);
CREATE INDEX ix_sleep_sessions_user_id ON sleep_sessions (user_id);

CREATE TABLE emergency_contacts (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    name varchar(200),
    phone varchar(30)
);

CREATE TABLE insurance_policies (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    insurer varchar(200),
    policy_number varchar(50)
);

-- Written by another team, who made the column wider than the key it holds.
CREATE TABLE ai_insights (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    insight text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_ai_insights_user_id ON ai_insights (user_id);
