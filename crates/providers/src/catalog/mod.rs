//! What models cost: the catalogue of prices, the operator's own, and the calculation.
//!
//! [`Catalog::pricing`] finds the [`Pricing`] of a deployment, once; [`Pricing::cost`] and
//! [`Pricing::worst_case`] calculate with it, in integers and without looking anything up.

mod bound;
mod charges;
mod cost;
mod facts;
mod lookup;
mod map;
mod place;
mod price;
mod pricing;
mod rate;
mod table;
mod terms;
mod worst;

use std::sync::LazyLock;

pub use self::bound::{InputBound, input_bound};
pub use self::cost::{Breakdown, Cost};
pub use self::facts::{Facts, Quantities, SearchContext};
pub use self::lookup::{Catalog, Found, Wanted};
pub use self::map::{BadPriceMap, PriceMap};
pub use self::place::region_of;
pub use self::price::{BadPrice, Bucket, Price, buckets, is_price};
pub use self::pricing::Pricing;
pub use self::rate::Rate;
pub use self::table::{Row, Table};
pub use self::worst::{Bounds, Without};

static SHIPPED: LazyLock<Table<'static>> =
    LazyLock::new(|| Table::new(include_str!("../../data/catalog.tsv")));

/// The catalogue that Lockgate is shipped with.
#[must_use]
pub fn shipped() -> &'static Table<'static> {
    &SHIPPED
}
