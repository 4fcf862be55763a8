//! Every form that was ever on the wire is still read. The files are never changed: what grows gets a
//! further directory.

use std::collections::BTreeSet;
use std::path::Path;

use ledger::wire::v1::{Call, Extent, Outcome, Reply, Verb};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn fixture(path: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/wire")
        .join(path);
    let bytes = sys::file::read_bounded(&path, 1 << 20).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn read<T: DeserializeOwned>(values: &[Value]) -> Vec<T> {
    let each = values.iter().map(|value| {
        serde_json::from_value(value.clone()).unwrap_or_else(|e| panic!("{e} in {value}"))
    });
    each.collect()
}

/// Reads the newest form and writes the very same.
fn same<T: DeserializeOwned + Serialize>(values: &[Value], tag: &str) -> BTreeSet<String> {
    for (value, read) in values.iter().zip(read::<T>(values)) {
        assert_eq!(&serde_json::to_value(read).unwrap(), value);
    }
    let tags = values.iter().map(|value| value[tag].as_str().unwrap());
    tags.map(Into::into).collect()
}

#[test]
fn the_first_calls_and_replies_are_still_read() {
    let calls: Vec<Call> = read(&fixture("1.0/calls.json"));
    let replies: Vec<Reply> = read(&fixture("1.0/replies.json"));
    assert_eq!((calls.len(), replies.len()), (11, 16));
    let Some(Call::Begin {
        plan,
        despite_freeze: None,
        ..
    }) = calls.iter().find(|call| matches!(call, Call::Begin { .. }))
    else {
        panic!()
    };
    let plan: rollout::journal::v1::Plan = plan.read().unwrap();
    assert_eq!(plan.candidate.vsn, "2");
    let Some(Call::Append {
        entries,
        effect: Outcome { behind, .. },
        taken,
        ..
    }) = calls
        .iter()
        .find(|call| matches!(call, Call::Append { .. }))
    else {
        panic!()
    };
    assert!(behind.is_empty() && taken.is_empty());
    assert_eq!(entries.iter().map(|it| it.v).collect::<Vec<_>>(), [1, 1]);
    let entry: rollout::journal::v1::Entry = entries[1].read().unwrap();
    assert_eq!((entry.seq, entry.intents.len()), (2, 1));
}

#[test]
fn what_is_said_today_is_written_as_it_was_read() {
    let calls = same::<Call>(&fixture("1.1/calls.json"), "call");
    assert_eq!(calls.len(), CALLS);
    let replies = same::<Reply>(&fixture("1.1/replies.json"), "reply");
    assert_eq!(replies.len(), REPLIES);
    let verbs: Vec<Call> = read(&fixture("1.1/calls.json"));
    let verbs = verbs.iter().filter_map(|call| match call {
        Call::Request { verb, .. } => Some(verb.clone()),
        _ => None,
    });
    let mut verbs: Vec<Verb> = verbs.collect();
    verbs.dedup();
    assert_eq!(verbs.len(), 6);
    // What they have gained since.
    same::<Call>(&fixture("1.2/calls.json"), "call");
    same::<Reply>(&fixture("1.2/replies.json"), "reply");
    same::<Call>(&fixture("1.3/calls.json"), "call");
    same::<Reply>(&fixture("1.3/replies.json"), "reply");
    let gained: Vec<Call> = read(&fixture("1.2/calls.json"));
    let [Call::Request { verb, .. }] = gained.as_slice() else {
        panic!("{gained:?}")
    };
    let at_step = Verb::Promote {
        extent: Extent::Next,
        at: Some("s3".into()),
    };
    assert_eq!(verb, &at_step);
}

const CALLS: usize = 17;
const REPLIES: usize = 13;

/// A new variant stops this from compiling: give it a fixture, and count it above.
#[expect(dead_code, reason = "it is there to be compiled")]
fn has_fixtures(call: &Call, reply: &Reply) {
    match call {
        Call::Acquire { .. }
        | Call::Renew { .. }
        | Call::Release { .. }
        | Call::Leases { .. }
        | Call::ForceRelease { .. }
        | Call::RequestAbort { .. }
        | Call::Request { .. }
        | Call::Taken { .. }
        | Call::Freeze { .. }
        | Call::Thaw { .. }
        | Call::Freezes { .. }
        | Call::Verify
        | Call::Begin { .. }
        | Call::Append { .. }
        | Call::Rollout { .. }
        | Call::Rollouts { .. }
        | Call::Service { .. } => {}
    }
    match reply {
        Reply::Acquired { .. }
        | Reply::Held { .. }
        | Reply::Renewed { .. }
        | Reply::Asked { .. }
        | Reply::Freezes { .. }
        | Reply::Verified { .. }
        | Reply::Done
        | Reply::Leases { .. }
        | Reply::Begun { .. }
        | Reply::Rollout { .. }
        | Reply::Rollouts { .. }
        | Reply::Service { .. }
        | Reply::Refused { .. } => {}
    }
}
