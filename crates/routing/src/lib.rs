//! Users, keys, groups, accounts and models, and the plan of attempts for a request.
//!
//! This crate is pure. It is told the time, the state of the accounts and a random number; the same inputs give the
//! same plan. Entities are what the store keeps and what the data plane reads; a [`Catalog`] is one immutable,
//! indexed snapshot of them.

mod access;
mod account;
mod candidates;
mod capability;
mod catalog;
mod condition;
mod draw;
mod entries;
mod error;
mod explain;
pub mod failover;
mod fallback;
mod group;
pub mod health;
mod judge;
mod key;
mod limit;
mod mapping;
mod memo;
mod model;
mod pattern;
mod plan;
mod price;
mod rank;
mod routes;
mod shaping;
#[cfg(test)]
mod simulation;
mod speak;
mod stickiness;
mod sticky;
#[cfg(test)]
mod testing;
mod upkeep;
mod upstream_path;
mod user;
mod words;

pub use access::{check_key, check_model};
pub use account::{Account, AuthScheme, BaseUrls, check_base_url};
pub use capability::{Abilities, Ability, Capabilities, Needs};
pub use catalog::{Catalog, CatalogData, ListedModel};
pub use condition::{AccountIndex, AwayReason, Condition, Health, Standing};
pub use error::RoutingError;
pub use explain::{Explained, Explanation, Verdict, explain};
pub use fallback::{Fallback, FallbackOn, Fallbacks};
pub use group::{Funding, Group, HoldMode, OnDisconnect, Platform, Policy, TokenCounting};
pub use judge::PassedOver;
pub use key::{ApiKey, KeyStatus};
pub use limit::{Allowance, Limit, LimitIndex, LimitKind, LimitScope};
pub use mapping::ModelMapping;
pub use model::Model;
pub use pattern::Pattern;
pub use plan::{Attempt, Plan, PlanError, PlanRequest, Pricing, plan};
pub use price::{PricePlace, PriceVersion, Prices};
pub use rank::Reason;
pub use routes::GroupRoutes;
pub use shaping::{Additions, BetaRules, BodyRule, ClampRule, HeaderRules, JsonText, Shaped, Shaping};
pub use stickiness::Stickiness;
pub use sticky::{SESSION_HEADERS, Session, SessionSource, session_key};
pub use upkeep::{Attention, FurtherKey, MAX_FURTHER_KEYS, ProbeTerms, Upkeep, key_hint};
pub use upstream_path::{ResponseSub, UpstreamPath};
pub use user::{Status, User};
