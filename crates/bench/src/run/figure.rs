//! One line of the table: both sides in every round, the medians, the goal.

use anyhow::Result;
use serde_json::{Value, json};

use super::stack::Side;

/// What the gateway must reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Goal {
    /// Informative.
    None,
    /// At most so many times the floor of the same run.
    Ratio(f64),
    /// At most so much.
    AtMost(f64),
}

/// A measured figure.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) goal: Goal,
    floor: Series,
    gateway: Series,
}

/// The rounds of one side.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    rounds: Vec<f64>,
    /// Why there is no result.
    failure: Option<String>,
}

// === impl Figure ===

impl Figure {
    pub(super) fn new(name: impl Into<String>, unit: &'static str, goal: Goal) -> Self {
        Self {
            name: name.into(),
            unit,
            goal,
            floor: Series::default(),
            gateway: Series::default(),
        }
    }

    /// Adds one round of `side`; a failed one makes the figure void.
    pub(super) fn add(&mut self, side: Side, round: Result<f64>) {
        let series = if side == Side::Gateway {
            &mut self.gateway
        } else {
            &mut self.floor
        };
        match round {
            Ok(value) => series.rounds.push(value),
            Err(error) => series.failure = Some(format!("{error:#}")),
        }
    }

    pub(super) fn with(mut self, side: Side, round: Result<f64>) -> Self {
        self.add(side, round);
        self
    }

    pub(super) fn floor(&self) -> Option<f64> {
        self.floor.median()
    }

    pub(super) fn gateway(&self) -> Option<f64> {
        self.gateway.median()
    }

    pub(super) fn ratio(&self) -> Option<f64> {
        let floor = self.floor().filter(|floor| *floor > 0.0)?;
        Some(self.gateway()? / floor)
    }

    pub(super) fn verdict(&self) -> String {
        if let Some(failure) = self
            .gateway
            .failure
            .as_ref()
            .or(self.floor.failure.as_ref())
        {
            return format!("no result: {failure}");
        }
        let (measured, goal) = match self.goal {
            Goal::None => return String::new(),
            Goal::Ratio(goal) => (self.ratio(), goal),
            Goal::AtMost(goal) => (self.gateway(), goal),
        };
        match measured {
            Some(measured) if measured <= goal => "met".to_owned(),
            Some(_) => "**missed**".to_owned(),
            None => String::new(),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let goal = match self.goal {
            Goal::None => Value::Null,
            Goal::Ratio(goal) => json!({ "ratio_at_most": goal }),
            Goal::AtMost(goal) => json!({ "at_most": goal }),
        };
        json!({
            "figure": self.name,
            "unit": self.unit,
            "floor": self.floor(),
            "gateway": self.gateway(),
            "ratio": self.ratio(),
            "goal": goal,
            "verdict": self.verdict(),
            "rounds": { "floor": self.floor.rounds, "gateway": self.gateway.rounds },
        })
    }
}

// === impl Series ===

impl Series {
    fn median(&self) -> Option<f64> {
        if self.failure.is_some() || self.rounds.is_empty() {
            return None;
        }
        let mut sorted = self.rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        Some(if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            (sorted[middle - 1] + sorted[middle]) / 2.0
        })
    }
}

#[cfg(test)]
mod tests;
