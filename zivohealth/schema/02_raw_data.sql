-- Raw data and what categorization makes of it.

CREATE TABLE vitals_raw_data (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL,
    metric varchar(50),
    value numeric(12,3),
    unit varchar(20),
    source varchar(50),
    measured_at timestamptz NOT NULL DEFAULT now(),
    -- Two foreign keys on one column: somebody added the cascading one and never dropped the older, which still blocks.
    CONSTRAINT vitals_raw_data_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
);
ALTER TABLE vitals_raw_data ADD CONSTRAINT vitals_raw_data_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
CREATE INDEX ix_vitals_raw_data_user_id_measured_at ON vitals_raw_data (user_id, measured_at);

CREATE TABLE nutrition_raw_data (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    food_name varchar(200),
    calories numeric(8,2),
    nutrients jsonb,
    eaten_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_nutrition_raw_data_user_id ON nutrition_raw_data (user_id);

CREATE TABLE pharmacy_raw_data (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    document_text text,
    parsed jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE healthkit_raw_data (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    sample_type varchar(80),
    device_name varchar(100),
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE INDEX ix_healthkit_raw_data_user_id ON healthkit_raw_data (user_id);

-- Partitioned by month, reaches users only through healthkit_raw_data, and has no index on that way.
CREATE TABLE healthkit_samples (
    id bigserial,
    raw_id bigint NOT NULL REFERENCES healthkit_raw_data (id),
    value numeric(12,3),
    sampled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, sampled_at)
) PARTITION BY RANGE (sampled_at);
CREATE TABLE healthkit_samples_2025_07 PARTITION OF healthkit_samples FOR VALUES FROM ('2025-07-01 00:00+00') TO ('2025-08-01 00:00+00');
CREATE TABLE healthkit_samples_2025_08 PARTITION OF healthkit_samples FOR VALUES FROM ('2025-08-01 00:00+00') TO ('2025-09-01 00:00+00');
CREATE TABLE healthkit_samples_2025_09 PARTITION OF healthkit_samples FOR VALUES FROM ('2025-09-01 00:00+00') TO ('2025-10-01 00:00+00');
CREATE TABLE healthkit_samples_2025_10 PARTITION OF healthkit_samples FOR VALUES FROM ('2025-10-01 00:00+00') TO ('2025-11-01 00:00+00');
CREATE TABLE healthkit_samples_default PARTITION OF healthkit_samples DEFAULT;

CREATE TABLE vitals_raw_categorized (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    raw_id bigint NOT NULL REFERENCES vitals_raw_data (id),
    category varchar(50),
    severity varchar(20)
);
CREATE INDEX ix_vitals_raw_categorized_user_id ON vitals_raw_categorized (user_id);

-- lab_report_categorized is in 05_clinical.sql, after the lab_reports it refers to.
