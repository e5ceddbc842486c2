//! What is done about an attempt that failed: is the same account asked again, the next one, or nobody; and what is
//! the account left alone for.
//!
//! [`decide`] goes through the rules that the operator gave the account and then through the gate's own
//! [table](BUILT_IN); the first that matches decides. [`Pursuit`] follows one request over its attempts and keeps to its
//! bounds, [`told_pause`] reads how long a provider asks to be left alone, and [`RetryBudget`] keeps an outage from being
//! multiplied by retries.

mod budget;
mod pause;
mod pursuit;
mod rule;
mod table;
mod text;
mod topic;
mod untried;

pub use budget::{BudgetTerms, RetryBudget};
pub use pause::{LONGEST_PAUSE, told_pause};
pub use pursuit::{Bounds, Pursuit, Step, jittered};
pub use rule::{Action, FailoverRule, FailoverRules, MAX_RULES, On, Scope};
pub use table::{BUILT_IN, Cooling, Row, Verdict, decide};
pub use topic::{Cause, Failed, Topic};
pub use untried::Untried;
