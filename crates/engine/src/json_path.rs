//! Removing a nested member by a path such as `tools[*].input_examples` (reference section 1.6).

use lockgate_wire::json::JsonObject;
use serde_json::Value;

/// A path that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a path such as `tools[*].input_examples`")]
pub(crate) struct BadPath(String);

/// Removes what `path` names from `body`; what is not there is not missed.
pub(crate) fn remove(body: &mut JsonObject, path: &str) -> Result<(), BadPath> {
    let steps = parse(path).ok_or_else(|| BadPath(path.to_owned()))?;
    let Some((Step::Member(first), rest)) = steps.split_first() else {
        return Err(BadPath(path.to_owned()));
    };
    if rest.is_empty() {
        body.remove(first);
        return Ok(());
    }
    let Some(mut value) = body
        .get(first)
        .and_then(|raw| serde_json::from_slice(raw).ok())
    else {
        return Ok(());
    };
    if remove_in(&mut value, rest) {
        body.set(first, value.to_string());
    }
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Item(usize),
    EveryItem,
}

fn parse(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in path.strip_prefix("$.").unwrap_or(path).split('.') {
        let (name, mut brackets) = match part.find('[') {
            Some(at) => part.split_at(at),
            None => (part, ""),
        };
        if name.is_empty() {
            return None;
        }
        steps.push(Step::Member(name.to_owned()));
        while !brackets.is_empty() {
            let (inner, rest) = brackets.strip_prefix('[')?.split_once(']')?;
            steps.push(match inner {
                "*" => Step::EveryItem,
                number => Step::Item(number.parse().ok()?),
            });
            brackets = rest;
        }
    }
    Some(steps)
}

/// Says whether something was removed.
fn remove_in(value: &mut Value, steps: &[Step]) -> bool {
    match (value, steps) {
        (Value::Object(members), [Step::Member(name)]) => members.shift_remove(name).is_some(),
        (Value::Object(members), [Step::Member(name), rest @ ..]) => members
            .get_mut(name)
            .is_some_and(|inner| remove_in(inner, rest)),
        (Value::Array(items), [Step::Item(place)]) => {
            *place < items.len() && {
                items.remove(*place);
                true
            }
        }
        (Value::Array(items), [Step::Item(place), rest @ ..]) => items
            .get_mut(*place)
            .is_some_and(|inner| remove_in(inner, rest)),
        (Value::Array(items), [Step::EveryItem, rest @ ..]) if !rest.is_empty() => items
            .iter_mut()
            .fold(false, |any, item| remove_in(item, rest) | any),
        (Value::Array(items), [Step::EveryItem]) => !std::mem::take(items).is_empty(),
        _ => false,
    }
}
