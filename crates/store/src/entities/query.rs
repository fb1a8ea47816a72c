//! Entities that are looked for.

use lockgate_core::entity::Entity;
use lockgate_core::ports::{EntityQuery, Page, Sort};

use super::{COLUMNS, read};
use crate::backend::Store;
use crate::sql::Statement;

/// SQLite refuses a pattern of more than 50,000 bytes, and no id is that long.
const LONGEST_SEARCH: usize = 1_000;

/// The page that `query` asks for, and how many there are.
pub(super) async fn page(store: &Store, query: &EntityQuery) -> Result<Page<Entity>, sqlx::Error> {
    let flavour = store.flavour();
    let mut count = Statement::new(flavour, "SELECT COUNT(*) FROM entities e WHERE ");
    conditions(&mut count, query);
    let mut select = Statement::new(flavour, "SELECT ");
    select.push(COLUMNS).push(" FROM entities e");
    if query.order.by == Sort::Spend {
        select.push(
            " LEFT JOIN spend s ON s.kind = e.kind AND s.id = e.id \
             AND s.window_name = '' AND s.window_start = 0",
        );
    }
    select.push(" WHERE ");
    conditions(&mut select, query);
    select.push(" ORDER BY ").push(match query.order.by {
        Sort::Id => "e.id",
        Sort::Name => "COALESCE(e.unique_name, '')",
        Sort::Created => "e.created_at",
        Sort::Updated => "e.updated_at",
        // What never ends, ends last.
        Sort::Expires => "COALESCE(e.expires_at, 9223372036854775807)",
        Sort::Spend => "COALESCE(s.amount, 0)",
    });
    select.push(if query.order.descending { " DESC" } else { "" });
    select.push(", e.id LIMIT ").bind(query.paging.size);
    select.push(" OFFSET ").bind(query.paging.offset);

    let mut session = store.reading().await?;
    let total = session.row(count).await?;
    let rows = session.rows(select).await?;
    session.commit().await?;
    Ok(Page {
        rows: rows.iter().map(read).collect::<Result<_, _>>()?,
        total: total.map_or(Ok(0), |row| row.count(0))?,
    })
}

fn conditions(statement: &mut Statement, query: &EntityQuery) {
    statement.push("e.kind = ").bind(query.kind.as_str());
    if let Some(ids) = &query.ids {
        statement.push(" AND ").one_of("e.id", ids);
    }
    let equal = [
        (" AND e.unique_name = ", &query.unique_name),
        (" AND e.team_id = ", &query.team_id),
        (" AND e.organization_id = ", &query.organization_id),
        (" AND e.created_by = ", &query.created_by),
    ];
    for (condition, value) in equal {
        if let Some(value) = value {
            statement.push(condition).bind(value);
        }
    }
    if query.or_teams.is_empty() {
        if let Some(user) = &query.user_id {
            statement.push(" AND e.user_id = ").bind(user);
        }
    } else {
        statement
            .push(" AND (")
            .one_of("e.team_id", &query.or_teams);
        if let Some(user) = &query.user_id {
            statement.push(" OR e.user_id = ").bind(user);
        }
        statement.push(")");
    }
    if let Some(search) = &query.search {
        let end = search.floor_char_boundary(LONGEST_SEARCH);
        let pattern = pattern(&search[..end]);
        statement.push(" AND e.search LIKE ").bind(&pattern);
        statement.push(" ESCAPE '\\'");
    }
}

/// The pattern of what contains `text`; [`folded`] makes the other side.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// What is searched of an entity, in lower case; the databases do not agree on that beyond ASCII.
pub(super) fn folded(entity: &Entity) -> String {
    let name = entity.unique_name.as_deref().unwrap_or_default();
    format!("{}\n{name}", entity.id).to_lowercase()
}
