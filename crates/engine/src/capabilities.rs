//! Which fields of a request reach which upstream: asked of the translation itself, field by field.

use std::sync::OnceLock;

use lockgate_providers::{Call, Provider, apply};
use lockgate_wire::canonical::{ChatRequest, Loss, LossKind, Params};
use lockgate_wire::dialect::{EncodedRequest, Target, TranslateError};
use lockgate_wire::json::JsonObject;
use lockgate_wire::samples::{Sample, Samples, samples};
use lockgate_wire::translate::translate_request;
use lockgate_wire::{DialectId, Operation};

/// The output limit of the models that the samples are written for; enough for any of them.
const OUTPUT_LIMIT: u64 = 32_000;
/// Deeper than any sample becomes.
const DEPTH: usize = 64;

/// What the gateway does itself, whatever the upstream.
const OWN: [&str; 2] = ["stream", "stream_options"];
/// What is passed on within the OpenAI dialect although few of its models take it: to say that
/// they are supported would be wrong more often than right.
const UNSURE: [&str; 5] = [
    "audio",
    "modalities",
    "prediction",
    "verbosity",
    "web_search_options",
];

/// What becomes of the requests of one dialect at a model that speaks another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The client's dialect.
    pub client: DialectId,
    /// The upstream's.
    pub upstream: DialectId,
    /// The upstream's model: models of a dialect differ in what they take.
    pub model: String,
    /// Every field of the client's dialect, by the name it has there.
    pub fields: Vec<(String, Fate)>,
}

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The upstream is told.
    Carried,
    /// The upstream need not be told: it does so anyway, or the gateway does it.
    Unneeded,
    /// It is left out, and the client hears of it or is refused, depending on the kind.
    Lost(LossKind),
    /// The request cannot be written for this upstream at all.
    Refused,
}

/// The way from a client's dialect to an upstream.
struct Passage<'a> {
    from: DialectId,
    to: DialectId,
    model: &'a str,
    provider: Option<&'a Provider>,
}

/// The OpenAI dialect's samples, decoded once.
struct OpenAi {
    bare: ChatRequest,
    params: Vec<Decoded>,
}

/// One parameter, with the request that it is compared to.
struct Decoded {
    name: String,
    extension: bool,
    request: ChatRequest,
    basis: Option<ChatRequest>,
}

/// Every pair of dialects. What stays in its dialect is carried as it is.
pub fn pairs() -> &'static [Pair] {
    static PAIRS: OnceLock<Vec<Pair>> = OnceLock::new();
    PAIRS.get_or_init(|| {
        let all: Vec<(DialectId, Samples)> = DialectId::ALL
            .into_iter()
            .filter_map(|dialect| Some((dialect, samples(dialect).ok()?)))
            .collect();
        let mut pairs = Vec::new();
        for (client, requests) in &all {
            for (upstream, models) in &all {
                for model in &models.models {
                    pairs.push(Pair::new(*client, requests, *upstream, model));
                }
            }
        }
        pairs
    })
}

/// The parameters of OpenAI's chat completions that reach `model` of `provider`, by OpenAI's names;
/// `None` where no text is written, or there is no upstream.
pub fn supported_openai_params(provider: &Provider, model: &str) -> Option<Vec<&'static str>> {
    let chats = provider.supports(Operation::Chat);
    if provider.built_in || !(chats || provider.supports(Operation::Completions)) {
        return None;
    }
    static OPENAI: OnceLock<Option<OpenAi>> = OnceLock::new();
    let openai = OPENAI.get_or_init(OpenAi::decode).as_ref()?;
    let passage = Passage {
        from: DialectId::OpenAiChat,
        to: provider.dialect,
        model,
        provider: Some(provider),
    };
    let relayed = chats && passage.from == passage.to;
    let bare = passage.write(&openai.bare);
    let supported = openai.params.iter().filter(|param| {
        let name = param.name.as_str();
        if param.extension && (relayed || name != "thinking") || relayed && UNSURE.contains(&name) {
            return false;
        }
        let written = passage.write(&param.request);
        let fate = match &param.basis {
            Some(basis) => compare(&passage.write(basis), &written),
            None => compare(&bare, &written),
        };
        // A request that is relayed is not rewritten: a name that only a translation would have
        // replaced goes out as it is, and is refused.
        let renamed = relayed && name == "max_tokens" && !says(&written, name);
        fate == Fate::Carried && !renamed
    });
    let supported = supported.map(|param| param.name.as_str());
    Some(OWN.into_iter().chain(supported).collect())
}

// === impl Pair ===

impl Pair {
    fn new(client: DialectId, samples: &Samples, upstream: DialectId, model: &str) -> Self {
        let passage = Passage {
            from: client,
            to: upstream,
            model,
            provider: None,
        };
        let fields = samples.fields.iter().map(|sample| {
            let fate = if client == upstream {
                Fate::Carried
            } else {
                passage.fate(samples, sample)
            };
            (sample.field.clone(), fate)
        });
        Self {
            client,
            upstream,
            model: model.to_owned(),
            fields: fields.collect(),
        }
    }

    /// Whether requests are rewritten on the way.
    pub fn is_translated(&self) -> bool {
        self.client != self.upstream
    }

    /// The fields that meet `fate`, in the order of the dialect's samples.
    pub fn fields_that(&self, fate: Fate) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(move |(_, own)| *own == fate)
            .map(|(name, _)| name.as_str())
    }
}

// === impl Passage ===

impl Passage<'_> {
    fn fate(&self, samples: &Samples, sample: &Sample) -> Fate {
        let read = |sample| samples.request(self.from, sample);
        let write = |sample| self.write(&read(sample)?);
        let basis = samples.basis(sample);
        if let Some(basis) = basis {
            // What stands on something that does not arrive does not arrive either.
            match self.fate(samples, basis) {
                Fate::Carried | Fate::Unneeded => {}
                lost => return lost,
            }
        }
        compare(&write(basis), &write(Some(sample)))
    }

    /// The request as the upstream gets it, the provider's deviations included.
    fn write(&self, request: &ChatRequest) -> Result<EncodedRequest, TranslateError> {
        let completes = |provider: &Provider| !provider.supports(Operation::Chat);
        let operation = match self.provider.is_some_and(completes) {
            true => Operation::Completions,
            false => Operation::Chat,
        };
        let target = Target {
            model: self.model,
            operation,
            stream: false,
            max_output_tokens: Some(OUTPUT_LIMIT),
        };
        let pair = (self.from, self.to);
        let mut encoded = translate_request(pair, request.clone(), &Params::default(), &target)?;
        if let Some(provider) = self.provider.filter(|p| !p.quirks.is_empty()) {
            let mut body = JsonObject::parse(encoded.body.clone(), DEPTH)
                .map_err(|e| TranslateError::invalid(e.to_string()))?;
            let call = Call {
                operation,
                model: self.model,
                drop_params: true,
            };
            apply(&provider.quirks, &mut body, &call);
            encoded.body = body.to_bytes();
        }
        Ok(encoded)
    }
}

type Written = Result<EncodedRequest, TranslateError>;

/// What became of the one thing in which two requests differ.
fn compare(without: &Written, with: &Written) -> Fate {
    let (Ok(without), Ok(with)) = (without, with) else {
        return Fate::Refused;
    };
    let new = |loss: &&Loss| !without.losses.contains(loss);
    let kinds: Vec<LossKind> = with.losses.iter().filter(new).map(|l| l.kind).collect();
    let worst = [LossKind::Content, LossKind::Param, LossKind::Hint];
    if let Some(kind) = worst.into_iter().find(|kind| kinds.contains(kind)) {
        return Fate::Lost(kind);
    }
    if with.body == without.body && with.headers == without.headers {
        Fate::Unneeded
    } else {
        Fate::Carried
    }
}

/// Whether the upstream gets a member of this name.
fn says(written: &Written, name: &str) -> bool {
    written
        .as_ref()
        .ok()
        .and_then(|encoded| JsonObject::parse(encoded.body.clone(), DEPTH).ok())
        .is_some_and(|body| body.contains(name))
}

// === impl OpenAi ===

impl OpenAi {
    fn decode() -> Option<Self> {
        const DIALECT: DialectId = DialectId::OpenAiChat;
        let samples = samples(DIALECT).ok()?;
        let params = samples.fields.iter().filter(|sample| is_param(sample));
        let params = params.map(|sample| {
            let basis = samples.basis(sample);
            Ok(Decoded {
                name: sample.field.clone(),
                extension: sample.extension,
                request: samples.request(DIALECT, Some(sample))?,
                basis: basis
                    .map(|basis| samples.request(DIALECT, Some(basis)))
                    .transpose()?,
            })
        });
        Some(Self {
            bare: samples.request(DIALECT, None).ok()?,
            params: params.collect::<Result<_, TranslateError>>().ok()?,
        })
    }
}

/// Whether it is a member of the body, not something inside of one.
fn is_param(sample: &Sample) -> bool {
    !sample.field.contains(['.', '[', ' '])
}
