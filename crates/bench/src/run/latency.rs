//! Added latency on one connection, added time to the first event, and requests per second.

use anyhow::Result;

use super::{
    cost::in_turn,
    figure::{Figure, Goal},
    plan::Plan,
    stack::{Ask, Side, Stack, flawless, probe},
};
use crate::load::{Tally, closed_loop, one_connection};

const SMALL: usize = 300;

/// Percentile through the proxy minus percentile straight to the mock, on one connection.
pub(super) fn added(stack: &Stack, plan: &Plan) -> Result<Vec<Figure>> {
    let mut p50 = Figure::new("added latency p50, 1 connection", "us", Goal::Ratio(1.6));
    let mut p99 = Figure::new("added latency p99, 1 connection", "us", Goal::None);
    let mut first = Figure::new("added time to first event p50", "us", Goal::None);
    let stream = Ask::stream("bench", "mock", 3);
    for round in 0..plan.rounds {
        let direct = alone(stack, plan, &Ask::chat(SMALL), Side::Direct)?;
        let direct_stream = alone(stack, plan, &stream, Side::Direct)?;
        for side in in_turn(stack.sides(), round) {
            let whole = alone(stack, plan, &Ask::chat(SMALL), side);
            p50.add(side, minus(&whole, &direct, |tally| tally.latency(50.0)));
            p99.add(side, minus(&whole, &direct, |tally| tally.latency(99.0)));
            let streamed = alone(stack, plan, &stream, side);
            first.add(
                side,
                minus(&streamed, &direct_stream, |tally| tally.first_event(50.0)),
            );
        }
    }
    Ok(vec![p50, p99, first])
}

/// The best window of a doubling ladder of connections, for each bound on its 99th percentile.
pub(super) fn ladder(stack: &Stack, plan: &Plan) -> Result<Vec<Figure>> {
    const BOUNDS: [(&str, f64); 4] = [
        ("requests/s, p99 < 1 ms", 1e3),
        ("requests/s, p99 < 5 ms", 5e3),
        ("requests/s, p99 < 10 ms", 10e3),
        ("requests/s", f64::INFINITY),
    ];
    let mut figures = BOUNDS.map(|(name, _)| Figure::new(name, "/s", Goal::None));
    for round in 0..plan.ladder_rounds {
        let mut windows: Vec<(Side, Result<Tally>)> = Vec::new();
        for (step, connections) in plan.ladder.iter().enumerate() {
            for side in in_turn(stack.sides(), round + step) {
                let shot = stack.shot(side, &Ask::chat(SMALL))?;
                let window = closed_loop(&shot, *connections, plan.ladder_window);
                windows.push((side, window.and_then(flawless)));
            }
        }
        for (figure, (_, bound)) in figures.iter_mut().zip(BOUNDS) {
            for side in stack.sides() {
                if let Some(best) = best(&windows, *side, bound) {
                    figure.add(*side, Ok(best));
                }
            }
        }
    }
    Ok(figures.into())
}

/// The highest rate of `side` within the bound; a window with a failure does not take part.
fn best(windows: &[(Side, Result<Tally>)], side: Side, bound: f64) -> Option<f64> {
    windows
        .iter()
        .filter(|(other, _)| *other == side)
        .filter_map(|(_, window)| window.as_ref().ok())
        .filter(|tally| tally.latency(99.0) < bound)
        .map(Tally::rate)
        .max_by(f64::total_cmp)
}

fn alone(stack: &Stack, plan: &Plan, ask: &Ask, side: Side) -> Result<Tally> {
    let shot = stack.shot(side, ask)?;
    probe(&shot)?;
    flawless(one_connection(&shot, plan.warm_up))?;
    flawless(one_connection(&shot, plan.window))
}

fn minus(proxied: &Result<Tally>, direct: &Tally, read: impl Fn(&Tally) -> f64) -> Result<f64> {
    match proxied {
        Ok(tally) => Ok(read(tally) - read(direct)),
        Err(error) => Err(anyhow::anyhow!("{error:#}")),
    }
}
