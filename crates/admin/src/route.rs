//! Which route a request means.

use percent_encoding::percent_decode_str;

pub use crate::table::AdminRoute;

/// A method of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `GET`, and `HEAD`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// This route, with what stands for the `{...}` of its path, decoded, in order.
    Route(AdminRoute, Vec<String>),
    /// Routes with other methods: these.
    OtherMethods(String),
}

// === impl Verb ===

impl Verb {
    /// The method of that name.
    #[must_use]
    pub fn named(method: &str) -> Option<Self> {
        Some(match method {
            "GET" | "HEAD" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            _ => return None,
        })
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What is at `path`, which has no query and no slash at its end; `None`: no management route.
///
/// Paths without `{...}` go first, so that `/team/new` is no team of that name.
#[must_use]
pub fn find(method: &str, path: &str) -> Option<Found> {
    let verb = Verb::named(method);
    let mut others = Vec::new();
    for placeholders in [false, true] {
        for route in AdminRoute::ALL {
            for (offered, template) in route.paths() {
                if !may_mean(template, path) || template.contains('{') != placeholders {
                    continue;
                }
                let Some(values) = values(template, path) else {
                    continue;
                };
                if Some(*offered) == verb {
                    return Some(Found::Route(*route, values));
                }
                others.push(offered.as_str());
            }
        }
        // A path that some route spells out is no value of another's placeholder.
        if !others.is_empty() {
            break;
        }
    }
    others.sort_unstable();
    others.dedup();
    (!others.is_empty()).then(|| Found::OtherMethods(others.join(", ")))
}

/// Whether `path` begins with what `template` spells out before its first placeholder. Most do not,
/// which a few bytes tell.
fn may_mean(template: &str, path: &str) -> bool {
    let same = template
        .bytes()
        .zip(path.bytes())
        .take_while(|(spelled, said)| spelled == said && *spelled != b'{')
        .count();
    matches!(template.as_bytes().get(same), None | Some(b'{'))
}

/// What stands for the placeholders of `template` in `path`. None of them may be empty; one that ends in `*`
/// takes the slashes, too.
fn values(template: &str, path: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut path = path;
    let mut template = template;
    while let Some(start) = template.find('{') {
        path = path.strip_prefix(&template[..start])?;
        let end = start + template[start..].find('}')?;
        let greedy = template[..end].ends_with('*');
        template = &template[end + 1..];
        let length = if greedy {
            path.len().checked_sub(template.len())?
        } else {
            path.find('/').unwrap_or(path.len())
        };
        let (value, rest) = path.split_at_checked(length)?;
        if value.is_empty() {
            return None;
        }
        values.push(percent_decode_str(value).decode_utf8().ok()?.into_owned());
        path = rest;
    }
    (path == template).then_some(values)
}
