//! How much memory keys take, and how long it takes to find one.
//!
//! `cargo run --profile quick -p lockgate-engine --example keys -- 100000 plain`

use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::sha256;
use lockgate_engine::governance::{Account, Directory};
use serde_json::{Value, json};

const LOOKUPS: u32 = 1_000_000;
const TEAMS: usize = 1_000;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(100_000);
    // One kind for each process: what was freed before is not counted again.
    let (name, settings) = match arguments.next().as_deref() {
        Some("plain") => ("plain", json!({})),
        _ => ("a budget, a limit, two models", typical()),
    };
    let before = resident()?;
    let directory = Directory::default();
    let started = Instant::now();
    // In portions, as the database gives them.
    for from in (0..count).step_by(5_000) {
        let until = count.min(from + 5_000);
        let keys: Vec<Entity> = (from..until).map(|number| key(number, &settings)).collect();
        directory.load(&keys);
    }
    let loaded = started.elapsed();
    let bytes = resident()?.saturating_sub(before) / count.max(1);
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{count} keys ({name}): {bytes} bytes each, loaded in {loaded:.0?}"
    )?;
    writeln!(out, "  an account is {} of them", size_of::<Account>())?;
    for keys in [count.min(1_000), count] {
        let ids: Vec<EntityId> = (0..1_000).map(|place| id(place * 97 % keys)).collect();
        let started = Instant::now();
        for lookup in 0..LOOKUPS {
            let place = usize::try_from(lookup).unwrap_or(0) % ids.len();
            black_box(directory.account(&ids[place]));
        }
        let each = started.elapsed() / LOOKUPS;
        writeln!(out, "  among the first {keys}: {each:?} each")?;
    }
    Ok(())
}

fn typical() -> Value {
    json!({
        "max_budget": 10, "budget_duration": "30d", "rpm_limit": 100, "models": ["gpt-5", "small"],
    })
}

fn id(number: usize) -> EntityId {
    let hash = sha256(format!("sk-{number}"));
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    EntityId::new(EntityKind::Key, hex)
}

fn key(number: usize, settings: &Value) -> Entity {
    let mut key = Entity::new(id(number), 0);
    key.unique_name = Some(format!("key-{number}"));
    key.team_id = Some(format!("team-{}", number % TEAMS));
    key.settings = settings.as_object().cloned().unwrap_or_default();
    key
}

/// The memory of this process, in bytes.
fn resident() -> std::io::Result<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    Ok(pages.unwrap_or(0) * 4096)
}
