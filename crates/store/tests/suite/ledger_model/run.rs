//! One run: the two stores, the model, and the steps.

use std::sync::Arc;

use std::time::Duration;

use tollgate_base::{Money, NodeId, RequestId, SubscriptionId, Timestamp, UserId};
use tollgate_store::{
    Hold, HoldFilter, HoldOutcome, LedgerBatch, QuotaOwner, Store, StoreError, UsageRecord,
};

use super::model::Model;
use super::random::Random;
use crate::suite::ledger::{end_of, hold_of};
use crate::suite::quotas::insert_subscription;
use crate::suite::{TestDb, record_of};

/// When the quotas are set; requests come in from then on.
const BEGIN: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// Runs of the gate in a run of the test; no other run has the same.
const NODES: usize = 3;

pub(super) struct Run<'a> {
    db: &'a TestDb,
    stores: [Store; 2],
    model: Model,
    random: Random,
    seed: u64,
    requests: u64,
    steps: usize,
    /// Somebody who was never there.
    nobody: UserId,
    /// Who pays for the first user's requests beside the balance.
    subscription: (UserId, SubscriptionId),
    /// What was applied, to come again.
    batches: Vec<Arc<LedgerBatch>>,
    /// What became of every hold.
    outcomes: Vec<HoldOutcome>,
}

impl<'a> Run<'a> {
    pub(super) async fn start(db: &'a TestDb, seed: u64) -> Self {
        let stores = [db.open_at(BEGIN).await, db.open_at(BEGIN).await];
        let (mut model, mut random) = (Model::default(), Random::new(seed));
        let group = crate::suite::group(&stores[0], &format!("group of {seed}")).await.id.to_string();
        for number in 0..3 {
            let balance = random.amount(-10, 100);
            let name = format!("user {number} of {seed}");
            let user = crate::suite::user(&stores[0], &name, "0").await;
            stores[0].adjust_balance(user, Money::from_nanos(balance), "start", None).await.unwrap();
            model.add_user(user, balance);
            for (window, amount) in [("5h", 60), ("total", 400)] {
                let owner = QuotaOwner::User(user);
                let amount = Money::from_nanos(random.amount(amount / 2, amount));
                let stored = stores[0].set_quota(owner, window.parse().unwrap(), amount).await.unwrap();
                model.add_quota(stored);
            }
        }
        let subscription = (model.users()[0], SubscriptionId::generate());
        insert_subscription(db, subscription.1, subscription.0, &group).await;
        let owner = QuotaOwner::Subscription(subscription.1);
        let day = "day 2023-11-14T20:00:00Z".parse().unwrap();
        model.add_quota(stores[0].set_quota(owner, day, Money::from_nanos(50)).await.unwrap());
        Self {
            db,
            stores,
            model,
            random,
            seed,
            requests: 0,
            steps: 0,
            nobody: UserId::from_u128(u128::from(seed)),
            subscription,
            batches: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    pub(super) async fn step(&mut self) {
        self.steps += 1;
        match self.random.below(100) {
            0..60 => self.apply_new().await,
            60..66 => self.apply_again().await,
            66..86 => self.adjust().await,
            86..92 => self.recover().await,
            92..95 => self.refuse().await,
            95..97 => self.beat().await,
            _ => self.reopen().await,
        }
        for user in self.model.users() {
            let wallet = self.store().user_wallet(user).await.unwrap();
            assert_eq!(wallet, self.model.wallet(user), "step {}", self.steps);
        }
        let owners = self.model.users().into_iter().map(QuotaOwner::User);
        for owner in owners.chain([QuotaOwner::Subscription(self.subscription.1)]).collect::<Vec<_>>() {
            let stored = self.store().list_quotas(Some(owner)).await.unwrap();
            let expected: Vec<_> =
                self.model.quotas().into_iter().filter(|quota| quota.owner == owner).collect();
            assert_eq!(stored, expected, "step {}", self.steps);
        }
        if self.steps.is_multiple_of(8) {
            self.verify().await;
        }
    }

    /// Closes what is open, as if every node were lost; what became of every hold.
    pub(super) async fn finish(mut self) -> Vec<HoldOutcome> {
        let records = self.model.open_holds().iter().map(|hold| end_of(hold, "0")).collect();
        self.apply(LedgerBatch { records, holds: Vec::new() }).await;
        self.verify().await;
        for user in self.model.users() {
            assert_eq!(self.model.wallet(user).unwrap().held, Money::ZERO);
        }
        self.close().await;
        self.outcomes
    }

    fn store(&mut self) -> Store {
        self.stores[self.random.below(2)].clone()
    }

    async fn verify(&mut self) {
        let store = self.store();
        assert_eq!(store.verify_ledger().await.unwrap(), [], "step {}", self.steps);
        // Every run before this one has closed its holds.
        let open = store.open_holds(HoldFilter::All, 10_000).await.unwrap();
        assert_eq!(open, self.model.open_holds(), "step {}", self.steps);
    }

    async fn apply(&mut self, batch: LedgerBatch) {
        let batch = Arc::new(batch);
        self.compare(&batch).await;
        self.batches.push(batch);
    }

    async fn compare(&mut self, batch: &Arc<LedgerBatch>) {
        let applied = self.store().apply(Arc::clone(batch)).await.unwrap();
        self.outcomes.extend(&applied.holds);
        assert_eq!(applied, self.model.apply(batch), "step {}: {batch:?}", self.steps);
    }

    async fn apply_new(&mut self) {
        let mut batch = LedgerBatch::default();
        for _ in 0..self.random.below(4) {
            let record = self.record();
            batch.records.push(record);
        }
        for _ in 0..self.random.below(5) {
            let hold = self.hold(&batch);
            batch.holds.push(hold);
        }
        if self.random.percent(5)
            && let Some(hold) = self.random.one_of(&batch.holds)
        {
            // A request that is over before its hold was written.
            let record = self.end(&hold);
            batch.records.push(record);
        }
        self.apply(batch).await;
    }

    async fn apply_again(&mut self) {
        if let Some(batch) = self.random.one_of(&self.batches) {
            self.compare(&batch).await;
        }
    }

    async fn adjust(&mut self) {
        let user = self.user();
        // What is owed is paid, so that holds go on being granted.
        let owed = -self.model.wallet(user).unwrap().balance.nanos().min(0);
        let delta = owed + self.random.amount(-20, 60);
        let after = self.store().adjust_balance(user, Money::from_nanos(delta), "adjustment", None).await;
        assert_eq!(after.unwrap(), self.model.adjust(user, delta));
    }

    /// A node is lost: another closes what it held, some at a time, and forgets it.
    async fn recover(&mut self) {
        let node = self.node();
        self.store().beat_node(node).await.unwrap();
        let limit = self.random.below(20) + 1;
        let mut expected = self.model.open_holds_of(node);
        expected.truncate(limit);
        let found = self.store().open_holds(HoldFilter::Of(node), u32::try_from(limit).unwrap()).await;
        assert_eq!(found.unwrap(), expected);
        let records = expected.iter().map(|hold| UsageRecord { recovered: true, ..self.end(hold) }).collect();
        self.apply(LedgerBatch { records, holds: Vec::new() }).await;
        self.store().forget_node(node).await.unwrap();
        let known = self.store().nodes().await.unwrap().iter().any(|(known, _)| *known == node);
        assert_eq!(known, !self.model.open_holds_of(node).is_empty());
    }

    /// A batch that is refused as a whole leaves nothing.
    async fn refuse(&mut self) {
        let mut batch = LedgerBatch { records: vec![self.record()], holds: Vec::new() };
        let hold = self.hold(&batch);
        batch.holds = vec![hold.clone(), Hold { amount: Money::from_nanos(-1), ..hold }];
        let refused = self.store().apply(Arc::new(batch)).await;
        assert!(matches!(refused, Err(StoreError::Invalid { field: "amount", .. })), "{refused:?}");
    }

    async fn beat(&mut self) {
        let node = self.node();
        self.store().register_node(node).await.unwrap();
        self.store().beat_node(node).await.unwrap();
        assert!(self.store().nodes().await.unwrap().iter().any(|(known, beat)| *known == node && *beat > 0));
    }

    async fn reopen(&mut self) {
        self.close().await;
        self.stores = [self.db.open_at(BEGIN).await, self.db.open_at(BEGIN).await];
    }

    async fn close(&self) {
        for store in &self.stores {
            store.close().await;
        }
    }

    fn user(&mut self) -> UserId {
        let users = self.model.users();
        self.random.one_of(&users).unwrap()
    }

    fn node(&mut self) -> NodeId {
        let number = u128::try_from(self.random.below(NODES)).unwrap();
        NodeId::from_u128((u128::from(self.seed) << 64) + number)
    }

    /// The end of an open hold, or of a request without one; sometimes of one that was ended before.
    fn record(&mut self) -> UsageRecord {
        match self.random.below(100) {
            0..70 => {
                let open = self.model.open_holds();
                if let Some(hold) = self.random.one_of(&open) {
                    return self.end(&hold);
                }
            }
            70..85 => {
                let recorded = self.model.recorded();
                if let Some(id) = self.random.one_of(&recorded) {
                    return UsageRecord { id, ..self.record_of_no_hold() };
                }
            }
            // Usage with a cost would be a problem that is rightly found.
            85..90 => return UsageRecord { id: self.request(), ..record_of(self.nobody, "0") },
            _ => {}
        }
        self.record_of_no_hold()
    }

    fn record_of_no_hold(&mut self) -> UsageRecord {
        let cost = Money::from_nanos(self.random.amount(0, 15));
        UsageRecord { id: self.request(), at: self.moment(), cost, ..record_of(self.user(), "0") }
    }

    /// A request's end: at no cost, at some of what was held, at all of it, or beyond.
    fn end(&mut self, hold: &Hold) -> UsageRecord {
        let held = hold.amount.nanos();
        let cost = match self.random.below(4) {
            _ if hold.user_id == self.nobody => 0,
            0 => 0,
            1 => held,
            2 => self.random.amount(0, held),
            _ => held + self.random.amount(0, 5),
        };
        UsageRecord { cost: Money::from_nanos(cost), ..end_of(hold, "0") }
    }

    /// A new hold; sometimes one that came before, in this batch or earlier, or for a request that is over.
    fn hold(&mut self, batch: &LedgerBatch) -> Hold {
        let seen = match self.random.below(100) {
            0..6 => self.model.open_holds(),
            6..12 => batch.holds.clone(),
            12..18 => {
                let recorded = self.model.recorded();
                let id = self.random.one_of(&recorded).unwrap_or_else(|| self.request());
                vec![Hold { id, ..self.new_hold() }]
            }
            18..22 => vec![Hold { user_id: self.nobody, ..self.new_hold() }],
            _ => Vec::new(),
        };
        self.random.one_of(&seen).unwrap_or_else(|| self.new_hold())
    }

    fn new_hold(&mut self) -> Hold {
        let (user, mut quotas, mut subscription_id) = (self.user(), Vec::new(), None);
        if self.random.percent(60) {
            quotas = self.model.quotas_of(QuotaOwner::User(user));
        }
        if user == self.subscription.0 && self.random.percent(40) {
            subscription_id = Some(self.subscription.1);
            quotas.extend(self.model.quotas_of(QuotaOwner::Subscription(self.subscription.1)));
        }
        Hold {
            at: self.moment(),
            quotas,
            subscription_id,
            id: self.request(),
            amount: Money::from_nanos(self.random.amount(0, 40)),
            credit_line: Money::from_nanos([0, 0, 5, 50][self.random.below(4)]),
            node: self.node(),
            ..hold_of(user, "0")
        }
    }

    /// When a request came in: about half an hour later with each step, on clocks that are hours apart.
    fn moment(&mut self) -> Timestamp {
        let minutes = self.steps as u64 * 30 + self.random.below(240) as u64;
        BEGIN.after(Duration::from_secs(minutes * 60 + 1))
    }

    /// Another id each time, the same for the same seed.
    fn request(&mut self) -> RequestId {
        self.requests += 1;
        RequestId::from_u128((u128::from(self.seed) << 64) + u128::from(self.requests))
    }
}
