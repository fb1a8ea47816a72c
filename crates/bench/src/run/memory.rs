//! Size of the binary, time to start, resident memory.

use std::{thread, time::Duration};

use anyhow::{Result, anyhow};

use super::{
    figure::{Figure, Goal},
    plan::Plan,
    stack::{Ask, Fresh, Side, Stack, flawless},
};
use crate::{
    load::closed_loop,
    process::{file_size, resident},
};

pub(super) const MIB: f64 = 1024.0 * 1024.0;
const CONNECTIONS: usize = 64;
const STARTS: usize = 5;

/// Size on disk, and exec to the first 200 of `/health/readiness`.
pub(super) fn start(stack: &Stack, _plan: &Plan) -> Result<Vec<Figure>> {
    let mut size = Figure::new("binary", "MiB", Goal::AtMost(30.0));
    let mut start = Figure::new("start, exec to ready", "ms", Goal::AtMost(100.0));
    if let Some(path) = stack.binary() {
        size.add(Side::Gateway, Ok(file_size(path)? as f64 / MIB));
    }
    for _ in 0..STARTS {
        if let Some(took) = stack.timed_start()? {
            start.add(Side::Gateway, Ok(took.as_secs_f64() * 1e3));
        }
    }
    Ok(vec![size, start])
}

/// Resident set of fresh processes: idle, under load, after large bodies, after a rest.
pub(super) fn resident_sets(stack: &Stack, plan: &Plan) -> Result<Vec<Figure>> {
    let fresh = stack.fresh()?;
    thread::sleep(plan.settle);
    let mut figures = vec![
        each(
            stack,
            Figure::new("memory, idle", "MiB", Goal::AtMost(20.0)),
            |side| now(&fresh, side),
        ),
        each(
            stack,
            Figure::new("memory, 64 connections", "MiB", Goal::AtMost(40.0)),
            |side| peak(&fresh, side, &Ask::chat(300), plan.window),
        ),
        each(
            stack,
            Figure::new(
                "memory, 64 connections of 120 KiB bodies",
                "MiB",
                Goal::None,
            ),
            |side| peak(&fresh, side, &Ask::chat(120 * 1024), plan.window),
        ),
    ];
    if let Some(rest) = plan.rest {
        thread::sleep(rest);
        let figure = Figure::new(
            format!("memory, {} s after the load", rest.as_secs()),
            "MiB",
            Goal::None,
        );
        figures.push(each(stack, figure, |side| now(&fresh, side)));
    }
    Ok(figures)
}

fn each(stack: &Stack, figure: Figure, measure: impl Fn(Side) -> Result<f64>) -> Figure {
    stack
        .sides()
        .iter()
        .fold(figure, |figure, side| figure.with(*side, measure(*side)))
}

fn now(fresh: &Fresh, side: Side) -> Result<f64> {
    Ok(resident(fresh.pid(side)?)? as f64 / MIB)
}

/// The largest resident set seen while the load runs.
fn peak(fresh: &Fresh, side: Side, ask: &Ask, window: Duration) -> Result<f64> {
    let shot = fresh.shot(side, ask)?;
    let (tally, most) = highest(fresh.pid(side)?, || closed_loop(&shot, CONNECTIONS, window))?;
    flawless(tally)?;
    Ok(most as f64 / MIB)
}

/// Does `work` and returns the largest resident set of `pid` meanwhile, in bytes.
pub(super) fn highest<T: Send>(
    pid: u32,
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<(T, u64)> {
    thread::scope(|scope| {
        let work = scope.spawn(work);
        let mut most = resident(pid)?;
        while !work.is_finished() {
            thread::sleep(Duration::from_millis(5));
            most = most.max(resident(pid)?);
        }
        let done = work.join().map_err(|_| anyhow!("the load panicked"))??;
        Ok((done, most))
    })
}
