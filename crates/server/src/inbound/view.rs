//! What a caller may see of the models, and which route a page is.

use std::sync::Arc;

use lockgate_core::access::{MatchedRoute, RouteClass};
use lockgate_engine::governance::{Caller, Governance};
use lockgate_engine::snapshot::{Route, Snapshot};

use super::route::Page;

/// The models as one caller may see them.
#[derive(Clone)]
pub(super) struct View {
    /// All there is.
    pub(super) snapshot: Arc<Snapshot>,
    governance: Arc<Governance>,
    caller: Caller,
}

// === impl View ===

impl View {
    pub(super) fn new(
        snapshot: Arc<Snapshot>,
        governance: Arc<Governance>,
        caller: Caller,
    ) -> Self {
        Self {
            snapshot,
            governance,
            caller,
        }
    }

    /// Whether the caller may see models of the team `owner`; what is nobody's own, everybody may.
    pub(super) fn sees(&self, owner: Option<&str>) -> bool {
        self.caller.may_see(owner)
    }

    /// Whether the caller sees everything there is.
    pub(super) fn sees_all(&self) -> bool {
        self.caller.sees_all()
    }

    /// The group that the caller means by `model`.
    pub(super) fn route(&self, model: &str) -> Option<Route> {
        self.snapshot.route_for(self.caller.team_id(), model)
    }

    /// Whether the caller may call `model`, and so may see it.
    pub(super) fn shows(&self, model: &str) -> bool {
        let directory = &self.governance.directory;
        self.caller.may_call(directory, &self.snapshot, model)
    }
}

// === impl Page ===

impl Page {
    /// The route of the page, as keys are allowed it.
    pub(super) fn matched(&self) -> MatchedRoute<'static> {
        let (paths, class): (&[&str], _) = match self {
            Self::About => (&["/"], RouteClass::Public),
            Self::OpenApi => (&["/openapi.json"], RouteClass::Public),
            Self::Providers => (&["/public/providers"], RouteClass::Public),
            Self::Alive => (
                &["/health/liveliness", "/health/liveness"],
                RouteClass::Public,
            ),
            Self::Ready => (&["/health/readiness"], RouteClass::Public),
            Self::OllamaVersion => (&["/api/version"], RouteClass::Public),
            // Every model is called for it, and nobody pays.
            Self::Health => (&["/health"], RouteClass::Gateway),
            Self::Metrics => (&["/metrics"], RouteClass::Info),
            Self::Models(..) => (
                &["/v1/models", "/models", "/v1beta/models"],
                RouteClass::Models,
            ),
            Self::Model(..) => (
                &[
                    "/v1/models/{model_id}",
                    "/models/{model_id}",
                    "/v1beta/models/{model_id}",
                ],
                RouteClass::Models,
            ),
            Self::Responses(_) => (
                &["/v1/responses/{response_id}", "/responses/{response_id}"],
                RouteClass::OpenAi,
            ),
            Self::OllamaTags => (&["/api/tags"], RouteClass::Models),
            Self::OllamaRunning => (&["/api/ps"], RouteClass::Models),
            Self::OllamaShow => (&["/api/show"], RouteClass::Models),
            Self::ModelInfo => (&["/model/info", "/v1/model/info"], RouteClass::Info),
            Self::ModelInfoPages => (&["/v2/model/info"], RouteClass::Info),
            Self::PriceMap => (&["/public/litellm_model_cost_map"], RouteClass::Public),
            Self::ModelGroupInfo => (&["/model_group/info"], RouteClass::Info),
            Self::TokenCounter => (&["/utils/token_counter"], RouteClass::OpenAi),
            Self::SupportedParams => (&["/utils/supported_openai_params"], RouteClass::OpenAi),
            Self::Capabilities => (&["/v1/lockgate/capabilities"], RouteClass::Info),
            // It shows where deployments are and how they are called.
            Self::TransformRequest => (&["/utils/transform_request"], RouteClass::Gateway),
        };
        MatchedRoute { paths, class }
    }
}
