-- Hourly to yearly aggregates: written by the nightly job, one row a user and period.

CREATE TABLE vitals_hourly_aggregates (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    hour_start timestamptz NOT NULL,
    heart_rate_avg numeric(6,2),
    systolic_avg numeric(6,2),
    diastolic_avg numeric(6,2),
    sample_count integer NOT NULL DEFAULT 0,
    computed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_vitals_hourly_aggregates_user_id ON vitals_hourly_aggregates (user_id);

CREATE TABLE vitals_daily_aggregates (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    date date NOT NULL,
    heart_rate_avg numeric(6,2),
    systolic_avg numeric(6,2),
    diastolic_avg numeric(6,2),
    sample_count integer NOT NULL DEFAULT 0,
    computed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_vitals_daily_aggregates_user_date UNIQUE (user_id, date)
);

CREATE TABLE nutrition_daily_aggregates (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    date date NOT NULL,
    calories numeric(10,2),
    protein_g numeric(8,2),
    carbs_g numeric(8,2),
    fat_g numeric(8,2),
    computed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_nutrition_daily_aggregates_user_date UNIQUE (user_id, date)
);

CREATE TABLE mental_health_daily (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    date date NOT NULL,
    mood_avg numeric(4,2),
    entry_count integer NOT NULL DEFAULT 0,
    computed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE pharmacy_daily_aggregates (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    date date NOT NULL,
    medication_count integer NOT NULL DEFAULT 0,
    total_cost numeric(10,2),
    computed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE healthkit_daily_aggregates (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    date date NOT NULL,
    steps integer,
    active_energy_kcal numeric(8,2),
    sleep_minutes integer,
    computed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_healthkit_daily_aggregates_user_date UNIQUE (user_id, date)
);

CREATE TABLE lab_reports_daily (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    date date NOT NULL,
    test_code varchar(20),
    value_avg numeric(10,2),
    computed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE vitals_weekly_aggregates (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    week_start date NOT NULL,
    heart_rate_avg numeric(6,2),
    systolic_avg numeric(6,2),
    diastolic_avg numeric(6,2),
    sample_count integer NOT NULL DEFAULT 0,
    computed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_vitals_weekly_aggregates_user_week_start UNIQUE (user_id, week_start)
);

CREATE TABLE nutrition_weekly_aggregates (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    week_start date NOT NULL,
    calories numeric(10,2),
    protein_g numeric(8,2),
    carbs_g numeric(8,2),
    fat_g numeric(8,2),
    computed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_nutrition_weekly_aggregates_user_id ON nutrition_weekly_aggregates (user_id);

CREATE TABLE pharmacy_weekly_aggregates (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    week_start date NOT NULL,
    medication_count integer NOT NULL DEFAULT 0,
    total_cost numeric(10,2),
    computed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE healthkit_weekly_aggregates (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    week_start date NOT NULL,
    steps integer,
    active_energy_kcal numeric(8,2),
    sleep_minutes integer,
    computed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_healthkit_weekly_aggregates_user_week_start UNIQUE (user_id, week_start)
);

CREATE TABLE vitals_monthly_aggregates (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    month_start date NOT NULL,
    heart_rate_avg numeric(6,2),
    systolic_avg numeric(6,2),
    diastolic_avg numeric(6,2),
    sample_count integer NOT NULL DEFAULT 0,
    computed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_vitals_monthly_aggregates_user_month_start UNIQUE (user_id, month_start)
);

CREATE TABLE nutrition_monthly_aggregates (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    month_start date NOT NULL,
    calories numeric(10,2),
    protein_g numeric(8,2),
    carbs_g numeric(8,2),
    fat_g numeric(8,2),
    computed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_nutrition_monthly_aggregates_user_id ON nutrition_monthly_aggregates (user_id);

CREATE TABLE pharmacy_monthly_aggregates (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    month_start date NOT NULL,
    medication_count integer NOT NULL DEFAULT 0,
    total_cost numeric(10,2),
    computed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE healthkit_monthly_aggregates (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    month_start date NOT NULL,
    steps integer,
    active_energy_kcal numeric(8,2),
    sleep_minutes integer,
    computed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE lab_reports_quarterly (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    quarter_start date NOT NULL,
    test_code varchar(20),
    value_avg numeric(10,2),
    computed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE lab_reports_yearly (
    id bigserial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    year_start date NOT NULL,
    test_code varchar(20),
    value_avg numeric(10,2),
    computed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_lab_reports_yearly_user_id ON lab_reports_yearly (user_id);
