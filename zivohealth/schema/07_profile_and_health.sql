-- User profile and preferences, health data.

CREATE TABLE user_profiles (
    id serial PRIMARY KEY,
    user_id integer NOT NULL UNIQUE,
    date_of_birth date,
    sex varchar(10),
    height_cm numeric(5,1),
    timezone varchar(50) NOT NULL DEFAULT 'Asia/Kolkata',
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- Named by hand before there was a convention.
    CONSTRAINT fk_up_uid FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE TABLE user_conditions (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    condition_id integer NOT NULL REFERENCES condition_dictionary (id),
    diagnosed_on date
);
CREATE INDEX ix_user_conditions_user_id ON user_conditions (user_id);

CREATE TABLE user_allergies (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    allergen varchar(100),
    severity varchar(20)
);
CREATE INDEX ix_user_allergies_user_id ON user_allergies (user_id);

CREATE TABLE user_lifestyle (
    id serial PRIMARY KEY,
    user_id integer NOT NULL UNIQUE REFERENCES users (id),
    smokes boolean,
    exercise_level varchar(20)
);

CREATE TABLE user_consents (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    kind varchar(50) NOT NULL DEFAULT 'terms',
    granted_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE user_measurement_preferences (
    user_id integer PRIMARY KEY REFERENCES users (id),
    weight_unit varchar(10) NOT NULL DEFAULT 'kg',
    glucose_unit varchar(10) NOT NULL DEFAULT 'mg/dL'
);

CREATE TABLE patient_health_records (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    -- The clinician who wrote it down; the record is the patient's.
    recorded_by integer REFERENCES users (id),
    record_type varchar(50),
    payload jsonb,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_patient_health_records_user_id ON patient_health_records (user_id);

CREATE TABLE health_data_history (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    record_id integer NOT NULL REFERENCES patient_health_records (id),
    change jsonb,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_health_data_history_record_id ON health_data_history (record_id);

CREATE TABLE patient_health_summaries (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    summary text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE health_scores (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    score numeric(5,2),
    scored_on date
);
CREATE INDEX ix_health_scores_user_id ON health_scores (user_id);

CREATE TABLE mental_health_entries (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    mood smallint,
    note text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_mental_health_entries_user_id ON mental_health_entries (user_id);
