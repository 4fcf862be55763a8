//! Clients that order: each order has a key of its own, and is sent once.

use http::{HeaderName, Method};

use super::Client;
use super::request::{Call, Pace, Requester};

/// The server's count of how often it saw a key, in the answer to an order.
#[derive(serde::Deserialize)]
struct Executed {
    seen: u64,
}

/// Orders until the load stops.
pub(crate) async fn order(client: Client, mut pace: Pace) {
    let shared = client.shared.clone();
    let mut requester = Requester::new(client, |tally| &mut tally.post);
    requester.open_first().await;
    while requester.next(&mut pace).await {
        let key = shared.next_key();
        let answer = requester
            .call(&Call {
                method: Method::POST,
                path: &shared.options.post_path,
                header: Some((HeaderName::from_static("idempotency-key"), &key)),
            })
            .await;
        let mut tally = shared.tally();
        let Some(answer) = answer else {
            tally.keys.failed.push(key);
            continue;
        };
        if serde_json::from_slice::<Executed>(&answer.body).is_ok_and(|order| order.seen > 1) {
            tally.orders.seen_before += 1;
        }
        tally.keys.answered.push(key);
    }
}
