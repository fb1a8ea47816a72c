//! Entries on the disk itself, now and then: what was only in the page cache is lost with the power.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::folder::Folder;
use crate::journal::Journal;
use crate::segment::Segment;

/// Brings what the kernel holds of a journal to the disk.
struct Syncer {
    folder: Folder,
    generation: u64,
    /// Those that nobody writes to any more and that are there.
    done: HashSet<Segment>,
}

/// Syncs `journal` `every` so often, for ever. To be run beside the requests: a disk may take its
/// time.
pub async fn keep_synced(journal: Arc<Journal>, every: Duration) {
    let mut syncer = Some(Syncer {
        folder: journal.folder.clone(),
        generation: journal.generation,
        done: HashSet::new(),
    });
    while let Some(mut own) = syncer.take() {
        tokio::time::sleep(every).await;
        let synced = tokio::task::spawn_blocking(move || {
            let synced = own.sync();
            (own, synced)
        });
        let Ok((own, synced)) = synced.await else {
            return;
        };
        if let Err(error) = synced {
            journal.counters.failed(&error.to_string());
            tracing::error!("the journal cannot be synced: {error}");
        }
        syncer = Some(own);
    }
}

// === impl Syncer ===

impl Syncer {
    fn sync(&mut self) -> io::Result<()> {
        let segments = self.folder.segments()?;
        self.done.retain(|done| segments.contains(done));
        let own = segments
            .iter()
            .filter(|own| own.generation == self.generation);
        for &segment in own {
            if self.done.contains(&segment) {
                continue;
            }
            let closed = segments.iter().any(|other| segment.is_before(*other));
            match File::open(self.folder.segment(segment)) {
                Ok(file) => file.sync_data()?,
                // Drained meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            }
            if closed {
                self.done.insert(segment);
            }
        }
        Ok(())
    }
}
