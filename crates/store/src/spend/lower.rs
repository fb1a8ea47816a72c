//! Spend that is forgiven, in whole or in part.

use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{Spend, Spender};

use super::{SPEND, kept, read};
use crate::backend::Store;
use crate::entities::touch;
use crate::sql::{Flavour, Statement};

/// Lowers what is more than `most` to it; says what was taken off.
pub(super) async fn lower(
    store: &Store,
    of: Spender<'_>,
    most: Nanodollars,
) -> Result<Vec<Spend>, sqlx::Error> {
    let mut session = store.writing().await?;
    if let Spender::One(id) = of {
        touch(&mut session, &kept(id)).await?;
    }
    let mut select = Statement::new(store.flavour(), SPEND);
    whose(&mut select, of, most);
    // In the order that all who write spend go in.
    select.push(" ORDER BY kind, id, window_name, window_start");
    if store.flavour() == Flavour::Postgres {
        select.push(" FOR UPDATE");
    }
    let rows = session.rows(select).await?;
    let mut update = Statement::new(store.flavour(), "UPDATE spend SET amount = ");
    update.bind(most.get());
    whose(&mut update, of, most);
    session.run(update).await?;
    session.commit().await?;
    let mut taken = Vec::with_capacity(rows.len());
    for row in &rows {
        taken.extend(read(row)?.map(|spend| Spend {
            amount: spend.amount - most,
            ..spend
        }));
    }
    Ok(taken)
}

fn whose(statement: &mut Statement, of: Spender<'_>, most: Nanodollars) {
    match of {
        Spender::One(id) => {
            let id = kept(id);
            statement.push(" WHERE kind = ").bind(id.kind.as_str());
            statement.push(" AND id = ").bind(&id.id);
        }
        Spender::All(kind) => {
            statement.push(" WHERE kind = ").bind(kind.as_str());
        }
    }
    statement.push(" AND amount > ").bind(most.get());
}
