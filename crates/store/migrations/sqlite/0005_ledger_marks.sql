-- Numbers, and marks in place of most indexes: see ADR 0017.
DROP INDEX ledger_by_time;
DROP INDEX ledger_by_call;
DROP INDEX ledger_by_response;
DROP INDEX ledger_by_key;
DROP INDEX ledger_by_user;
DROP INDEX ledger_by_team;
DROP INDEX ledger_by_organization;
DROP INDEX ledger_by_customer;
DROP INDEX ledger_by_session;
DROP INDEX ledger_by_model_group;
DROP INDEX ledger_by_failure;
ALTER TABLE ledger RENAME TO ledger_before;
CREATE TABLE ledger (
    -- Given as they come.
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
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
    charges TEXT,
    details TEXT
);
INSERT INTO ledger (
    id, call_id, response_id, started_at, ended_at, first_token_us, dialect, operation,
    model_group, model, provider, deployment_id, key_id, key_alias, user_id, team_id,
    organization_id, project_id, customer_id, tags, session_id, client_address, status, error,
    stream, cache_hit, retries, fallbacks, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, reasoning_tokens, cost, cost_source, charges, details
) SELECT
    id, call_id, response_id, started_at, ended_at, first_token_us, dialect, operation,
    model_group, model, provider, deployment_id, key_id, key_alias, user_id, team_id,
    organization_id, project_id, customer_id, tags, session_id, client_address, status, error,
    stream, cache_hit, retries, fallbacks, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, reasoning_tokens, cost, cost_source, charges, details
FROM ledger_before ORDER BY started_at, id;
DROP TABLE ledger_before;
CREATE INDEX ledger_by_time ON ledger (started_at, id);

-- What blocks of 1024 entries hold, in the order of their numbers: see spend/marks.rs.
CREATE TABLE ledger_blocks (
    block INTEGER PRIMARY KEY,
    -- When the first and the last of them started.
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    -- The most that one of them cost.
    most INTEGER NOT NULL,
    -- 0: some of its entries came before there were marks, so it may hold anything.
    marked INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE ledger_marks (
    block INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    PRIMARY KEY (block, mark)
) WITHOUT ROWID;

INSERT INTO ledger_blocks (block, first, last, most, marked)
    SELECT number >> 10, MIN(started_at), MAX(started_at), MAX(cost), 0 FROM ledger GROUP BY number >> 10;
