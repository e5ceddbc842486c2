//! Callers of every kind: whole answers and streams of each protocol, tools, failures, callers who leave.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::caller::{Call, Came, call};
use crate::gate::Keys;

const CALLERS: u64 = 8;
/// Enough that a round does not run out of them.
const MOST_CALLS: u64 = 100_000;

/// What a caller knows of one of its calls.
#[derive(Debug)]
pub(crate) struct Told {
    /// The name under which the call is found in the records.
    pub(crate) user: String,
    pub(crate) came: Came,
}

/// Callers at work.
pub(crate) struct Calling {
    stop: Arc<AtomicBool>,
    callers: Vec<JoinHandle<Vec<Told>>>,
}

/// Has callers make one call after another.
pub(crate) fn start(address: SocketAddr, keys: &Keys, seed: u64) -> Calling {
    let stop = Arc::new(AtomicBool::new(false));
    let callers = (0..CALLERS).map(|caller| {
        let (stop, keys) = (Arc::clone(&stop), keys.clone());
        std::thread::spawn(move || {
            let mut random = Random(seed * CALLERS + caller + 1);
            let mut told = Vec::new();
            for number in 0..MOST_CALLS {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let user = format!("{seed}-{caller}-{number}");
                let came = call(address, &any_call(&keys, &user, &mut random));
                told.push(Told { user, came });
            }
            told
        })
    });
    Calling { callers: callers.collect(), stop }
}

impl Calling {
    /// What the callers were told, once all have noticed the end.
    pub(crate) fn end(self) -> Vec<Told> {
        self.stop.store(true, Ordering::Relaxed);
        self.callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    }
}

/// Numbers from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn any_call(keys: &Keys, user: &str, random: &mut Random) -> Call {
    let stream = random.below(3) > 0;
    let input = 100 + random.below(900);
    let output = 1 + random.below(400);
    let extra = match random.below(12) {
        0 => "cut_after=3",
        1 => "status=529",
        2 => "slow_event_ms=20",
        3 => "slow_first_ms=40",
        4 => "tool=look",
        _ => "",
    };
    let prompt = format!("go [[sandbox words=20 input={input} output={output} {extra}]]");
    let leaves_after = (stream && random.below(10) == 0).then_some(600);
    let (path, key, body) = match random.below(3) {
        0 => (
            "/v1/messages",
            &keys.anthropic,
            format!(
                r#"{{"model":"sandbox-model","max_tokens":1000,"stream":{stream},"metadata":{{"user_id":"{user}"}},
                "tools":[{{"name":"look","input_schema":{{"type":"object","properties":{{}}}}}}],
                "messages":[{{"role":"user","content":"{prompt}"}}]}}"#
            ),
        ),
        1 => (
            "/v1/chat/completions",
            &keys.openai,
            format!(
                r#"{{"model":"sandbox-model","max_completion_tokens":1000,"stream":{stream},"user":"{user}",
                "tools":[{{"type":"function","function":{{"name":"look","parameters":{{"type":"object","properties":{{}}}}}}}}],
                "messages":[{{"role":"user","content":"{prompt}"}}]}}"#
            ),
        ),
        _ => (
            "/v1/responses",
            &keys.openai,
            format!(
                r#"{{"model":"sandbox-model","max_output_tokens":1000,"stream":{stream},"user":"{user}","store":false,
                "tools":[{{"type":"function","name":"look","parameters":{{"type":"object","properties":{{}}}}}}],
                "input":"{prompt}"}}"#
            ),
        ),
    };
    Call { path, key: key.clone(), body, leaves_after }
}
