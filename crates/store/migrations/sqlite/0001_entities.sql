-- Everything that can be managed: see ADR 0012.
CREATE TABLE entities (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    unique_name TEXT,
    team_id TEXT,
    user_id TEXT,
    organization_id TEXT,
    expires_at INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    updated_at INTEGER NOT NULL,
    updated_by TEXT,
    -- JSON, as it was written: its order stays, and a \u0000 in it is no error.
    settings TEXT NOT NULL,
    -- Id and unique name in lower case.
    search TEXT NOT NULL,
    PRIMARY KEY (kind, id),
    UNIQUE (kind, unique_name)
);

-- Numbers that are given out in the order of commits.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO counters (name, value, hash) VALUES ('changes', 0, ''), ('audit', 0, '');

-- The last change of each entity, for the other replicas.
CREATE TABLE changes (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX changes_by_sequence ON changes (sequence);

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    said_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    actor_key TEXT,
    address TEXT,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    before TEXT,
    after TEXT,
    hash TEXT NOT NULL
);
CREATE INDEX audit_by_entity ON audit (kind, id, sequence);
CREATE INDEX audit_by_actor ON audit (actor, sequence);
CREATE INDEX audit_by_time ON audit (said_at);
