//! Values of many rows as one array for each column.

use super::Value;

/// The columns of `rows`, which are alike.
pub(super) fn columns(rows: &[Vec<Value>]) -> Vec<Value> {
    let first = rows.first().map_or(&[][..], Vec::as_slice);
    let column = |(place, like): (usize, &Value)| {
        let values = rows.iter().map(|row| row.get(place));
        match like {
            Value::Int(_) | Value::Ints(_) => Value::Ints(values.map(int).collect()),
            Value::Text(_) | Value::Texts(_) => Value::Texts(values.map(text).collect()),
        }
    };
    first.iter().enumerate().map(column).collect()
}

fn int(value: Option<&Value>) -> Option<i64> {
    match value {
        Some(Value::Int(value)) => *value,
        _ => None,
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value {
        Some(Value::Text(value)) => value.clone(),
        _ => None,
    }
}
