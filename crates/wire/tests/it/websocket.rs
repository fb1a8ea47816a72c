//! WebSocket frames: against the RFC, against another implementation, in any pieces.

mod against_tungstenite;
mod frames;
mod inbox;
mod passage;

use bytes::{Bytes, BytesMut};
use lockgate_wire::websocket::{FrameHeader, Mask, Opcode, Passage, Violation, Watch};

/// A frame as a side would send it; clients mask.
pub(crate) fn frame(fin: bool, opcode: Opcode, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    let header = FrameHeader {
        fin,
        opcode,
        mask: mask.map(Mask::new),
        length: payload.len() as u64,
    };
    header.write_with(payload, &mut out);
    out.to_vec()
}

/// Keeps what passes, and replaces what is asked for.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) passed: Vec<Vec<u8>>,
    pub(crate) replace: Option<(&'static [u8], &'static [u8])>,
}

impl Watch for Seen {
    fn message(&mut self, payload: &[u8]) -> Option<Bytes> {
        self.messages.push(payload.to_vec());
        let (from, to) = self.replace?;
        (payload == from).then(|| Bytes::from_static(to))
    }

    fn passed(&mut self, payload: &[u8]) {
        self.passed.push(payload.to_vec());
    }
}

/// The mask of everything that goes out in these tests.
pub(crate) const OUT: [u8; 4] = [1, 2, 3, 4];

pub(crate) fn out_mask() -> [u8; 4] {
    OUT
}

/// Pushes `bytes` through in pieces that end at `cuts`.
pub(crate) fn push_cut(
    passage: &mut Passage,
    bytes: &[u8],
    cuts: &[usize],
    seen: &mut Seen,
) -> Result<BytesMut, Violation> {
    let (mut input, mut out) = (BytesMut::new(), BytesMut::new());
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut from = 0;
    for end in ends {
        input.extend_from_slice(&bytes[from..end]);
        from = end;
        passage.push(&mut input, &mut out, seen)?;
        assert!(
            input.len() < Passage::window(),
            "{} bytes wait",
            input.len()
        );
    }
    Ok(out)
}
