//! Files, batches, fine-tuning jobs, videos: resources of the OpenAI API that a model's credential
//! holds.
//!
//! Which model's, the id says, or the request: in the header `x-litellm-model`, in the query or the
//! body. Without any it is the provider's, with the credential for passing through.

use std::fmt::Display;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, header};
use http_body::Body;
use lockgate_core::access::{MatchedRoute, RouteClass};
use lockgate_core::error::GatewayError;
use lockgate_wire::DialectId;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::json::JsonObject;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::managed_id::ManagedId;
use super::resource_body::ResourceBody;
use super::{Answered, PassThrough, missing_key};
use crate::attempt::Failure;
use crate::deployment::Deployment;
use crate::engine::Engine;
use crate::pipeline::find_route;
use crate::record::RecordGuard;
use crate::router::pick::pick;
use crate::snapshot::{Group, Snapshot};

/// The header that names the model.
const MODEL_HEADER: &str = "x-litellm-model";
/// What names it in a query or a form.
pub(super) const MODEL_PARAMETERS: [&str; 2] = ["model", "target_model_names"];
/// Members that hold ids.
pub(super) const IDS: [&str; 15] = [
    "assistant_id",
    "batch_id",
    "error_file_id",
    "file_id",
    "first_id",
    "id",
    "input_file_id",
    "last_id",
    "output_file_id",
    "remixed_from_video_id",
    "run_id",
    "thread_id",
    "training_file",
    "validation_file",
    "vector_store_id",
];
/// Members that hold lists of them.
const LISTS: [&str; 2] = ["file_ids", "result_files"];

/// Whose resource was asked for, for the ids of the answer.
#[derive(Debug)]
pub(super) struct Holder {
    model: String,
}

// === impl Engine ===

impl Engine {
    /// Asks whoever holds a resource.
    pub(super) async fn ask_holder<B>(
        &self,
        snapshot: &Snapshot,
        ask: &PassThrough,
        provider: &str,
        head: Parts,
        body: B,
        record: &mut RecordGuard,
    ) -> Result<Answered, Failure>
    where
        B: Body<Data = Bytes> + Unpin + 'static,
        B::Error: Display,
    {
        let governance = &self.shared().governance;
        let shown = governance.authenticate(snapshot, &head.headers, ask.key.as_deref());
        let shown = shown.await?;
        record.admit(Some(&shown));
        let (path, in_path) = decoded_path(&ask.path);
        let (query, in_query) = decoded_query(&ask.query);
        let mut body = ResourceBody::read(snapshot, &head, body).await?;
        let named = in_path
            .or_else(|| header_of(&head.headers))
            .or(in_query)
            .or_else(|| body.holder(|model| snapshot.route_for(shown.team_id(), model).is_some()));
        let Some(model) = named else {
            let own = body.provider();
            let provider = own.as_deref().unwrap_or(provider);
            let ask = PassThrough {
                path,
                query,
                ..ask.clone()
            };
            let body = body.into_request();
            let caller = self
                .caller_of(snapshot, &ask, &head.headers, provider)
                .await?;
            let asked = self.ask_there(snapshot, &ask, provider, (caller, head, body), record);
            return Box::pin(asked).await;
        };
        record.record_mut().model.clone_from(&model);
        let route = find_route(snapshot, shown.team_id(), DialectId::OpenAiChat, &model)?;
        let group = &route.group;
        shown.check_route(MatchedRoute {
            paths: &[&path],
            class: RouteClass::OpenAi,
        })?;
        shown.check_token(&model)?;
        shown.check_model(&governance.directory, &model, group)?;
        let entry = record.record_mut();
        governance.admit_unseen(snapshot, shown, entry).await?;
        let deployment = one_of(group).ok_or_else(|| nobody(&model))?;
        record.record_mut().deployment = Some(deployment.clone());
        record.record_mut().upstream_model = Some(deployment.model.clone());
        body.rename(&model, &deployment.model, path.starts_with("/v1/videos"));
        let connection = &deployment.connection;
        missing_key(connection)?;
        let uri = connection
            .openai_uri(path.strip_prefix("/v1").unwrap_or(&path), &query)
            .map_err(|e| GatewayError::client(ErrorKind::InvalidRequest, e.to_string()))?;
        let body = body.into_request();
        let asked = self.send_with(snapshot, connection, uri, head, body, record);
        let mut answered = Box::pin(asked).await?;
        // A name that several deployments answer to does not say which of them holds it.
        let model = if group.deployments.len() > 1 {
            deployment.id().to_owned()
        } else {
            model
        };
        answered.holder = Some(Holder { model });
        Ok(answered)
    }
}

fn header_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(MODEL_HEADER)?.to_str().ok()?;
    first_name(value)
}

/// The first of names that are parted by commas.
pub(super) fn first_name(names: &str) -> Option<String> {
    let first = names.split(',').next()?.trim();
    (!first.is_empty()).then(|| first.to_owned())
}

/// The path with the provider's ids, and the model that the ids name.
fn decoded_path(path: &str) -> (String, Option<String>) {
    let mut model = None;
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| {
            let text = percent_decode_str(segment).decode_utf8_lossy();
            match ManagedId::decode(&text) {
                Some(found) => {
                    model = Some(found.model);
                    encoded(&found.id)
                }
                None => segment.to_owned(),
            }
        })
        .collect();
    (segments.join("/"), model)
}

/// The query without what names the model and with the provider's ids, and the model.
fn decoded_query(query: &str) -> (String, Option<String>) {
    let mut model = None;
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let text = percent_decode_str(value).decode_utf8_lossy();
        if MODEL_PARAMETERS.contains(&name) {
            model = model.or_else(|| first_name(&text));
        } else if let Some(found) = ManagedId::decode(&text) {
            kept.push(format!("{name}={}", encoded(&found.id)));
        } else {
            kept.push(pair.to_owned());
        }
    }
    (kept.join("&"), model)
}

/// An id as it stands in a URL.
fn encoded(id: &str) -> String {
    const PLAIN: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.');
    percent_encoding::utf8_percent_encode(id, PLAIN).to_string()
}

/// A deployment of `group` that can be asked.
fn one_of(group: &Group) -> Option<&Arc<Deployment>> {
    let picked = pick(&group.deployments, &[], fastrand::f64).ok()?;
    group.deployments.get(picked)
}

fn nobody(model: &str) -> GatewayError {
    let message = format!("no deployment of model `{model}` can be asked now");
    GatewayError::gateway(ErrorKind::RateLimited, message)
}

// === impl Holder ===

impl Holder {
    /// The answer with ids that lead back to the holder.
    pub(super) fn sign(&self, body: Bytes) -> Bytes {
        let Ok(mut answer) = serde_json::from_slice::<Value>(&body) else {
            return body;
        };
        self.sign_object(&mut answer);
        if let Some(items) = answer.get_mut("data").and_then(Value::as_array_mut) {
            items.iter_mut().for_each(|item| self.sign_object(item));
        }
        answer.to_string().into()
    }

    fn sign_object(&self, object: &mut Value) {
        for name in IDS {
            if let Some(value) = object.get_mut(name) {
                self.sign_value(value);
            }
        }
        for name in LISTS {
            if let Some(ids) = object.get_mut(name).and_then(Value::as_array_mut) {
                ids.iter_mut().for_each(|id| self.sign_value(id));
            }
        }
    }

    fn sign_value(&self, value: &mut Value) {
        if let Some(id) = value.as_str().filter(|id| !id.is_empty()) {
            let id = ManagedId {
                model: self.model.clone(),
                id: id.to_owned(),
            };
            *value = id.encode().into();
        }
    }
}

/// Whether the content type says that the body is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let text = content_type.and_then(|value| value.to_str().ok());
    text.is_some_and(|text| text.starts_with("application/json"))
}

/// The model that an id in `object` names; ids become the provider's.
pub(super) fn decode_members(object: &mut JsonObject) -> Option<String> {
    let mut model = None;
    for name in IDS {
        let found = object.get_str(name).and_then(|id| ManagedId::decode(&id));
        if let Some(found) = found {
            object.set_str(name, &found.id);
            model = Some(found.model);
        }
    }
    for name in LISTS {
        let ids = object
            .get(name)
            .and_then(|ids| serde_json::from_slice(ids).ok());
        let Some::<Vec<String>>(mut ids) = ids else {
            continue;
        };
        for id in &mut ids {
            if let Some(found) = ManagedId::decode(id) {
                *id = found.id;
                model = Some(found.model);
            }
        }
        object.set(name, Value::from(ids).to_string());
    }
    model
}
