//! The mode that counts: a virtual key of a team, limits, budgets, prices and the ledger.

use anyhow::Result;

use super::{
    cost::{self, KIB, SMALL},
    figure::{Figure, Goal},
    latency,
    plan::Plan,
    requests::{Dialect, Mode},
    stack::{Ask, Stack},
};

/// CPU per request and added latency of a gateway with everything switched on.
pub(super) fn figures(stack: &Stack, plan: &Plan) -> Result<Vec<Figure>> {
    let Some(binary) = stack.binary() else {
        return Ok(Vec::new());
    };
    let governed = Stack::start(Some(binary), Mode::Governed)?;
    let translated = Ask {
        public: "bench-anthropic",
        dialect: Dialect::OpenAi,
        ..Ask::chat(SMALL)
    };
    let asks = [
        ("0.3 KiB", Ask::chat(SMALL), 1.7),
        ("120 KiB", Ask::chat(120 * KIB), 1.5),
        ("openai -> anthropic", translated, 2.5),
    ];
    let mut figures = asks
        .into_iter()
        .map(|(what, ask, goal)| {
            let name = format!("governed: CPU per request, {what}");
            cost::figure(&governed, plan, &name, &ask, Goal::Ratio(goal))
        })
        .collect::<Result<Vec<_>>>()?;
    for mut figure in latency::added(&governed, plan)? {
        figure.name = format!("governed: {}", figure.name);
        figures.push(figure);
    }
    Ok(figures)
}
