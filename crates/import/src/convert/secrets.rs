//! What LiteLLM encrypted in a row, decrypted, so that the store can encrypt it its own way.

use lockgate_core::entity::{EntityId, EntityKind};
use serde_json::{Map, Value};

use super::members::Members;
use crate::cipher::{Keychain, Opened};

/// An object within settings that must be stored encrypted.
pub(crate) struct ToSeal {
    /// Where it belongs: a JSON pointer.
    pub(crate) pointer: String,
    /// What is in it, in plain text.
    pub(crate) values: Map<String, Value>,
}

/// Where entities that are secret have what is: the management API reads it there.
const SEALED: &str = "/sealed";
/// The part of the configuration that is secret as a whole.
const ENVIRONMENT: &str = "environment_variables";
/// In front of encrypted variables of callbacks, in the metadata of keys and teams.
const CALLBACK_PREFIX: &str = "litellm_enc::";

/// Takes everything secret out of `members`.
pub(super) fn take(
    of: &EntityId,
    members: &mut Members,
    keys: &Keychain,
) -> Result<Vec<ToSeal>, String> {
    match of.kind {
        EntityKind::Model => whole("litellm_params", members, keys),
        EntityKind::Credential => whole("credential_values", members, keys),
        EntityKind::Config => Ok(config(&of.id, members, keys)),
        _ => Ok(callbacks(members, keys)),
    }
}

/// A member all strings of which may be encrypted. Without one of them the row is worth nothing.
fn whole(name: &str, members: &mut Members, keys: &Keychain) -> Result<Vec<ToSeal>, String> {
    let values = match members.values.shift_remove(name) {
        Some(Value::Object(values)) => values,
        Some(_) => return Err(format!("its {name} is no object")),
        None => Map::new(),
    };
    let mut value = Value::Object(values);
    let mut locked = Vec::new();
    open_all(&mut value, name, keys, &mut locked);
    if let Some(first) = locked.first() {
        return Err(format!(
            "{} cannot be decrypted{}",
            shown(first, locked.len()),
            advice(keys)
        ));
    }
    Ok(seal(value))
}

/// A part of the configuration, whose members are the settings. With a secret in it, or if it is the
/// environment variables, it is secret as a whole.
fn config(name: &str, members: &mut Members, keys: &Keychain) -> Vec<ToSeal> {
    const VALUE: &str = "param_value";
    for column in ["last_run_at", "reload_revision"] {
        members.values.shift_remove(column);
    }
    let Some(mut value) = members.values.shift_remove(VALUE) else {
        return Vec::new();
    };
    let before = value.clone();
    let mut locked = Vec::new();
    open_all(&mut value, VALUE, keys, &mut locked);
    for pointer in locked {
        let why = advice(keys);
        members
            .losses
            .push(format!("{pointer} cannot be decrypted{why}"));
    }
    let is_secret = name == ENVIRONMENT || value != before;
    if let Value::Object(settings) = &mut value {
        settings.retain(|_, setting| !setting.is_null());
    }
    if is_secret && value.is_object() {
        return seal(value);
    }
    match value {
        Value::Object(settings) => members.values.extend(settings),
        value => {
            members.values.insert(VALUE.to_owned(), value);
        }
    }
    Vec::new()
}

/// Variables of callbacks in metadata. The secret ones are encrypted, unless a version that did not
/// know that wrote them.
fn callbacks(members: &mut Members, keys: &Keychain) -> Vec<ToSeal> {
    let Some(metadata) = members.values.get_mut("metadata") else {
        return Vec::new();
    };
    let entries = metadata
        .get("logging")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    let mut pointers: Vec<String> = (0..entries)
        .map(|entry| format!("/logging/{entry}/callback_vars"))
        .collect();
    pointers.push("/callback_settings/callback_vars".to_owned());
    let mut sealed = Vec::new();
    for pointer in pointers {
        let Some(Value::Object(variables)) = metadata.pointer_mut(&pointer) else {
            continue;
        };
        for name in open_variables(variables, keys) {
            let why = advice(keys);
            members
                .losses
                .push(format!("metadata{pointer}/{name} cannot be decrypted{why}"));
        }
        sealed.push(ToSeal {
            values: std::mem::take(variables),
            pointer: format!("/metadata{pointer}"),
        });
    }
    sealed
}

/// Decrypts variables; those that cannot be are taken out, and returned.
fn open_variables(variables: &mut Map<String, Value>, keys: &Keychain) -> Vec<String> {
    let mut lost = Vec::new();
    for (name, value) in variables.iter_mut() {
        let stored = value
            .as_str()
            .and_then(|text| text.strip_prefix(CALLBACK_PREFIX));
        match stored.map(|stored| keys.open(stored)) {
            Some(Opened::Secret(plain)) => *value = plain.expose().into(),
            Some(_) => lost.push(name.clone()),
            None => {}
        }
    }
    for name in &lost {
        variables.shift_remove(name);
    }
    lost
}

fn seal(value: Value) -> Vec<ToSeal> {
    match value {
        Value::Object(values) => vec![ToSeal {
            pointer: SEALED.to_owned(),
            values,
        }],
        _ => Vec::new(),
    }
}

/// Decrypts every string in `value`. What cannot be is null, and its place is in `locked`.
fn open_all(value: &mut Value, at: &str, keys: &Keychain, locked: &mut Vec<String>) {
    match value {
        Value::String(text) => match keys.open(text) {
            Opened::Secret(plain) => *value = plain.expose().into(),
            Opened::Plain => {}
            Opened::Locked => {
                locked.push(at.to_owned());
                *value = Value::Null;
            }
        },
        Value::Array(items) => {
            for (place, item) in items.iter_mut().enumerate() {
                open_all(item, &format!("{at}/{place}"), keys, locked);
            }
        }
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                open_all(member, &format!("{at}/{name}"), keys, locked);
            }
        }
        _ => {}
    }
}

fn shown(first: &str, count: usize) -> String {
    match count {
        1 => first.to_owned(),
        count => format!("{first} and {} more", count - 1),
    }
}

fn advice(keys: &Keychain) -> &'static str {
    if keys.is_empty() {
        ": LITELLM_SALT_KEY, or LiteLLM's master key, is needed for that"
    } else {
        " with the keys at hand: was LITELLM_SALT_KEY another when it was written?"
    }
}
