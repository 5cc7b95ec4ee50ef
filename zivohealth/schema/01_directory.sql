-- What ZivoHealth looks things up in, and users themselves. Nothing here but users belongs to a user.

CREATE TABLE organizations (
    id serial PRIMARY KEY,
    name varchar(200) NOT NULL UNIQUE,
    country char(2) NOT NULL DEFAULT 'IN',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE clinics (
    id serial PRIMARY KEY,
    organization_id integer NOT NULL REFERENCES organizations (id),
    name varchar(200) NOT NULL,
    city varchar(100)
);
CREATE INDEX ix_clinics_organization_id ON clinics (organization_id);

CREATE TABLE lab_test_definitions (
    id serial PRIMARY KEY,
    loinc_code varchar(20) NOT NULL UNIQUE,
    name varchar(200) NOT NULL,
    unit varchar(30),
    normal_low numeric(10,2),
    normal_high numeric(10,2)
);

CREATE TABLE medication_dictionary (
    id serial PRIMARY KEY,
    name varchar(200) NOT NULL UNIQUE,
    form varchar(50)
);

CREATE TABLE nutrient_dictionary (
    id serial PRIMARY KEY,
    name varchar(100) NOT NULL UNIQUE,
    unit varchar(20) NOT NULL
);

CREATE TABLE condition_dictionary (
    id serial PRIMARY KEY,
    icd10_code varchar(10) NOT NULL UNIQUE,
    name varchar(200) NOT NULL
);

CREATE TABLE users (
    id serial PRIMARY KEY,
    email varchar(255) NOT NULL UNIQUE,
    hashed_password varchar(255) NOT NULL,
    full_name varchar(200),
    role varchar(20) NOT NULL DEFAULT 'patient',
    is_active boolean NOT NULL DEFAULT true,
    is_tobe_deleted boolean NOT NULL DEFAULT false,
    delete_date timestamptz,
    organization_id integer REFERENCES organizations (id),
    -- A self-reference: cascading it would delete everyone a user ever invited.
    referred_by integer REFERENCES users (id),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The system account: what nobody did by hand is its doing (clinical_reports.reviewed_by defaults to it). It can't log in.
INSERT INTO users (id, email, hashed_password, full_name, role, is_active)
VALUES (1, 'system@zivohealth.example', '!', 'ZivoHealth', 'system', false);
SELECT setval('users_id_seq', 1);

-- Counts deletions for the nightly report; holds nothing about anyone. Triggers further down write it.
CREATE TABLE row_deletions (
    id bigserial PRIMARY KEY,
    table_name text NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION count_row_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO row_deletions (table_name) VALUES (TG_TABLE_NAME);
    RETURN OLD;
END
$$;
