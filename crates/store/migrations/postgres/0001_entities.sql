-- Everything that can be managed: see ADR 0012. Texts compare as bytes, as on SQLite.
CREATE TABLE entities (
    kind TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    unique_name TEXT COLLATE "C",
    team_id TEXT COLLATE "C",
    user_id TEXT COLLATE "C",
    organization_id TEXT COLLATE "C",
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C",
    updated_at BIGINT NOT NULL,
    updated_by TEXT COLLATE "C",
    -- JSON, as it was written: its order stays, and a \u0000 in it is no error.
    settings TEXT NOT NULL,
    -- Id and unique name in lower case.
    search TEXT COLLATE "C" NOT NULL,
    CONSTRAINT entities_key PRIMARY KEY (kind, id),
    CONSTRAINT entities_unique_name UNIQUE (kind, unique_name)
);

-- Numbers that are given out in the order of commits: their row is locked until then.
CREATE TABLE counters (
    name TEXT COLLATE "C" PRIMARY KEY,
    value BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL
) WITH (fillfactor = 50);
INSERT INTO counters (name, value, hash) VALUES ('changes', 0, ''), ('audit', 0, '');

-- The last change of each entity, for the other replicas.
CREATE TABLE changes (
    kind TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX changes_by_sequence ON changes (sequence);

CREATE TABLE audit (
    sequence BIGINT PRIMARY KEY,
    said_at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    actor_key TEXT COLLATE "C",
    address TEXT COLLATE "C",
    action TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    before TEXT,
    after TEXT,
    hash TEXT COLLATE "C" NOT NULL
);
CREATE INDEX audit_by_entity ON audit (kind, id, sequence);
CREATE INDEX audit_by_actor ON audit (actor, sequence);
CREATE INDEX audit_by_time ON audit (said_at);
