-- Columns that hold a user's id without a foreign key: no constraint finds them, and no cascade reaches them.

CREATE TABLE audit_events (
    id bigserial PRIMARY KEY,
    actor_id integer,
    action varchar(50),
    occurred_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_audit_events_actor_id ON audit_events (actor_id);

CREATE TABLE opentelemetry_traces (
    id bigserial PRIMARY KEY,
    trace_id varchar(32),
    user_id integer,
    route varchar(200),
    duration_ms numeric(10,2),
    started_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_opentelemetry_traces_user_id ON opentelemetry_traces (user_id);

-- Users have been deleted by hand without it: it holds ids that lead nowhere.
CREATE TABLE search_queries (
    id bigserial PRIMARY KEY,
    user_id integer,
    query text,
    searched_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_request_logs (
    id bigserial PRIMARY KEY,
    user_ref varchar(64),
    method varchar(10),
    path varchar(200),
    status_code smallint,
    requested_at timestamptz NOT NULL DEFAULT now()
);
