//! What an answer says about its price besides token counts.

/// What decides the price of an answer, as far as the answer says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Billing {
    /// What the provider says the answer cost, in trillionths of a US dollar.
    pub reported_cost: Option<u64>,
    /// The tier that served it.
    pub service_tier: Option<ServiceTier>,
    /// Searches of the web that the provider made.
    pub web_searches: u64,
    /// Whether it was served at the speed that costs more (Anthropic's `speed`).
    pub fast: bool,
    /// Whether it was bound to the United States (Anthropic's `inference_geo`).
    pub us_only: bool,
}

/// What a request is served as, which decides the price list that applies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceTier {
    /// What nobody asked to be otherwise.
    #[default]
    Standard,
    /// Slower and cheaper.
    Flex,
    /// Between flex and standard.
    Balanced,
    /// Ahead of others.
    Priority,
    /// Ahead of everybody.
    Ultrafast,
    /// In a batch.
    Batch,
}

// === impl Billing ===

impl Billing {
    /// Trillionths of a dollar in a dollar.
    const PER_DOLLAR: f64 = 1e12;

    /// An amount in dollars as it stands in an answer; `None` for what is no amount.
    pub(crate) fn dollars(amount: f64) -> Option<u64> {
        // `as` saturates, and a cost beyond eighteen million dollars is none.
        let amount = (amount * Self::PER_DOLLAR).round();
        (amount >= 0.0 && amount < u64::MAX as f64).then_some(amount as u64)
    }

    /// With what a later part of the same answer says about it.
    pub(crate) fn or(self, earlier: Self) -> Self {
        Self {
            reported_cost: self.reported_cost.or(earlier.reported_cost),
            service_tier: self.service_tier.or(earlier.service_tier),
            web_searches: self.web_searches.max(earlier.web_searches),
            fast: self.fast || earlier.fast,
            us_only: self.us_only || earlier.us_only,
        }
    }

    /// Adds what another answer says, as those of one session.
    pub(crate) fn add(&mut self, other: Self) {
        self.reported_cost = match (self.reported_cost, other.reported_cost) {
            (Some(own), Some(other)) => Some(own.saturating_add(other)),
            (own, other) => own.or(other),
        };
        self.service_tier = other.service_tier.or(self.service_tier);
        self.web_searches = self.web_searches.saturating_add(other.web_searches);
        self.fast |= other.fast;
        self.us_only |= other.us_only;
    }
}

// === impl ServiceTier ===

impl ServiceTier {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Standard,
        Self::Flex,
        Self::Balanced,
        Self::Priority,
        Self::Ultrafast,
        Self::Batch,
    ];

    /// The tier that an API calls so: OpenAI's, Anthropic's and Bedrock's `service_tier`, Vertex AI's
    /// `trafficType`. `None` for `auto`, which leaves it open, and for names nobody knows.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "default" | "standard" | "on_demand" | "scale" | "provisioned_throughput" => {
                Self::Standard
            }
            "flex" | "on_demand_flex" => Self::Flex,
            "balanced" => Self::Balanced,
            "priority" | "fast" | "on_demand_priority" => Self::Priority,
            "ultrafast" => Self::Ultrafast,
            "batch" => Self::Batch,
            _ => return None,
        })
    }

    /// Its name here, which [`ServiceTier::named`] reads.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Flex => "flex",
            Self::Balanced => "balanced",
            Self::Priority => "priority",
            Self::Ultrafast => "ultrafast",
            Self::Batch => "batch",
        }
    }
}
