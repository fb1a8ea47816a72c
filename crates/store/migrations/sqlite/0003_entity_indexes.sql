CREATE INDEX entities_by_team ON entities (kind, team_id) WHERE team_id IS NOT NULL;
CREATE INDEX entities_by_user ON entities (kind, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX entities_by_organization ON entities (kind, organization_id) WHERE organization_id IS NOT NULL;
