//! What relaying a stream costs: per chunk, per gap, per stream that only waits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, ensure};

use super::{
    cost::in_turn,
    figure::{Figure, Goal},
    plan::Plan,
    requests::Dialect,
    stack::{Ask, Fresh, Side, Stack, flawless},
};
use crate::{
    load::{Shot, Tally, closed_loop, each_once, hold_open},
    process::{cpu_time, resident},
};

const CONNECTIONS: usize = 16;
const UNPACED: Ask = Ask::stream("bench-100c", "mock-100c", 100);
const PACED: Ask = Ask::stream("bench-100c-d20ms", "mock-100c-d20ms", 100);
/// The other dialect frames the same pieces differently; how many events that makes is not the point here.
const TO_ANTHROPIC: Ask = Ask {
    public: "bench-anthropic-100c",
    events: None,
    ..UNPACED
};
const FROM_ANTHROPIC: Ask = Ask {
    dialect: Dialect::Anthropic,
    events: None,
    ..UNPACED
};
/// Four pieces, 1.5 s apart: 9 s with role, finish and `[DONE]`.
const IDLE: Ask = Ask::stream("bench-idle", "mock-4c-d1500ms", 4);
const IDLE_LONGEST: Duration = Duration::from_secs(60);

/// CPU per 1,000 chunks without a pace and at 20 ms, and the gap between two chunks at that pace.
pub(super) fn relayed(stack: &Stack, plan: &Plan) -> Result<Vec<Figure>> {
    let asks = [
        ("CPU per 1,000 chunks, unpaced", UNPACED, Goal::Ratio(0.5)),
        (
            "CPU per 1,000 chunks, openai -> anthropic",
            TO_ANTHROPIC,
            Goal::None,
        ),
        (
            "CPU per 1,000 chunks, anthropic -> openai",
            FROM_ANTHROPIC,
            Goal::None,
        ),
    ];
    let mut figures: Vec<Figure> = asks
        .iter()
        .map(|(name, ask, goal)| unpaced(stack, plan, Figure::new(*name, "us", *goal), ask))
        .collect();
    figures.extend(paced(stack, plan)?);
    Ok(figures)
}

fn unpaced(stack: &Stack, plan: &Plan, mut figure: Figure, ask: &Ask) -> Figure {
    for round in 0..plan.rounds {
        for side in in_turn(stack.sides(), round) {
            let window = per_thousand(stack, side, ask, |shot| {
                closed_loop(shot, CONNECTIONS, plan.window)
            });
            figure.add(side, window.map(|(cost, _)| cost));
        }
    }
    figure
}

fn paced(stack: &Stack, plan: &Plan) -> Result<[Figure; 3]> {
    let mut cost = Figure::new("CPU per 1,000 chunks, 20 ms pace", "us", Goal::Ratio(1.3));
    let mut p50 = Figure::new("added gap p50, 20 ms pace", "us", Goal::None);
    let mut p99 = Figure::new("added gap p99, 20 ms pace", "us", Goal::None);
    let direct = flawless(each_once(
        &stack.shot(Side::Direct, &PACED)?,
        plan.paced_streams,
    )?)?;
    for round in 0..plan.rounds {
        for side in in_turn(stack.sides(), round) {
            let streams = |shot: &Shot| each_once(shot, plan.paced_streams);
            match per_thousand(stack, side, &PACED, streams) {
                Ok((used, tally)) => {
                    cost.add(side, Ok(used));
                    p50.add(side, Ok(tally.gap(50.0) - direct.gap(50.0)));
                    p99.add(side, Ok(tally.gap(99.0) - direct.gap(99.0)));
                }
                Err(error) => cost.add(side, Err(error)),
            }
        }
    }
    Ok([cost, p50, p99])
}

/// Memory per open stream, in processes that have done nothing else.
pub(super) fn idle(stack: &Stack, plan: &Plan) -> Result<Vec<Figure>> {
    plan.idle_streams
        .iter()
        .map(|streams| {
            let fresh = stack.fresh()?;
            let mut figure = Figure::new(
                format!("memory per idle stream, {streams} streams"),
                "KiB",
                Goal::AtMost(24.0),
            );
            for side in stack.sides() {
                figure.add(*side, held(&fresh, *side, *streams));
            }
            Ok(figure)
        })
        .collect()
}

fn per_thousand(
    stack: &Stack,
    side: Side,
    ask: &Ask,
    load: impl Fn(&Shot) -> Result<Tally>,
) -> Result<(f64, Tally)> {
    let shot = stack.shot(side, ask)?;
    let pid = stack.pid(side)?;
    let before = cpu_time(pid)?;
    let tally = flawless(load(&shot)?)?;
    let used = cpu_time(pid)?.saturating_sub(before);
    Ok((used.as_secs_f64() * 1e9 / tally.events as f64, tally))
}

fn held(fresh: &Fresh, side: Side, streams: usize) -> Result<f64> {
    let pid = fresh.pid(side)?;
    let shot = fresh.shot(side, &IDLE)?;
    let before = resident(pid)?;
    let opened = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        let load = scope.spawn(|| hold_open(&shot, streams, &opened, IDLE_LONGEST));
        let deadline = Instant::now() + IDLE_LONGEST;
        while opened.load(Relaxed) < streams && !load.is_finished() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        let open = resident(pid);
        let all_open = opened.load(Relaxed) == streams && !load.is_finished();
        // Also the proof that no frame was missed: every stream must bring all its events.
        flawless(load.join().map_err(|_| anyhow!("the load panicked"))??)?;
        ensure!(all_open, "the streams were not all open at the same time");
        Ok(open?.saturating_sub(before) as f64 / 1024.0 / streams as f64)
    })
}
