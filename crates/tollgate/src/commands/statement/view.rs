//! A statement for people and for programs.

use anyhow::Context;
use serde::Serialize;
use tollgate_base::{Money, Timestamp, Usage};
use tollgate_store::{ModelCharges, Statement};

use crate::commands::text;
use crate::commands::user::EntryView;
use crate::output::{self, View};

/// A statement as it is printed.
#[derive(Debug, Serialize)]
pub(super) struct StatementView {
    user: String,
    user_id: String,
    #[serde(serialize_with = "text::opt_time_json")]
    from: Option<Timestamp>,
    /// Not in the period any more.
    #[serde(serialize_with = "text::opt_time_json")]
    to: Option<Timestamp>,
    opening: Money,
    entries: Vec<EntryView>,
    charges: Vec<ChargesView>,
    subscriptions: Vec<ChargesView>,
    /// The sum of the entries.
    added: Money,
    /// The sum of the charges; what subscriptions paid is not in it.
    charged: Money,
    closing: Money,
}

impl StatementView {
    pub(super) fn new(statement: Statement) -> anyhow::Result<Self> {
        let Statement { user, from, until, opening, entries, charges, subscriptions, closing } = statement;
        let added = sum(entries.iter().map(|entry| entry.delta))?;
        let charged = sum(charges.iter().map(|charges| charges.cost))?;
        let of_subscription = subscriptions.into_iter().map(|paid| ChargesView {
            subscription_id: Some(paid.subscription_id.to_string()),
            ..ChargesView::from(paid.charges)
        });
        Ok(Self {
            user: user.user.name,
            user_id: user.user.id.to_string(),
            from,
            to: until,
            opening,
            entries: entries.into_iter().map(EntryView::from).collect(),
            charges: charges.into_iter().map(ChargesView::from).collect(),
            subscriptions: of_subscription.collect(),
            added,
            charged,
            closing,
        })
    }

    /// A page, and a table for each kind of change that there was.
    pub(super) fn in_words(&self) -> String {
        let page = output::page(&[
            ("user", format!("{} ({})", self.user, self.user_id)),
            ("from", text::opt_time(self.from, "the beginning")),
            ("to", text::opt_time(self.to, "now")),
            ("opening", self.opening.to_string()),
            ("added", self.added.to_string()),
            ("charged", self.charged.to_string()),
            ("closing", self.closing.to_string()),
        ]);
        let mut parts = vec![page];
        if !self.entries.is_empty() {
            parts.push(format!("Added and taken:\n{}", output::table_of(&self.entries)));
        }
        if !self.charges.is_empty() {
            parts.push(format!("Charged to the balance:\n{}", output::table_of(&self.charges)));
        }
        if !self.subscriptions.is_empty() {
            let table = output::table_of(&self.subscriptions);
            parts.push(format!("Paid by subscriptions, not by the balance:\n{table}"));
        }
        parts.join("\n\n")
    }
}

fn sum(mut amounts: impl Iterator<Item = Money>) -> anyhow::Result<Money> {
    amounts.try_fold(Money::ZERO, Money::checked_add).context("a sum would leave the range of 64 bits")
}

/// The requests for one model as they are printed.
#[derive(Debug, Serialize)]
struct ChargesView {
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_id: Option<String>,
    model: String,
    requests: u64,
    usage: Usage,
    cost: Money,
}

impl From<ModelCharges> for ChargesView {
    fn from(charges: ModelCharges) -> Self {
        let ModelCharges { model, requests, usage, cost } = charges;
        Self { subscription_id: None, model, requests, usage, cost }
    }
}

/// How often the provider's own tools ran.
const fn tool_calls(usage: &Usage) -> u64 {
    usage.web_search_calls + usage.file_search_calls + usage.code_execution_calls + usage.generated_images
}

impl View for ChargesView {
    const COLUMNS: &'static [&'static str] = &[
        "model",
        "requests",
        "input",
        "cache write",
        "cache read",
        "output",
        "sound",
        "pictures",
        "tools",
        "cost",
        "subscription",
    ];

    fn cells(&self) -> Vec<String> {
        let usage = &self.usage;
        vec![
            self.model.clone(),
            self.requests.to_string(),
            usage.input_tokens.to_string(),
            (usage.cache_write_5m_tokens + usage.cache_write_1h_tokens).to_string(),
            usage.cache_read_tokens.to_string(),
            usage.output_tokens.to_string(),
            (usage.input_audio_tokens + usage.output_audio_tokens).to_string(),
            (usage.input_image_tokens + usage.output_image_tokens).to_string(),
            tool_calls(usage).to_string(),
            self.cost.to_string(),
            self.subscription_id.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        Self::COLUMNS.iter().copied().zip(self.cells()).collect()
    }
}
