-- Nutrition goals and planning, sync status.

CREATE TABLE nutrition_goals (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    name varchar(100),
    status varchar(20) NOT NULL DEFAULT 'active',
    starts_on date,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_nutrition_goals_user_id ON nutrition_goals (user_id);

CREATE TABLE nutrition_goal_targets (
    id serial PRIMARY KEY,
    goal_id integer NOT NULL REFERENCES nutrition_goals (id),
    nutrient_id integer NOT NULL REFERENCES nutrient_dictionary (id),
    target_amount numeric(10,2)
);
CREATE INDEX ix_nutrition_goal_targets_goal_id ON nutrition_goal_targets (goal_id);

CREATE TABLE user_nutrient_focus (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    nutrient_id integer NOT NULL REFERENCES nutrient_dictionary (id),
    priority smallint NOT NULL DEFAULT 1
);

CREATE TABLE nutrition_meal_plans (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    title varchar(200),
    starts_on date,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_nutrition_meal_plans_user_id ON nutrition_meal_plans (user_id);

CREATE TABLE meal_plan_days (
    id serial PRIMARY KEY,
    meal_plan_id integer NOT NULL REFERENCES nutrition_meal_plans (id),
    day_number smallint NOT NULL DEFAULT 1
);
CREATE INDEX ix_meal_plan_days_meal_plan_id ON meal_plan_days (meal_plan_id);

CREATE TABLE meal_plan_items (
    id serial PRIMARY KEY,
    meal_plan_day_id integer NOT NULL REFERENCES meal_plan_days (id),
    meal varchar(20),
    recipe_name varchar(200)
);

CREATE TABLE vitals_sync_status (
    id serial PRIMARY KEY,
    user_id integer NOT NULL UNIQUE REFERENCES users (id),
    last_synced_at timestamptz,
    status varchar(20)
);

CREATE TABLE nutrition_sync_status (
    id serial PRIMARY KEY,
    user_id integer NOT NULL UNIQUE REFERENCES users (id),
    last_synced_at timestamptz,
    status varchar(20)
);

CREATE TABLE healthkit_sync_status (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    last_synced_at timestamptz,
    anchor_token varchar(100)
);
