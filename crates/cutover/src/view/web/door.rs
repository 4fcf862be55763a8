//! What the server answers: the page, the stream of snapshots, and orders.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use coordinator::{Snapshot, Verb};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, channel::Channel};
use tokio::sync::{mpsc, watch};

use super::guard::{Guard, Refused};

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");
/// Nothing but what this server gives; nobody may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// Time between two snapshots at least.
const SNAPSHOT_EVERY: Duration = Duration::from_millis(200);
/// A sign of life where nothing changes, so that a page sees a connection that is gone.
const ALIVE_EVERY: Duration = Duration::from_secs(5);

type Answer = Response<BoxBody<Bytes, std::convert::Infallible>>;

/// Answers requests.
#[derive(Debug)]
pub(super) struct Door {
    guard: Guard,
    view: watch::Receiver<Option<Arc<Snapshot>>>,
    /// Where orders go; nowhere where it is read-only.
    orders: Option<mpsc::UnboundedSender<Verb>>,
    /// Held by every page that is open.
    page: Mutex<Option<mpsc::Sender<()>>>,
}

impl Door {
    pub(super) fn new(
        guard: Guard,
        view: watch::Receiver<Option<Arc<Snapshot>>>,
        orders: Option<mpsc::UnboundedSender<Verb>>,
        page: mpsc::Sender<()>,
    ) -> Self {
        Self {
            guard,
            view,
            orders,
            page: Mutex::new(Some(page)),
        }
    }

    /// Lets no more pages in.
    pub(super) fn end(&self) {
        drop(self.page.lock().ok().and_then(|mut page| page.take()));
    }

    /// Answers a request.
    pub(super) fn answer<B>(&self, request: Request<B>) -> Answer {
        let answer = self.guard.place(request.headers()).and_then(|()| {
            Ok(match (request.method(), request.uri().path()) {
                (&Method::GET, "/") => text("text/html; charset=utf-8", PAGE),
                (&Method::GET, "/page.js") => text("text/javascript; charset=utf-8", SCRIPT),
                (&Method::GET, "/page.css") => text("text/css; charset=utf-8", STYLE),
                (&Method::GET, "/events") => {
                    self.guard.query(request.uri())?;
                    self.events()
                }
                (&Method::POST, path) => {
                    self.guard.header(request.headers())?;
                    self.order(path)
                }
                _ => status(StatusCode::NOT_FOUND, "there is no such page"),
            })
        });
        let mut answer = answer
            .unwrap_or_else(|refused: Refused| status(StatusCode::FORBIDDEN, &refused.to_string()));
        let headers = answer.headers_mut();
        for (name, value) in [
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            (CACHE_CONTROL, "no-store"),
        ] {
            headers.insert(name, http::HeaderValue::from_static(value));
        }
        answer
    }

    fn order(&self, path: &str) -> Answer {
        let word = path.strip_prefix("/orders/").unwrap_or_default();
        let verb = Verb::ALL.into_iter().find(|verb| slug(*verb) == word);
        match (verb, &self.orders) {
            (None, _) => status(StatusCode::NOT_FOUND, "there is no such verb"),
            (_, None) => status(StatusCode::FORBIDDEN, "this view is read-only"),
            (Some(verb), Some(orders)) => match orders.send(verb) {
                Ok(()) => status(StatusCode::ACCEPTED, "it is asked for"),
                Err(_) => status(StatusCode::GONE, "the rollout is no longer watched"),
            },
        }
    }

    /// A stream of snapshots, each when something changed.
    fn events(&self) -> Answer {
        let page = self.page.lock().ok().and_then(|page| page.clone());
        let Some(page) = page else {
            return status(StatusCode::GONE, "the rollout is no longer watched");
        };
        let (mut sender, body) = Channel::<Bytes>::new(1);
        let mut view = self.view.clone();
        let read_only = self.orders.is_none();
        view.mark_changed();
        tokio::spawn(async move {
            loop {
                let changed = tokio::time::timeout(ALIVE_EVERY, view.changed()).await;
                let event = match changed {
                    Err(_) => Bytes::from_static(b": here\n\n"),
                    Ok(Err(_)) => break,
                    Ok(Ok(())) => {
                        let snapshot = view.borrow_and_update().clone();
                        match snapshot.map(|snapshot| event(&snapshot, read_only)) {
                            Some(event) => event,
                            None => continue,
                        }
                    }
                };
                if sender.send_data(event).await.is_err() {
                    return;
                }
                tokio::time::sleep(SNAPSHOT_EVERY).await;
            }
            // The second is taken only after the first, so the page has the last snapshot by then.
            for _ in 0..2 {
                let end = Bytes::from_static(b"event: end\ndata: {}\n\n");
                if sender.send_data(end).await.is_err() {
                    break;
                }
            }
            drop(page);
        });
        let body = body.boxed();
        let mut answer = Response::new(body);
        let kind = http::HeaderValue::from_static("text/event-stream");
        answer.headers_mut().insert(CONTENT_TYPE, kind);
        answer
    }
}

/// A verb in an address.
fn slug(verb: Verb) -> String {
    verb.word().replace(" --", "-")
}

fn event(snapshot: &Snapshot, read_only: bool) -> Bytes {
    let mut value = serde_json::to_value(snapshot).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        // The page draws the diagram itself.
        fields.remove("mermaid");
        fields.insert("read_only".into(), read_only.into());
    }
    Bytes::from(format!("event: snapshot\ndata: {value}\n\n"))
}

fn text(kind: &'static str, text: &'static str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from_static(text.as_bytes())).boxed());
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
    answer
}

fn status(status: StatusCode, words: &str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(words.to_owned())).boxed());
    *answer.status_mut() = status;
    let kind = http::HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}
