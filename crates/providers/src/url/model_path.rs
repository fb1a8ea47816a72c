//! URLs of OpenAI-compatible providers that name the model in the path of one operation.

use http::Uri;
use lockgate_wire::Operation;
use percent_encoding::utf8_percent_encode;

use super::{Base, Fixed, MODEL, OPENAI_ENDS, UrlError, elsewhere};
use crate::spec::ModelPath;

/// The URLs of one connection.
#[derive(Debug, Clone)]
pub(crate) struct ModelIn {
    others: Box<Fixed>,
    operation: Operation,
    /// The path is put behind it.
    base: Base,
    /// With `{model}`, or without.
    path: &'static str,
    dots_are_underscores: bool,
}

// === impl ModelIn ===

impl ModelIn {
    pub(super) fn new(base: Base, place: &'static ModelPath) -> Self {
        let base = base.without(OPENAI_ENDS);
        let hosted = base.host() == place.host;
        let bare = base.clone().without(&[place.under]);
        let origin = place.origin.filter(|_| hosted);
        let mut others = Fixed::openai(&base.under(place.under));
        others.elsewhere = elsewhere(&bare, place.beside);
        Self {
            others: Box::new(others),
            operation: place.operation,
            base: origin
                .and_then(|origin| Base::parse(origin).ok())
                .unwrap_or(bare),
            path: if hosted { place.path } else { place.own_server },
            dots_are_underscores: place.dots_are_underscores && hosted,
        }
    }

    pub(super) fn uri(&self, operation: Operation, model: &str) -> Result<Uri, UrlError> {
        if operation != self.operation {
            let other = self.others.get(operation);
            return other.ok_or(UrlError::NoEndpoint(operation.as_str()));
        }
        let wrong = || UrlError::Model(model.to_owned());
        // `..` would climb out, and an empty segment would name something else.
        if model.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(wrong());
        }
        let mut name = utf8_percent_encode(model, MODEL).to_string();
        if self.dots_are_underscores {
            name = name.replace('.', "_");
        }
        let path = self.path.replace("{model}", &name);
        self.base.below(&path, "").map_err(|_| wrong())
    }

    pub(super) fn models(&self) -> Option<Uri> {
        self.others.models.clone()
    }
}
