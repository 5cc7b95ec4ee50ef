-- The nine legacy tables. Most deployments dropped them; nothing writes them any more.

CREATE TABLE user_health_conditions (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    condition_name varchar(100),
    noted_on date
);
CREATE INDEX ix_user_health_conditions_user_id ON user_health_conditions (user_id);

CREATE TABLE user_dietary_restrictions (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    restriction varchar(100)
);

CREATE TABLE user_medications (
    id serial PRIMARY KEY,
    user_id integer NOT NULL,
    medication_name varchar(100),
    dosage varchar(50),
    CONSTRAINT fk_user_medications_users FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX ix_user_medications_user_id ON user_medications (user_id);

CREATE TABLE user_health_goals (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    goal varchar(200)
);
CREATE INDEX ix_user_health_goals_user_id ON user_health_goals (user_id);

CREATE TABLE nutrition_logs (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    food varchar(200),
    logged_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_nutrition_logs_user_id ON nutrition_logs (user_id);

CREATE TABLE mental_health_logs (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    mood smallint,
    logged_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE vitals (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    metric varchar(50),
    value numeric(12,3),
    measured_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_vitals_user_id ON vitals (user_id);

CREATE TABLE vitals_aggregates (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    metric varchar(50),
    value_avg numeric(12,3),
    date date
);

CREATE TABLE vitals_categorized (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    metric varchar(50),
    category varchar(50)
);
