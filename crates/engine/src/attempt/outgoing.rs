//! What an attempt sends: where to, with which headers, with which body.

use http::{HeaderMap, Method, Uri};
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;

use super::Attempt;
use super::mishap::{no_credential, no_url};
use crate::upload::Upload;
use crate::upstream::RequestBody;

/// How all operations are asked for.
pub(super) const METHOD: Method = Method::POST;

// === impl Attempt ===

impl Attempt<'_> {
    /// Where the request goes and with which headers.
    pub(crate) fn addressed(&self) -> Result<(Uri, HeaderMap), GatewayError> {
        let connection = &self.deployment.connection;
        let place = self
            .prepared
            .own
            .as_ref()
            .and_then(|own| own.place.as_ref());
        let uri = match place {
            Some((path, query)) => connection.resource_uri(path, query),
            None => connection.uri(self.prepared.operation, self.model, self.call.streams()),
        };
        let uri = uri.map_err(|e| no_url(&e))?;
        let mut headers = self.headers();
        if connection.signs() {
            // Last of all: it may be a signature of everything else. An upload is sent while it
            // arrives; nobody who wants a signature takes one.
            connection
                .authorize(&METHOD, &uri, &mut headers, &self.prepared.body.to_bytes())
                .map_err(|e| no_credential(&e))?;
        }
        Ok((uri, headers))
    }

    pub(super) fn body(&self) -> Result<RequestBody, GatewayError> {
        match &self.call.upload {
            Some(upload) if self.prepared.own.is_none() => {
                upload.body(self.model).ok_or_else(|| {
                    let message = "the file was sent already and is not kept";
                    GatewayError::gateway(ErrorKind::BadGateway, message)
                })
            }
            _ => Ok(self.prepared.body.clone().into()),
        }
    }

    pub(super) fn headers(&self) -> HeaderMap {
        let own = self
            .prepared
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let betas = self
            .call
            .forwarded
            .get("anthropic-beta")
            .and_then(|v| v.to_str().ok());
        let betas = betas.map(|betas| ("anthropic-beta", betas));
        let mut headers = self.deployment.connection.headers_with(own.chain(betas));
        let own = self.prepared.own.as_ref().map(|own| &own.content_type);
        let upload = self.call.upload.as_ref().map(Upload::content_type);
        if let Some(content_type) = own.or(upload) {
            headers.insert(http::header::CONTENT_TYPE, content_type.clone());
        }
        for (name, value) in &self.call.forwarded {
            if !headers.contains_key(name) {
                headers.append(name, value.clone());
            }
        }
        headers
    }
}
