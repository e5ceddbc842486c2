//! The gate's own table of failover, and the decision.

use super::rule::{Action, FailoverRule, On, Scope};
use super::topic::{Cause, Failed, Topic};

/// For what, and so for how long, something is left alone after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cooling {
    /// Not at all: nothing is wrong with it.
    None,
    /// It counts as a failure: several of them and it is left alone, longer each time.
    Failure,
    /// As long as the provider says, else some seconds.
    RateLimit,
    /// At once for a moment, longer each time.
    Refusal,
    /// So many seconds.
    Seconds(u32),
}

/// What is done about a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Who is asked next.
    pub action: Action,
    /// How often the same account may be asked again.
    pub times: u8,
    /// What it means for whoever failed.
    pub cooling: Cooling,
    /// Who that is.
    pub scope: Scope,
    /// What the failure is about.
    pub topic: Option<Topic>,
}

/// A row of the gate's own table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The statuses it is for; empty is any.
    pub on: &'static [On],
    /// What it has to be about.
    pub about: Option<Topic>,
    /// What is done.
    pub action: Action,
    /// What is left alone.
    pub scope: Scope,
    /// For what.
    pub cooling: Cooling,
}

/// How long an account is not asked for a model that it does not have: somebody may add it.
const MISSING_MODEL_S: u32 = 60;

const fn about(topic: Topic, scope: Scope, cooling: Cooling) -> Row {
    Row { on: &[], about: Some(topic), action: Action::Next, scope, cooling }
}

const fn on(on: &'static [On], action: Action, scope: Scope, cooling: Cooling) -> Row {
    Row { on, about: None, action, scope, cooling }
}

/// The gate's own table; the first row that matches decides, and the last one matches everything.
///
/// What is about the account goes to the next one. Of 404 only a missing model does: another account may have it, and
/// this one is not asked for it for a minute. An overload and a limit that names the model are about the model there and
/// leave the account's other models alone. Whatever else is 4xx is about the request, which another account would refuse
/// as well.
pub const BUILT_IN: &[Row] = &[
    about(Topic::Credential, Scope::Key, Cooling::Refusal),
    about(Topic::Access, Scope::Key, Cooling::Refusal),
    about(Topic::Payment, Scope::Key, Cooling::Refusal),
    about(Topic::ModelMissing, Scope::Model, Cooling::Seconds(MISSING_MODEL_S)),
    about(Topic::ModelLimit, Scope::Model, Cooling::RateLimit),
    about(Topic::Overload, Scope::Model, Cooling::Failure),
    on(&[On::Status(429)], Action::Next, Scope::Key, Cooling::RateLimit),
    on(&[On::Status(408), On::Status(425), On::Class(5)], Action::Next, Scope::Account, Cooling::Failure),
    on(&[On::Network, On::Timeout, On::InvalidAnswer], Action::Next, Scope::Account, Cooling::Failure),
    on(&[On::Class(4)], Action::Stop, Scope::Account, Cooling::None),
    on(&[], Action::Next, Scope::Account, Cooling::Failure),
];

impl Row {
    fn matches(&self, cause: Cause, topic: Option<Topic>) -> bool {
        let on = self.on.is_empty() || self.on.iter().any(|on| on.matches(cause));
        on && self.about.is_none_or(|about| Some(about) == topic)
    }
}

/// What is done about a failed attempt: the account's own rules first, then the gate's table.
#[must_use]
pub fn decide(rules: &[FailoverRule], failed: &Failed<'_>) -> Verdict {
    let topic = Topic::of(failed);
    let built_in = built_in(failed.cause, topic);
    let rule = rules.iter().find(|rule| rule.matches(failed, topic));
    rule.map_or(built_in, |rule| rule.amend(built_in))
}

fn built_in(cause: Cause, topic: Option<Topic>) -> Verdict {
    let row = BUILT_IN.iter().find(|row| row.matches(cause, topic));
    let (action, scope, cooling) = row
        .map_or((Action::Next, Scope::Account, Cooling::Failure), |row| (row.action, row.scope, row.cooling));
    Verdict { action, times: 0, cooling, scope, topic }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_protocol::{UpstreamErrorBody, is_account_fault};

    fn body(code: &str, message: &str) -> UpstreamErrorBody {
        let code = Some(code).filter(|code| !code.is_empty()).map(str::to_owned);
        UpstreamErrorBody { message: message.into(), code, ..Default::default() }
    }

    fn verdict(rules: &[FailoverRule], cause: Cause, code: &str, message: &str) -> (Action, Scope, Cooling) {
        let body = body(code, message);
        let verdict = decide(rules, &Failed { cause, body: &body, model: "gpt-5.5" });
        (verdict.action, verdict.scope, verdict.cooling)
    }

    #[test]
    fn the_table() {
        use Cooling::{Failure, None, RateLimit, Refusal, Seconds};
        let next = |scope, cooling| (Action::Next, scope, cooling);
        for (cause, code, message, expected) in [
            (Cause::Status(401), "", "", next(Scope::Key, Refusal)),
            (Cause::Status(402), "", "", next(Scope::Key, Refusal)),
            (Cause::Status(403), "", "", next(Scope::Key, Refusal)),
            (Cause::Status(400), "", "Your credit balance is too low", next(Scope::Key, Refusal)),
            (Cause::Status(429), "insufficient_quota", "", next(Scope::Key, Refusal)),
            (Cause::Status(429), "", "slow down", next(Scope::Key, RateLimit)),
            (
                Cause::Status(429),
                "",
                "Rate limit reached for gpt-5.5 in org-1",
                next(Scope::Model, RateLimit),
            ),
            (Cause::Status(404), "model_not_found", "", next(Scope::Model, Seconds(60))),
            (Cause::Status(404), "", "no such path", (Action::Stop, Scope::Account, None)),
            (Cause::Status(400), "", "", (Action::Stop, Scope::Account, None)),
            (Cause::Status(413), "", "", (Action::Stop, Scope::Account, None)),
            (Cause::Status(422), "", "", (Action::Stop, Scope::Account, None)),
            (Cause::Status(408), "", "", next(Scope::Account, Failure)),
            (Cause::Status(425), "", "", next(Scope::Account, Failure)),
            (Cause::Status(500), "", "", next(Scope::Account, Failure)),
            (Cause::Status(502), "", "", next(Scope::Account, Failure)),
            (Cause::Status(503), "", "", next(Scope::Model, Failure)),
            (Cause::Status(529), "", "", next(Scope::Model, Failure)),
            (Cause::Status(302), "", "", next(Scope::Account, Failure)),
            (Cause::Network, "", "", next(Scope::Account, Failure)),
            (Cause::Timeout, "", "", next(Scope::Account, Failure)),
            (Cause::InvalidAnswer, "", "", next(Scope::Account, Failure)),
        ] {
            assert_eq!(verdict(&[], cause, code, message), expected, "{cause:?} {code} {message}");
        }
    }

    /// Whatever must not be shown as the caller's own trouble goes on to another account.
    #[test]
    fn what_is_the_accounts_own_goes_on() {
        let words = ["", "credit balance is too low", "insufficient balance", "exceeded your current quota"];
        for status in 300..600 {
            for (code, message) in words.iter().flat_map(|words| [("", words), ("permission_error", words)]) {
                let body = body(code, message);
                let failed = Failed { cause: Cause::Status(status), body: &body, model: "m" };
                let verdict = decide(&[], &failed);
                if is_account_fault(status, &body) {
                    assert_eq!(
                        (verdict.action, verdict.cooling),
                        (Action::Next, Cooling::Refusal),
                        "{status}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_accounts_own_rules_come_first_and_leave_the_rest_as_it_is() {
        let rule = |text: &str| text.parse::<FailoverRule>().unwrap();
        let rules = [
            rule("status=400 keyword='Try Another' action=next"),
            rule("status=429 keyword='daily limit' action=next cool=3600 scope=account"),
            rule("status=429 action=stop cool=0"),
            rule("status=5xx action=retry_same times=2"),
        ];
        let status = |status, message| verdict(&rules, Cause::Status(status), "", message);
        assert_eq!(status(400, "please try another"), (Action::Next, Scope::Account, Cooling::None));
        assert_eq!(status(400, "bad"), (Action::Stop, Scope::Account, Cooling::None));
        assert_eq!(status(429, "the Daily Limit"), (Action::Next, Scope::Account, Cooling::Seconds(3600)));
        assert_eq!(status(429, "slow down"), (Action::Stop, Scope::Key, Cooling::None));
        assert_eq!(status(500, ""), (Action::RetrySame, Scope::Account, Cooling::Failure));
        assert_eq!(status(529, ""), (Action::RetrySame, Scope::Model, Cooling::Failure));
        assert_eq!(status(401, ""), (Action::Next, Scope::Key, Cooling::Refusal));
    }
}
