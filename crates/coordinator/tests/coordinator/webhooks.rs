//! Webhooks that are told, that turn a rollout back, that are measured and that have to agree.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use analysis::{Condition, Criteria, Number};
use coordinator::{NamedUrl, Request, Webhooks};
use rollout::{
    Analysis, BlueGreen, Hook, HookPoint, HookRun, Metric, OnFailure, Phase, Source, Strategy,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::rig::{Rig, deploy, patient};

/// What a webhook was told, by its path.
type Told = Arc<Mutex<Vec<(String, Value)>>>;

/// Serves webhooks on loopback: `answer` says the status for a path and how often it was called before.
async fn serve(answer: fn(&str, usize) -> u16) -> (String, Told) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let told = Told::default();
    let kept = told.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut text = Vec::new();
            let mut piece = [0; 4096];
            let (path, body) = loop {
                let Ok(count @ 1..) = stream.read(&mut piece).await else {
                    break (String::new(), Value::Null);
                };
                text.extend_from_slice(&piece[..count]);
                let whole = String::from_utf8_lossy(&text).into_owned();
                let Some((head, body)) = whole.split_once("\r\n\r\n") else {
                    continue;
                };
                if let Ok(body) = serde_json::from_str(body) {
                    break (head.split(' ').nth(1).unwrap().to_owned(), body);
                }
            };
            let status = {
                let mut kept = kept.lock().unwrap();
                let before = kept.iter().filter(|(other, _)| *other == path).count();
                kept.push((path.clone(), body));
                answer(&path, before)
            };
            let head =
                format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
            stream.write_all(head.as_bytes()).await.unwrap();
        }
    });
    (base, told)
}

fn named(name: &str, url: String) -> Vec<NamedUrl> {
    vec![NamedUrl {
        name: name.into(),
        url,
    }]
}

fn with_webhooks(webhooks: Webhooks) -> Request {
    let mut request = deploy('b');
    request.settings.webhooks = webhooks;
    request
}

#[tokio::test]
async fn a_rollback_webhook_turns_back_and_an_event_webhook_hears_of_it() {
    let (base, told) = serve(|path, _| if path == "/event" { 500 } else { 200 }).await;
    let webhooks = Webhooks {
        event: named("chat", format!("{base}/event")),
        rollback: named("panic", format!("{base}/rollback")),
    };
    let mut rig = Rig::serving_in_real_time(1).await;
    let outcome = rig.run(patient(with_webhooks(webhooks))).await.unwrap();
    assert_eq!((outcome.phase, outcome.finished), (Phase::Aborted, true));
    let cause = outcome.cause.unwrap();
    assert!(cause.contains("aborted by webhook panic"), "{cause}");

    // It says 500 to everything, which changes nothing; it hears of the end all the same.
    let heard: Vec<String> = told
        .lock()
        .unwrap()
        .iter()
        .filter(|(path, _)| path == "/event")
        .map(|(_, body)| {
            body["metadata"]["eventMessage"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(heard[0].contains("progressing: start"), "{heard:?}");
    assert!(heard.last().unwrap().contains("aborted"), "{heard:?}");
    let asked = told.lock().unwrap();
    let (_, rollback) = asked.iter().find(|(path, _)| path == "/rollback").unwrap();
    assert_eq!(
        (&rollback["name"], &rollback["type"]),
        (&"shop".into(), &"rollback".into())
    );
}

#[tokio::test]
async fn a_webhook_is_asked_until_it_agrees_and_another_one_is_measured() {
    let (base, told) = serve(|path, before| match (path, before) {
        ("/confirm", 0) => 403,
        _ => 200,
    })
    .await;
    let metric = Metric {
        name: "smoke".into(),
        source: Source::Webhook {
            url: format!("{base}/smoke"),
        },
        threshold: analysis::ThresholdSettings {
            interval_ms: 500,
            count: Some(2),
            ..analysis::ThresholdSettings::usual(Criteria::Success(Condition::AtLeast(
                Number::new(1.0),
            )))
        },
    };
    let analysis = Analysis {
        for_ms: 2_000,
        interval_ms: 500,
        comparison: None,
        latency: None,
        metrics: vec![metric],
    };
    let request = Request {
        strategy: Strategy::BlueGreen(BlueGreen {
            pre_promotion: Some(analysis),
            pause: None,
            post_promotion: None,
        }),
        hooks: vec![Hook {
            point: HookPoint::ConfirmPromotion,
            name: "boss".into(),
            run: HookRun::Webhook {
                url: format!("{base}/confirm"),
            },
            timeout_ms: 5_000,
            on_failure: OnFailure::Abort,
        }],
        ..deploy('b')
    };
    let mut rig = Rig::serving_in_real_time(1).await;
    let outcome = tokio::time::timeout(Duration::from_secs(300), rig.run(patient(request)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(outcome.phase, Phase::Healthy, "{outcome:?}");
    let told = told.lock().unwrap();
    let calls = |wanted: &str| told.iter().filter(|(path, _)| path == wanted).count();
    assert_eq!(calls("/confirm"), 2);
    assert!(calls("/smoke") >= 2);
    let receipt = outcome.receipt.unwrap();
    assert!(
        receipt
            .analyses
            .iter()
            .any(|found| found.name == "smoke" && found.outcome == "successful"),
        "{:?}",
        receipt.analyses
    );
}

#[tokio::test]
async fn a_webhook_that_says_no_is_told_by_name_and_status_and_hears_why_it_was_given_up() {
    let (base, told) = serve(|path, _| if path == "/no" { 403 } else { 200 }).await;
    let hook = |point, name: &str, path: &str| Hook {
        point,
        name: name.into(),
        run: HookRun::Webhook {
            url: format!("{base}{path}"),
        },
        timeout_ms: 5_000,
        on_failure: OnFailure::Abort,
    };
    let request = Request {
        hooks: vec![
            hook(HookPoint::PreRollout, "boss", "/no"),
            hook(HookPoint::OnAbort, "chat", "/told"),
        ],
        ..deploy('b')
    };
    let mut rig = Rig::serving_in_real_time(1).await;
    let outcome = rig.run(patient(request)).await.unwrap();
    let cause = "the pre-rollout hook boss failed: it answered with status 403: ok";
    assert_eq!(outcome.cause.as_deref(), Some(cause));
    let told = told.lock().unwrap();
    let (_, heard) = told.iter().find(|(path, _)| path == "/told").unwrap();
    assert_eq!(heard["metadata"]["reason"], cause);
}
