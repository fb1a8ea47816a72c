-- One row for each finished request. A partition holds a week by the start of the request; the
-- code makes them ahead and drops them for retention. See ADR 0013.
CREATE TABLE ledger (
    id TEXT COLLATE "C" NOT NULL,
    call_id TEXT COLLATE "C" NOT NULL,
    response_id TEXT COLLATE "C",
    started_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    first_token_us BIGINT,
    dialect TEXT COLLATE "C" NOT NULL,
    operation TEXT COLLATE "C" NOT NULL,
    model_group TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C",
    provider TEXT COLLATE "C",
    deployment_id TEXT COLLATE "C",
    key_id TEXT COLLATE "C",
    key_alias TEXT COLLATE "C",
    user_id TEXT COLLATE "C",
    team_id TEXT COLLATE "C",
    organization_id TEXT COLLATE "C",
    project_id TEXT COLLATE "C",
    customer_id TEXT COLLATE "C",
    tags TEXT COLLATE "C",
    session_id TEXT COLLATE "C",
    client_address TEXT COLLATE "C",
    status INTEGER NOT NULL,
    error TEXT COLLATE "C",
    stream SMALLINT NOT NULL,
    cache_hit SMALLINT NOT NULL,
    retries INTEGER NOT NULL,
    fallbacks INTEGER NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    cost_source TEXT COLLATE "C" NOT NULL,
    charges TEXT COLLATE "C",
    PRIMARY KEY (started_at, id)
) PARTITION BY RANGE (started_at);
CREATE INDEX ledger_by_id ON ledger (id);
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
    kind TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    window_name TEXT COLLATE "C" NOT NULL,
    window_start BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (kind, id, window_name, window_start)
) WITH (fillfactor = 70);

-- Sums of a day by entity. Kind '' is all requests; kind 'key' has '' for those without a key.
CREATE TABLE rollup_totals (
    kind TEXT COLLATE "C" NOT NULL,
    entity_id TEXT COLLATE "C" NOT NULL,
    day INTEGER NOT NULL,
    cost BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    milliseconds BIGINT NOT NULL,
    PRIMARY KEY (kind, day, entity_id)
) WITH (fillfactor = 70);
CREATE INDEX rollup_totals_by_entity ON rollup_totals (kind, entity_id, day);

-- The same, told apart by what was asked for, and by key where the entity is not the key or all.
CREATE TABLE rollup_days (
    kind TEXT COLLATE "C" NOT NULL,
    entity_id TEXT COLLATE "C" NOT NULL,
    day INTEGER NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    model_group TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    operation TEXT COLLATE "C" NOT NULL,
    cost BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    milliseconds BIGINT NOT NULL,
    PRIMARY KEY (kind, day, entity_id, key_id, model_group, model, provider, operation)
) WITH (fillfactor = 70);
CREATE INDEX rollup_days_by_entity ON rollup_days (kind, entity_id, day);

-- Sums of an hour over all requests.
CREATE TABLE rollup_hours (
    hour INTEGER NOT NULL,
    model_group TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    operation TEXT COLLATE "C" NOT NULL,
    cost BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    milliseconds BIGINT NOT NULL,
    PRIMARY KEY (hour, model_group, model, provider, operation)
) WITH (fillfactor = 70);
