//! One line: eight hex digits of checksum, a space, the entry as JSON, a line feed.
//!
//! The checksum is CRC-32 with the polynomial of IEEE 802.3 (0x04C11DB7, reflected), as zlib and
//! gzip use it, over the JSON.

use lockgate_core::ledger::LedgerEntry;

/// The longest line, its line feed included. The engine shortens what clients can make long.
pub(crate) const LONGEST: usize = 64 * 1024;
/// What stands before the JSON.
const HEAD: usize = 9;

/// Writes the line of `entry` into `line`, in place of what was there.
pub(crate) fn write(entry: &LedgerEntry, line: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    line.clear();
    line.extend_from_slice(b"00000000 ");
    serde_json::to_writer(&mut *line, entry)?;
    let sum = crc32fast::hash(&line[HEAD..]);
    line[..HEAD - 1].copy_from_slice(&hex(sum));
    line.push(b'\n');
    Ok(())
}

/// The entry of a line without its line feed; `None` for what is damaged.
pub(crate) fn read(line: &[u8]) -> Option<LedgerEntry> {
    serde_json::from_slice(payload(line)?).ok()
}

/// What a line holds behind its checksum, if that is right.
pub(crate) fn payload(line: &[u8]) -> Option<&[u8]> {
    let (head, payload) = line.split_at_checked(HEAD)?;
    let sum = hex(crc32fast::hash(payload));
    (head[..HEAD - 1] == sum && head[HEAD - 1] == b' ').then_some(payload)
}

/// `payload` as a line.
pub(crate) fn framed(payload: &[u8]) -> Vec<u8> {
    let sum = hex(crc32fast::hash(payload));
    [&sum[..], b" ", payload, b"\n"].concat()
}

fn hex(sum: u32) -> [u8; 8] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    std::array::from_fn(|place| DIGITS[(sum >> (28 - 4 * place)) as usize & 0xf])
}
