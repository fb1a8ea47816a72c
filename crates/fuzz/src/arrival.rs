//! How the bytes of an input arrive: all at once, one by one, or in pieces of any size.

use lockgate_wire::DialectId;

/// The dialect that a byte stands for.
pub(crate) fn dialect(byte: u8) -> DialectId {
    DialectId::ALL[usize::from(byte) % DialectId::ALL.len()]
}

/// `bytes` in pieces, some of them empty; `cuts` says where they are cut.
pub(crate) fn pieces(bytes: &[u8], cuts: u8) -> Vec<&[u8]> {
    // The sizes come from a generator, so that the rest of the input stays as it was sent.
    let largest = [2, 4, 8, 24, 64, 128, 256, 1024][usize::from(cuts / 2 % 8)];
    let mut state = u32::from(cuts).wrapping_mul(2_654_435_761) | 1;
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let size = (state >> 16) as usize % (largest + 1);
        let (piece, after) = rest.split_at(size.min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// More bytes than these are not sent one by one: that takes long and finds no more.
const FEW: usize = 2048;

/// The ways in which `bytes` may arrive, other than all at once.
pub(crate) fn ways(bytes: &[u8], cuts: u8) -> [Vec<&[u8]>; 2] {
    let single = if bytes.len() <= FEW { 1 } else { 7 };
    [pieces(bytes, cuts), bytes.chunks(single).collect()]
}
