//! Which known name somebody meant.

/// The nearest name, if it is near enough to be a slip of the finger.
pub(super) fn closest(
    key: &str,
    names: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    // In a short name two changes make another name.
    let limit = if key.chars().count() <= 5 { 1 } else { 2 };
    names
        .filter(|name| name.len().abs_diff(key.len()) <= limit)
        .map(|name| (distance(key, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name)
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn distance(one: &str, two: &str) -> usize {
    let one: Vec<char> = one.chars().map(|c| c.to_ascii_lowercase()).collect();
    let two: Vec<char> = two.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut before = Vec::new();
    let mut above: Vec<usize> = (0..=two.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in two.iter().enumerate() {
            let mut least = (above[j] + usize::from(a != b))
                .min(above[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == two[j - 1] && one[i - 1] == *b {
                let swapped: &Vec<usize> = &before;
                least = least.min(swapped[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or_default()
}
