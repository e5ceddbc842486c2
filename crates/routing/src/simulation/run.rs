//! One run: requests come, are tried as the gateway tries them, and end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use tollgate_base::Timestamp;
use tollgate_protocol::Protocol;

use super::{Provider, Random};
use crate::condition::{AccountIndex, AwayReason, Condition, Health, Standing};
use crate::failover::{Bounds, BudgetTerms, Failed, Pursuit, RetryBudget, Step, Untried, decide};
use crate::health::{AccountState, PeakEwma, Permit};
use crate::testing::{account, group};
use crate::{Account, Catalog, CatalogData, Group, Needs, Plan, PlanRequest, Pricing, plan};

pub(super) const MODEL: &str = "gpt-5.5";
pub(super) const BEGIN: Timestamp = Timestamp::from_micros(1_795_809_600_000_000);

/// The gateway's own defaults.
const BOUNDS: Bounds = Bounds { attempts: 4, time: Duration::from_secs(60) };

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) requests_per_s: u64,
    pub(super) seconds: u64,
}

/// How one request ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    pub(super) came: Timestamp,
    pub(super) attempts: usize,
    pub(super) answered: bool,
}

/// The accounts' states as the plan is told them.
struct Known {
    states: Vec<AccountState>,
    in_flight: Vec<u32>,
    first_byte: Vec<PeakEwma>,
}

impl Health for Known {
    fn condition(&self, _: &Account, at: AccountIndex, model: &str, now: Timestamp) -> Condition {
        Condition {
            standing: self.states[at.get()].standing(model, now),
            in_flight: self.in_flight[at.get()],
            first_byte_micros: self.first_byte[at.get()].at(now),
            ..Condition::READY
        }
    }
}

/// A request under way: what is left of its plan, by the accounts' positions.
struct Request<'a> {
    came: Timestamp,
    untried: Untried<'a>,
    pursuit: Pursuit,
    attempts: usize,
}

/// An attempt that ends.
struct Ending<'a> {
    request: Request<'a>,
    account: usize,
    permit: Permit,
    served: super::provider::Served,
}

/// What happens next, by time and then by order.
type Agenda = BinaryHeap<Reverse<(Timestamp, usize)>>;

/// A gate and its providers.
pub(super) struct Run {
    pub(super) providers: Vec<Provider>,
    pub(super) outcomes: Vec<Outcome>,
    catalog: Catalog,
    group: Group,
    known: Known,
    budget: RetryBudget,
    random: Random,
    requests: u64,
    pub(super) now: Timestamp,
}

impl Run {
    pub(super) fn new(providers: Vec<Provider>, seed: u64) -> Self {
        let accounts: Vec<Account> = (1..=providers.len()).map(|id| account(id as u128)).collect();
        let data = CatalogData { groups: vec![group(1)], accounts, version: 1, ..CatalogData::default() };
        let count = providers.len();
        let known = Known {
            states: vec![AccountState::default(); count],
            in_flight: vec![0; count],
            first_byte: vec![PeakEwma::default(); count],
        };
        Self {
            providers,
            outcomes: Vec::new(),
            catalog: Catalog::new(data),
            group: group(1),
            known,
            budget: RetryBudget::default(),
            random: Random(seed),
            requests: 0,
            now: BEGIN,
        }
    }

    /// How an account stands now.
    pub(super) fn standing(&self, account: usize) -> Standing {
        self.known.states[account].standing(MODEL, self.now)
    }

    /// Lets requests come for so long, and all of them end.
    pub(super) fn run(&mut self, terms: Terms) {
        // The plans borrow from what does not change while it runs.
        let (catalog, group) = (self.catalog.clone(), self.group.clone());
        let gap_micros = 1_000_000 / terms.requests_per_s;
        let until = self.now.after(Duration::from_secs(terms.seconds));
        let mut arrivals = Vec::new();
        let mut next = self.now;
        while next < until {
            arrivals.push(next);
            next = next.after(Duration::from_micros(self.random.between(0, 2 * gap_micros)));
        }
        let mut endings: Vec<Option<Ending<'_>>> = Vec::new();
        let mut agenda = Agenda::new();
        let mut arrivals = arrivals.into_iter().peekable();
        loop {
            let coming = arrivals.peek().copied();
            let ending = agenda.peek().map(|Reverse((at, _))| *at);
            let come_first = match (coming, ending) {
                (None, None) => break,
                (Some(coming), Some(ending)) => coming <= ending,
                (coming, _) => coming.is_some(),
            };
            if come_first {
                let Some(at) = arrivals.next() else { break };
                self.now = at;
                self.requests += 1;
                let Some(plan) = self.planned(&catalog, &group) else {
                    self.outcomes.push(Outcome { came: at, attempts: 0, answered: false });
                    continue;
                };
                let pursuit = Pursuit::new(BOUNDS, at);
                let request = Request { came: at, untried: Untried::new(plan), pursuit, attempts: 0 };
                self.ask_next(&catalog, request, &mut endings, &mut agenda, at);
            } else if let Some(Reverse((at, index))) = agenda.pop()
                && let Some(ending) = endings[index].take()
            {
                self.now = at;
                self.end(&catalog, ending, &mut endings, &mut agenda);
            }
        }
        self.now = self.now.max(until);
    }

    fn planned<'a>(&mut self, catalog: &'a Catalog, group: &'a Group) -> Option<Plan<'a>> {
        let wanted = PlanRequest {
            group,
            model: MODEL,
            protocol: Protocol::Chat,
            translate: false,
            sticky: None,
            only: None,
            pick: self.random.bits(),
            needs: Needs::default(),
            at: self.now,
            pricing: Pricing::Free,
        };
        plan(catalog, &self.known, self.now, &wanted).ok()
    }

    /// Asks the next account from `at` on, or ends the request.
    fn ask_next<'a>(
        &mut self,
        catalog: &Catalog,
        mut request: Request<'a>,
        endings: &mut Vec<Option<Ending<'a>>>,
        agenda: &mut Agenda,
        at: Timestamp,
    ) {
        loop {
            let known = &self.known;
            let position = |account: &Account| catalog.index_of(&account.id).unwrap().get();
            let next = request
                .untried
                .next(|next| known.states[position(next.account)].standing(MODEL, at) == Standing::Trial);
            let Some(attempt) = next else {
                return self.outcomes.push(Outcome {
                    came: request.came,
                    attempts: request.attempts,
                    answered: false,
                });
            };
            let account = position(attempt.account);
            let Some(permit) = self.known.states[account].begin(MODEL, at) else { continue };
            request.attempts += 1;
            self.known.in_flight[account] += 1;
            let served = self.providers[account].serve(at, &mut self.random);
            agenda.push(Reverse((at.after(served.after), endings.len())));
            endings.push(Some(Ending { request, account, permit, served }));
            return;
        }
    }

    fn end<'a>(
        &mut self,
        catalog: &Catalog,
        ending: Ending<'a>,
        endings: &mut Vec<Option<Ending<'a>>>,
        agenda: &mut Agenda,
    ) {
        let Ending { mut request, account, permit, served } = ending;
        let now = self.now;
        self.known.in_flight[account] -= 1;
        let state = &mut self.known.states[account];
        let Some((cause, body)) = served.failure else {
            state.succeeded(permit, MODEL);
            self.known.first_byte[account] = self.known.first_byte[account].with(served.after, now);
            self.providers[account].answered.push(now);
            let attempts = request.attempts;
            if attempts > 1 {
                self.budget.give_back();
            }
            return self.outcomes.push(Outcome { came: request.came, attempts, answered: true });
        };
        let verdict = decide(&[], &Failed { cause, body: &body, model: MODEL });
        state.failed(permit, MODEL, &verdict, served.told, now, self.random.bits());
        request.untried.failed();
        let (budget, requests) = (&mut self.budget, self.requests);
        let may_retry = || budget.take(BudgetTerms::default(), requests, now);
        let step = request.pursuit.after(&verdict, false, now, self.random.bits(), may_retry);
        match step {
            Step::Next(wait) | Step::Same(wait) => {
                self.ask_next(catalog, request, endings, agenda, now.after(wait));
            }
            Step::Tell => {
                let attempts = request.attempts;
                self.outcomes.push(Outcome { came: request.came, attempts, answered: false });
            }
        }
    }

    /// How many of ten thousand requests that came in this time were answered well.
    pub(super) fn availability(&self, from: Timestamp, until: Timestamp) -> u64 {
        let came = self.came(from, until);
        let answered = came.iter().filter(|outcome| outcome.answered).count() as u64;
        answered * 10_000 / (came.len() as u64).max(1)
    }

    /// The requests that came in this time.
    pub(super) fn came(&self, from: Timestamp, until: Timestamp) -> Vec<Outcome> {
        let came = self.outcomes.iter().filter(|outcome| from <= outcome.came && outcome.came < until);
        came.copied().collect()
    }

    /// Whether an account is left alone for another reason than that others try it.
    pub(super) fn is_left_alone(&self, account: usize) -> bool {
        matches!(self.standing(account), Standing::Away { why, .. } if why != AwayReason::TrialFull)
    }
}
