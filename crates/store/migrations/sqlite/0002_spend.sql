-- One row for each finished request. Times are microseconds since 1970, amounts billionths of a
-- dollar. See ADR 0013.
CREATE TABLE ledger (
    id TEXT PRIMARY KEY,
    call_id TEXT NOT NULL,
    response_id TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    first_token_us INTEGER,
    dialect TEXT NOT NULL,
    operation TEXT NOT NULL,
    model_group TEXT NOT NULL,
    model TEXT,
    provider TEXT,
    deployment_id TEXT,
    key_id TEXT,
    key_alias TEXT,
    user_id TEXT,
    team_id TEXT,
    organization_id TEXT,
    project_id TEXT,
    customer_id TEXT,
    tags TEXT,
    session_id TEXT,
    client_address TEXT,
    status INTEGER NOT NULL,
    error TEXT,
    stream INTEGER NOT NULL,
    cache_hit INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    fallbacks INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    cost_source TEXT NOT NULL,
    charges TEXT
);
CREATE INDEX ledger_by_time ON ledger (started_at, id);
CREATE INDEX ledger_by_call ON ledger (call_id);
CREATE INDEX ledger_by_response ON ledger (response_id) WHERE response_id IS NOT NULL;
CREATE INDEX ledger_by_key ON ledger (key_id, started_at) WHERE key_id IS NOT NULL;
CREATE INDEX ledger_by_user ON ledger (user_id, started_at) WHERE user_id IS NOT NULL;
CREATE INDEX ledger_by_team ON ledger (team_id, started_at) WHERE team_id IS NOT NULL;
CREATE INDEX ledger_by_organization ON ledger (organization_id, started_at) WHERE organization_id IS NOT NULL;
CREATE INDEX ledger_by_customer ON ledger (customer_id, started_at) WHERE customer_id IS NOT NULL;
CREATE INDEX ledger_by_session ON ledger (session_id, started_at) WHERE session_id IS NOT NULL;
CREATE INDEX ledger_by_model_group ON ledger (model_group, started_at);
CREATE INDEX ledger_by_failure ON ledger (started_at) WHERE status >= 400;

-- What was spent: of all time (window '' and start 0) and in the windows of budgets.
CREATE TABLE spend (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    window_name TEXT NOT NULL,
    window_start INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (kind, id, window_name, window_start)
) WITHOUT ROWID;

-- Sums of a day by entity. Kind '' is all requests; kind 'key' has '' for those without a key.
CREATE TABLE rollup_totals (
    kind TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    day INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL,
    PRIMARY KEY (kind, day, entity_id)
) WITHOUT ROWID;
CREATE INDEX rollup_totals_by_entity ON rollup_totals (kind, entity_id, day);

-- The same, told apart by what was asked for, and by key where the entity is not the key or all.
CREATE TABLE rollup_days (
    kind TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    day INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    model_group TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    operation TEXT NOT NULL,
    cost INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL,
    PRIMARY KEY (kind, day, entity_id, key_id, model_group, model, provider, operation)
) WITHOUT ROWID;
CREATE INDEX rollup_days_by_entity ON rollup_days (kind, entity_id, day);

-- Sums of an hour over all requests.
CREATE TABLE rollup_hours (
    hour INTEGER NOT NULL,
    model_group TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    operation TEXT NOT NULL,
    cost INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL,
    PRIMARY KEY (hour, model_group, model, provider, operation)
) WITHOUT ROWID;
