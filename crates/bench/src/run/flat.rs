//! Whether memory stays flat: many large bodies one after the other, and files of 100 MB.

use std::{fmt, thread, time::Duration};

use anyhow::Result;

use super::{
    figure::{Figure, Goal},
    memory::{MIB, highest},
    plan::Plan,
    requests::MASTER_KEY,
    stack::{Ask, Fresh, Side, Stack, flawless},
};
use crate::{
    load::{Length, closed_loop, download, upload},
    process::resident,
};

/// 100 MB, as the files of a transcription or a batch may have.
const FILE: u64 = 100_000_000;
const CONNECTIONS: usize = 16;
/// Windows of large bodies; the last is compared with the first.
const WINDOWS: usize = 10;
/// What a proxy may take for buffers; any copy of the file would show.
const BUFFERS: f64 = 4.0;

/// A file on its way.
#[derive(Clone, Copy, Debug)]
enum Transfer {
    Upload(Length),
    Download,
}

/// What a proxy's memory grows by between the first and the last of many windows of 120 KiB bodies.
pub(super) fn large_bodies(stack: &Stack, plan: &Plan) -> Result<Vec<Figure>> {
    let fresh = stack.fresh()?;
    let name = format!("memory growth, window {WINDOWS} of 120 KiB bodies over the first");
    let mut figure = Figure::new(name, "MiB", Goal::AtMost(BUFFERS));
    for side in stack.sides() {
        figure.add(*side, growth(&fresh, *side, plan.window));
    }
    Ok(vec![figure])
}

/// What a proxy's memory grows by while one file passes.
pub(super) fn files(stack: &Stack, plan: &Plan) -> Result<Vec<Figure>> {
    [
        Transfer::Upload(Length::Known),
        Transfer::Upload(Length::Chunked),
        Transfer::Download,
    ]
    .into_iter()
    .map(|transfer| {
        let (fresh, _sink) = stack.before_sink()?;
        thread::sleep(plan.settle);
        let mut figure = Figure::new(
            format!("memory growth, {transfer}"),
            "MiB",
            Goal::AtMost(BUFFERS),
        );
        for side in stack.sides() {
            figure.add(*side, pass(&fresh, *side, transfer));
        }
        Ok(figure)
    })
    .collect()
}

fn growth(fresh: &Fresh, side: Side, window: Duration) -> Result<f64> {
    let (pid, shot) = (fresh.pid(side)?, fresh.shot(side, &Ask::chat(120 * 1024))?);
    let mut peaks = Vec::with_capacity(WINDOWS);
    for _ in 0..WINDOWS {
        let (tally, most) = highest(pid, || closed_loop(&shot, CONNECTIONS, window))?;
        flawless(tally)?;
        peaks.push(most as f64 / MIB);
    }
    Ok(peaks[WINDOWS - 1] - peaks[0])
}

fn pass(fresh: &Fresh, side: Side, transfer: Transfer) -> Result<f64> {
    let (pid, addr) = (fresh.pid(side)?, fresh.addr(side)?);
    let model = if side == Side::Gateway {
        "bench-file"
    } else {
        "mock"
    };
    let before = resident(pid)?;
    let ((), most) = highest(pid, || {
        match transfer {
            Transfer::Upload(length) => upload(
                addr,
                "/v1/audio/transcriptions",
                MASTER_KEY,
                model,
                FILE,
                length,
            ),
            Transfer::Download => download(
                addr,
                &format!("/v1/files/file-1/content?bytes={FILE}"),
                MASTER_KEY,
                FILE,
            ),
        }
        .map_err(Into::into)
    })?;
    Ok(most.saturating_sub(before) as f64 / MIB)
}

// === impl Transfer ===

impl fmt::Display for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upload(Length::Known) => "upload of 100 MB",
            Self::Upload(Length::Chunked) => "chunked upload of 100 MB",
            Self::Download => "download of 100 MB",
        })
    }
}
