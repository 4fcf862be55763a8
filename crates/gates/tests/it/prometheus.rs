//! Queries of a real Prometheus.

use std::time::Duration;

use analysis::{
    Criteria, Look, Measurement, Number, Outcome, QueryTemplate, Threshold, ThresholdSettings,
    Variables,
};
use gates::{AnswerError, Auth, ExchangeError, Measured, Prometheus, PrometheusError, Trust};

use crate::rig::Server;
use crate::running::{Running, tls_dir};

const TIMEOUT: Duration = Duration::from_secs(20);
const METRICS: &str = "\
answers_total{service=\"shop\",artifact=\"b3\",class=\"2xx\"} 990
answers_total{service=\"shop\",artifact=\"b3\",class=\"5xx\"} 10
answers_total{service=\"shop\",artifact=\"77\",class=\"2xx\"} 5000
idle_total 0
";

/// Asks until there is a value: the first scrape comes when it comes.
async fn first_value(prometheus: &Prometheus, query: &str) -> Number {
    for _ in 0..300 {
        if let Measured::Value(value) = prometheus.query(query).await.unwrap() {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no value of {query}");
}

fn refused(error: PrometheusError) -> AnswerError {
    match error {
        PrometheusError::Answer { source, .. } => source,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_real_prometheus_gives_values_no_data_and_reasons() {
    let target = Server::answering(200, METRICS).await;
    let running = Running::reading(target.address);
    let url = format!("http://{}", running.authority);
    let prometheus = Prometheus::new(&url, Auth::NONE, TIMEOUT).unwrap();

    let share = QueryTemplate::parse(
        "sum(answers_total{service=\"{{service}}\",artifact=\"{{artifact}}\",class=\"5xx\"})\n\
         / sum(answers_total{service=\"{{service}}\",artifact=\"{{artifact}}\"})",
    )
    .unwrap();
    let variables = Variables {
        service: "shop",
        environment: "production",
        artifact: "b3",
        vsn: "1.0.0",
        stable_artifact: Some("77"),
        interval_ms: 60_000,
    };
    let query = share.fill(&variables).unwrap();
    assert_eq!(first_value(&prometheus, &query).await, Number::new(0.01));
    assert_eq!(
        prometheus.query("scalar(vector(2))").await.unwrap(),
        Measured::Value(Number::new(2.0))
    );

    let nothing = "answers_total{service=\"another\"}";
    assert_eq!(prometheus.query(nothing).await.unwrap(), Measured::NoData);
    // Nothing by nothing: a candidate without traffic. It is no success.
    let idle = prometheus.measure("idle_total / idle_total").await;
    assert_eq!(idle, Measurement::Value(Number::new(f64::NAN)));
    let criteria = Criteria::Success("<= 1".parse().unwrap());
    let mut threshold = Threshold::new(ThresholdSettings::usual(criteria));
    threshold.see(idle);
    let outcome = threshold.outcome(Look::Midway);
    assert!(
        matches!(outcome, Outcome::Inconclusive { .. }),
        "{outcome:?}"
    );

    let several = prometheus.query("answers_total").await.unwrap_err();
    assert_eq!(refused(several), AnswerError::Series(3));
    let range = prometheus.query("idle_total[1m]").await.unwrap_err();
    assert_eq!(refused(range), AnswerError::Kind("matrix".to_owned()));
    let bad = prometheus.query("sum(").await.unwrap_err().to_string();
    assert!(
        bad.contains("bad_data") && bad.contains("parse error"),
        "{bad}"
    );
}

#[tokio::test]
async fn a_secured_prometheus_is_asked_over_tls_with_credentials() {
    let running = Running::secured();
    let port = running.authority.rsplit(':').next().unwrap();
    let authority = std::fs::read(tls_dir().join("authority.pem")).unwrap();
    let at = |scheme: &str, host: &str, password: &str, trust: Trust| {
        let auth = Auth::basic("reader", password).unwrap();
        Prometheus::new(&format!("{scheme}://{host}:{port}"), auth, TIMEOUT)
            .unwrap()
            .trusting(trust)
    };
    let trust = || Trust::Pem(authority.clone());

    for host in ["localhost", "127.0.0.1"] {
        let value = at("https", host, "only for tests", trust())
            .query("vector(1)")
            .await;
        assert_eq!(value.unwrap(), Measured::Value(Number::new(1.0)), "{host}");
    }

    let wrong = at("https", "localhost", "a secret", trust())
        .query("vector(1)")
        .await
        .unwrap_err();
    let told = wrong.to_string();
    assert!(
        matches!(wrong, PrometheusError::Credentials { status: 401, .. }),
        "{told}"
    );
    assert!(!told.contains("secret"), "{told}");

    // A certificate by nobody that this machine knows, or by none at all, is no secure connection.
    let stranger = at("https", "localhost", "only for tests", Trust::System)
        .query("vector(1)")
        .await
        .unwrap_err();
    match stranger {
        PrometheusError::Exchange(
            source @ (ExchangeError::Tls { .. } | ExchangeError::Trust(_)),
        ) => assert!(source.nothing_sent()),
        other => panic!("{other}"),
    }
    let plain = at("http", "localhost", "only for tests", trust())
        .query("vector(1)")
        .await
        .unwrap_err();
    assert!(
        matches!(plain, PrometheusError::Status { status: 400, .. }),
        "{plain}"
    );
}

#[tokio::test]
async fn a_query_is_posted_under_the_path_with_the_token() {
    let answer = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}"#;
    let server = Server::answering(200, answer).await;
    let auth = Auth::bearer("a-token").unwrap();
    let prometheus = Prometheus::new(&server.url("/prometheus/"), auth, TIMEOUT).unwrap();
    assert!(!format!("{prometheus:?}").contains("a-token"));
    let value = prometheus.query("up{a=\"&\"}").await.unwrap();
    assert_eq!(value, Measured::Value(Number::new(7.0)));
    let asked = &server.asked()[0];
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.target, "/prometheus/api/v1/query");
    assert_eq!(asked.headers["authorization"], "Bearer a-token");
    assert_eq!(
        asked.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(asked.body, "query=up%7Ba%3D%22%26%22%7D&timeout=20000ms");
}
