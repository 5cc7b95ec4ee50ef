-- The wellness module. Deployments old enough to have the legacy tables never got it: they are loaded instead of these.

CREATE TABLE wellness_challenges (
    id serial PRIMARY KEY,
    name varchar(100) NOT NULL UNIQUE,
    starts_on date
);

CREATE TABLE challenge_participants (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    challenge_id integer NOT NULL REFERENCES wellness_challenges (id),
    joined_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_challenge_participants_user_id ON challenge_participants (user_id);

CREATE TABLE achievement_awards (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    achievement varchar(50),
    awarded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_achievement_awards_user_id ON achievement_awards (user_id);

CREATE TABLE wellness_points (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    points integer NOT NULL DEFAULT 0,
    reason varchar(100)
);

CREATE TABLE wellness_streaks (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    streak_days integer NOT NULL DEFAULT 0,
    started_on date
);

CREATE TABLE wellness_rewards (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    reward varchar(100),
    redeemed_at timestamptz
);
CREATE INDEX ix_wellness_rewards_user_id ON wellness_rewards (user_id);

CREATE TABLE habit_trackers (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    habit varchar(100),
    is_paused boolean NOT NULL DEFAULT false
);
CREATE INDEX ix_habit_trackers_user_id ON habit_trackers (user_id);

CREATE TABLE meditation_sessions (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    minutes smallint,
    started_at timestamptz
);
CREATE INDEX ix_meditation_sessions_user_id ON meditation_sessions (user_id);

CREATE TABLE journal_entries (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    body text,
    written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_journal_entries_user_id ON journal_entries (user_id);

CREATE TABLE coaching_plans (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    title varchar(100),
    starts_on date
);
