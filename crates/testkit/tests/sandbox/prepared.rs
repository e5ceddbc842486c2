//! Fast mode: prepared answers that are still whole answers.

use std::time::{Duration, Instant};

use tollgate_testkit::{Sandbox, SandboxConfig};

use crate::client::{APIS, Api, ask, is_terminated, plain_text, sandbox, streamed_text};

#[tokio::test]
async fn fast_answers_are_whole_and_counted() {
    let config = SandboxConfig { fast: true, fast_events: 5, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).await.unwrap();
    for api in APIS {
        let plain = ask(&sandbox, api, "hi", false).await;
        assert!(!plain_text(api, &plain.json()).is_empty());
        let events = ask(&sandbox, api, "hi", true).await.events();
        assert!(is_terminated(api, &events));
        assert_eq!(streamed_text(api, &events).split_whitespace().count(), 5);
        let more = ask(&sandbox, api, "[[sandbox events=50]]", true).await.events();
        assert_eq!(streamed_text(api, &more).split_whitespace().count(), 50);
    }
    let counts = sandbox.counts();
    assert_eq!((counts.total.answered, counts.models["m"].usage.input_tokens), (9, 9 * 256));
}

#[tokio::test]
async fn any_sandbox_has_prepared_streams() {
    let sandbox = sandbox().await;
    let start = Instant::now();
    let reply = ask(&sandbox, Api::Messages, "[[sandbox events=20 interval_us=2000]]", true).await;
    assert_eq!(streamed_text(Api::Messages, &reply.events()).split_whitespace().count(), 20);
    assert!(start.elapsed() >= Duration::from_millis(40));
}
