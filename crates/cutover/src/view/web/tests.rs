//! The page in a real browser, and requests that must be refused.

use std::sync::Arc;

use browser::Browser;
use coordinator::{Snapshot, Verb};
use rollout::DiagramState as State;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};

use super::{Wanted, Web};
use crate::view::example::canary;

/// A server with what it is fed and asked.
struct Served {
    view: Option<watch::Sender<Option<Arc<Snapshot>>>>,
    orders: mpsc::UnboundedReceiver<Verb>,
    end: Option<oneshot::Sender<()>>,
    server: tokio::task::JoinHandle<()>,
    url: String,
}

impl Served {
    async fn new(read_only: bool) -> Self {
        let (view, seen) = watch::channel(Some(Arc::new(canary(5))));
        let (asked, orders) = mpsc::unbounded_channel();
        let wanted = Wanted { port: 0, read_only };
        let web = Web::bind(wanted, seen, asked).await.unwrap();
        let url = web.url().to_owned();
        let (end, ended) = oneshot::channel::<()>();
        let server = tokio::spawn(web.serve(async move { drop(ended.await) }));
        Self {
            view: Some(view),
            orders,
            end: Some(end),
            server,
            url,
        }
    }

    fn address(&self) -> String {
        let address = self.url.strip_prefix("http://").unwrap();
        address.split('/').next().unwrap().to_owned()
    }

    fn token(&self) -> &str {
        self.url.rsplit('#').next().unwrap()
    }

    /// Sends a request as it is, and returns the head of the answer.
    async fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let count = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..count]).into_owned()
    }

    async fn end(mut self) {
        drop(self.view.take());
        drop(self.end.take());
        self.server.await.unwrap();
    }
}

#[tokio::test]
async fn the_page_shows_the_steps_changes_live_and_gives_orders() {
    let mut served = Served::new(false).await;
    let browser = Browser::open().await.unwrap();
    browser.go(&served.url).await.unwrap();
    let waits = "document.querySelector('[data-step=pause]')?.classList.contains('waiting')";
    browser.wait(waits, 30).await.unwrap();
    let text = browser.text().await.unwrap();
    for words in [
        "weight-25",
        "commit",
        "0.2.0",
        "web-3",
        "GET /health 503: no database",
        "a promotion",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    picture(&browser, "web-waits").await;

    browser
        .run(
            "document.querySelector('[data-verb=promote]').click();",
            vec![],
        )
        .await
        .unwrap();
    assert_eq!(served.orders.recv().await, Some(Verb::Promote));
    let mut next = canary(5);
    next.phase = "progressing";
    next.waiting = None;
    next.diagram.parts[0].boxes[5].state = State::Done { took_ms: 301_000 };
    next.diagram.parts[0].boxes[6].state = State::Active {
        since_ms: next.at_ms,
    };
    for host in &mut next.hosts {
        host.weight = Some(100);
    }
    served
        .view
        .as_ref()
        .unwrap()
        .send_replace(Some(Arc::new(next)));
    let moved = "document.querySelector('[data-step=weight-100]').classList.contains('active')";
    browser.wait(moved, 30).await.unwrap();

    // An abort asks first.
    let abort = "document.querySelector('[data-verb=abort]').click();";
    browser.run(abort, vec![]).await.unwrap();
    browser
        .wait("document.getElementById('sure').open", 10)
        .await
        .unwrap();
    assert!(served.orders.try_recv().is_err());
    let yes = "document.querySelector('#sure button[value=yes]').click();";
    browser.run(yes, vec![]).await.unwrap();
    assert_eq!(served.orders.recv().await, Some(Verb::Abort));

    served.end().await;
    browser
        .wait(
            "document.body.innerText.includes('This view has ended')",
            30,
        )
        .await
        .unwrap();
    browser.close().await;
}

#[tokio::test]
async fn a_page_that_loses_its_server_says_so() {
    let served = Served::new(true).await;
    let browser = Browser::open().await.unwrap();
    browser.go(&served.url).await.unwrap();
    browser
        .wait("document.querySelector('[data-step=pause]')", 30)
        .await
        .unwrap();
    assert_eq!(
        browser
            .run(
                "return document.querySelectorAll('button[data-verb]').length;",
                vec![]
            )
            .await
            .unwrap(),
        0
    );
    served.server.abort();
    // The connections are tasks of their own: the page sees the end of its stream when the view goes.
    drop(served.view);
    browser.wait("!document.getElementById('lost').hidden || document.body.innerText.includes('has ended')", 30).await.unwrap();
    browser.close().await;
}

#[tokio::test]
async fn nobody_else_is_answered() {
    let mut served = Served::new(false).await;
    let (address, token) = (served.address(), served.token().to_owned());
    let post = |host: &str, extra: &str| {
        format!(
            "POST /orders/abort HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n{extra}\r\n"
        )
    };
    let with = format!("x-cutover-token: {token}\r\n");
    for request in [
        post(&address, ""),
        post(&address, "x-cutover-token: 00\r\n"),
        post(&address, &format!("{with}Origin: https://evil.example\r\n")),
        post(&address, &format!("{with}Origin: null\r\n")),
        post("evil.example", &with),
        format!("GET /events HTTP/1.1\r\nHost: {address}\r\n\r\n"),
        format!("GET /events?token={token} HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
        "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(),
    ] {
        let answer = served.ask(&request).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{request}: {answer}");
    }
    assert!(served.orders.try_recv().is_err());
    let answer = served.ask(&post(&address, &with)).await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    assert_eq!(served.orders.recv().await, Some(Verb::Abort));
    let page = served
        .ask(&format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n"))
        .await;
    assert!(
        page.contains("content-security-policy: default-src 'none'"),
        "{page}"
    );
    served.end().await;
}

#[tokio::test]
async fn a_read_only_view_takes_no_orders() {
    let served = Served::new(true).await;
    let (address, token) = (served.address(), served.token().to_owned());
    let request = format!(
        "POST /orders/promote HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nx-cutover-token: {token}\r\n\r\n"
    );
    let answer = served.ask(&request).await;
    assert!(
        answer.starts_with("HTTP/1.1 403") && answer.contains("read-only"),
        "{answer}"
    );
    served.end().await;
}

/// Leaves a picture for people where `CUTOVER_PICTURES` names a directory.
async fn picture(browser: &Browser, name: &str) {
    if let Some(dir) = std::env::var_os("CUTOVER_PICTURES") {
        let picture = browser.picture().await.unwrap();
        let path = std::path::Path::new(&dir).join(format!("{name}.png"));
        let mut file = std::fs::File::create(path).unwrap();
        std::io::Write::write_all(&mut file, &picture).unwrap();
    }
}
