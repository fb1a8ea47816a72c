//! The queries that read tables, made for the columns that are there.

use super::{Source, quoted};
use crate::tables::{
    BUDGETS, GROUP_BUDGETS, GROUPS, MODEL_ALIASES, OBJECT_PERMISSIONS, Rows, TEAMS, Table, USERS,
};

const NOTHING: &str = "NULL::text";

impl Source {
    /// The rows of a table in the order of their ids: the id, the row as JSON, and as JSON what it
    /// refers to: object permission, budget, model aliases.
    pub(super) fn rows_sql(&self, table: &Table) -> String {
        let ids: Vec<String> = table
            .id
            .iter()
            .map(|id| format!("t.{}", quoted(id)))
            .collect();
        let (ids, rows) = (ids.join(", "), self.rows(table));
        let permission = self.joined(table, OBJECT_PERMISSIONS, "object_permission_id");
        let budget = self.joined(table, BUDGETS, "budget_id");
        let aliases = if table.name == TEAMS
            && self.has(table.name, "model_id")
            && self.has(MODEL_ALIASES, "aliases")
        {
            let aliases = self.sql_name(MODEL_ALIASES);
            format!("(SELECT o.aliases::text FROM {aliases} o WHERE o.id = t.model_id)")
        } else {
            NOTHING.to_owned()
        };
        format!(
            "SELECT {ids}, row_to_json(t)::text, {permission}, {budget}, {aliases} \
             FROM {rows} t ORDER BY {ids}"
        )
    }

    fn rows(&self, table: &Table) -> String {
        let name = self.sql_name(table.name);
        match table.rows {
            Rows::Newest(column) if self.has(table.name, column) => {
                let ids: Vec<String> = table.id.iter().map(|id| quoted(id)).collect();
                let (ids, column) = (ids.join(", "), quoted(column));
                format!(
                    "(SELECT DISTINCT ON ({ids}) * FROM {name} ORDER BY {ids}, {column} DESC NULLS LAST)"
                )
            }
            Rows::Members if self.has(TEAMS, "members_with_roles") => self.members(&name),
            Rows::Groups if self.has(GROUP_BUDGETS, "budget_id") => {
                let budgets = self.sql_name(GROUP_BUDGETS);
                format!(
                    "(SELECT a.*, b.budget_id, b.spend FROM {name} a \
                     LEFT JOIN {budgets} b USING (access_group_name))"
                )
            }
            Rows::OtherGroups if self.has(GROUPS, "access_group_name") => {
                let groups = self.sql_name(GROUPS);
                format!(
                    "(SELECT b.* FROM {name} b WHERE NOT EXISTS \
                     (SELECT 1 FROM {groups} a WHERE a.access_group_name = b.access_group_name))"
                )
            }
            _ => name,
        }
    }

    /// Members as the lists of teams have them, with what the memberships add. A user who is twice
    /// on a list is an admin if he is one once.
    fn members(&self, memberships: &str) -> String {
        let teams = self.sql_name(TEAMS);
        let email = if self.has(USERS, "user_email") {
            let users = self.sql_name(USERS);
            format!("(SELECT u.user_email FROM {users} u WHERE u.user_id = user_id_of.user_id)")
        } else {
            NOTHING.to_owned()
        };
        format!(
            "(SELECT user_id_of.*, {email} AS user_email FROM (\
             SELECT * FROM {memberships} FULL JOIN (\
             SELECT l.team_id, e->>'user_id' AS user_id, min(e->>'role') AS role FROM \
             (SELECT team_id, members_with_roles::jsonb AS list FROM {teams}) l \
             CROSS JOIN LATERAL jsonb_array_elements(\
             CASE WHEN jsonb_typeof(l.list) = 'array' THEN l.list ELSE '[]'::jsonb END) e \
             WHERE e->>'user_id' IS NOT NULL GROUP BY 1, 2\
             ) listed USING (team_id, user_id)) user_id_of)"
        )
    }

    /// A column with what `table` refers to in `other`.
    fn joined(&self, table: &Table, other: &str, by: &str) -> String {
        let refers =
            self.has(table.name, by) || (table.rows == Rows::Groups && self.has(GROUP_BUDGETS, by));
        if table.name == other || !refers || !self.has(other, by) {
            return NOTHING.to_owned();
        }
        let (other, by) = (self.sql_name(other), quoted(by));
        format!("(SELECT row_to_json(o)::text FROM {other} o WHERE o.{by} = t.{by})")
    }

    fn has(&self, table: &str, column: &str) -> bool {
        self.columns(table)
            .is_some_and(|columns| columns.contains_key(column))
    }
}
