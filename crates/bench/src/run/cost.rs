//! CPU per request: body sizes, names, translations.

use anyhow::Result;

use super::{
    figure::{Figure, Goal},
    plan::Plan,
    requests::Dialect,
    stack::{Ask, Side, Stack, flawless, probe},
};
use crate::{load::closed_loop, process::cpu_time};

const CONNECTIONS: usize = 16;
/// Bytes of a small body.
pub(super) const SMALL: usize = 300;
pub(super) const KIB: usize = 1024;

/// CPU time of the proxy per request at 16 connections.
pub(super) fn per_request(stack: &Stack, plan: &Plan) -> Result<Vec<Figure>> {
    let same_name = Ask {
        public: "mock",
        ..Ask::chat(SMALL)
    };
    let translate = |dialect, public| Ask {
        dialect,
        public,
        ..Ask::chat(SMALL)
    };
    let asks = [
        (
            "CPU per request, 0.3 KiB",
            Ask::chat(SMALL),
            Goal::Ratio(1.35),
        ),
        (
            "CPU per request, 0.3 KiB, public name = upstream name",
            same_name,
            Goal::None,
        ),
        ("CPU per request, 16 KiB", Ask::chat(16 * KIB), Goal::None),
        (
            "CPU per request, 120 KiB",
            Ask::chat(120 * KIB),
            Goal::Ratio(1.5),
        ),
        (
            "CPU per request, openai -> anthropic",
            translate(Dialect::OpenAi, "bench-anthropic"),
            Goal::Ratio(2.5),
        ),
        (
            "CPU per request, anthropic -> openai",
            translate(Dialect::Anthropic, "bench"),
            Goal::Ratio(2.5),
        ),
        (
            "CPU per request, gemini -> anthropic",
            translate(Dialect::Gemini, "bench-anthropic"),
            Goal::Ratio(2.5),
        ),
        (
            "CPU per request, ollama -> openai",
            translate(Dialect::Ollama, "bench"),
            Goal::Ratio(2.5),
        ),
    ];
    asks.into_iter()
        .map(|(name, ask, goal)| figure(stack, plan, name, &ask, goal))
        .collect()
}

/// CPU time per request of one kind.
pub(super) fn figure(
    stack: &Stack,
    plan: &Plan,
    name: &str,
    ask: &Ask,
    goal: Goal,
) -> Result<Figure> {
    let mut figure = Figure::new(name, "us", goal);
    for round in 0..plan.rounds {
        for side in in_turn(stack.sides(), round) {
            figure.add(side, window(stack, plan, ask, side));
        }
    }
    Ok(figure)
}

/// The sides of one round; every other round starts with the other side, so that none always comes first.
pub(super) fn in_turn(sides: &[Side], round: usize) -> Vec<Side> {
    let mut sides = sides.to_vec();
    if round % 2 == 1 {
        sides.reverse();
    }
    sides
}

fn window(stack: &Stack, plan: &Plan, ask: &Ask, side: Side) -> Result<f64> {
    let shot = stack.shot(side, ask)?;
    probe(&shot)?;
    flawless(closed_loop(&shot, CONNECTIONS, plan.warm_up)?)?;
    let pid = stack.pid(side)?;
    let before = cpu_time(pid)?;
    let tally = flawless(closed_loop(&shot, CONNECTIONS, plan.window)?)?;
    let used = cpu_time(pid)?.saturating_sub(before);
    Ok(used.as_secs_f64() * 1e6 / tally.served as f64)
}
