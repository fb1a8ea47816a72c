//! YAML 1.1 timestamps, which Python would turn into dates.

/// The ISO 8601 form Python prints for a timestamp; `None` when the text is none, or no date that exists.
pub(super) fn iso(text: &str) -> Option<String> {
    let mut rest = text;
    let year = digits(&mut rest, 4, 4)?;
    let (month, day) = (dashed(&mut rest)?, dashed(&mut rest)?);
    if rest.is_empty() {
        // A date alone wants two digits each.
        return (text.len() == 10 && is_date(year, month, day))
            .then(|| format!("{year:04}-{month:02}-{day:02}"));
    }
    let separated = rest.strip_prefix(['T', 't']).or_else(|| {
        let trimmed = rest.trim_start_matches([' ', '\t']);
        (trimmed.len() < rest.len()).then_some(trimmed)
    });
    rest = separated?;
    let hour = digits(&mut rest, 1, 2)?;
    let (minute, second) = (coloned(&mut rest)?, coloned(&mut rest)?);
    let fraction = fraction(&mut rest);
    let zone = zone(rest)?;
    if !is_date(year, month, day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"
    ))
}

/// Takes `least` to `most` digits off the front.
fn digits(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let count = rest
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if count < least {
        return None;
    }
    let (taken, left) = rest.split_at(count);
    *rest = left;
    taken.parse().ok()
}

fn dashed(rest: &mut &str) -> Option<u32> {
    *rest = rest.strip_prefix('-')?;
    digits(rest, 1, 2)
}

fn coloned(rest: &mut &str) -> Option<u32> {
    *rest = rest.strip_prefix(':')?;
    digits(rest, 2, 2)
}

/// `.1` as `.100000`; nothing for a dot without a digit other than zero.
fn fraction(rest: &mut &str) -> String {
    let Some(tail) = rest.strip_prefix('.') else {
        return String::new();
    };
    let count = tail.bytes().take_while(u8::is_ascii_digit).count();
    let (taken, left) = tail.split_at(count);
    *rest = left;
    let micros = &taken[..count.min(6)];
    if micros.bytes().all(|b| b == b'0') {
        String::new()
    } else {
        format!(".{micros:0<6}")
    }
}

/// `Z`, `-5`, `+05:30` or nothing, as Python prints it.
fn zone(rest: &str) -> Option<String> {
    let mut rest = rest.trim_start_matches([' ', '\t']);
    let negative = match rest.as_bytes().first() {
        None => return Some(String::new()),
        Some(b'Z') if rest.len() == 1 => return Some("+00:00".into()),
        Some(b'-') => true,
        Some(b'+') => false,
        Some(_) => return None,
    };
    rest = &rest[1..];
    let hours = digits(&mut rest, 1, 2)?;
    let minutes = if rest.is_empty() {
        0
    } else {
        coloned(&mut rest)?
    };
    let total = hours * 60 + minutes;
    if !rest.is_empty() || total >= 24 * 60 {
        return None;
    }
    let sign = if negative && total > 0 { '-' } else { '+' };
    Some(format!("{sign}{:02}:{:02}", total / 60, total % 60))
}

fn is_date(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    year > 0 && (1..=days).contains(&day)
}
