-- Outside of a transaction, one statement in a line: writers go on meanwhile. What is left of an
-- attempt that broke off is no valid index, so it goes first.
DROP INDEX CONCURRENTLY IF EXISTS entities_by_team;
CREATE INDEX CONCURRENTLY entities_by_team ON entities (kind, team_id) WHERE team_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS entities_by_user;
CREATE INDEX CONCURRENTLY entities_by_user ON entities (kind, user_id) WHERE user_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS entities_by_organization;
CREATE INDEX CONCURRENTLY entities_by_organization ON entities (kind, organization_id) WHERE organization_id IS NOT NULL;
