//! Every call of [`crate::api::v1`], told apart by method and path.

use http::{Method, Request};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

use super::logs;
use super::reply::{Answer, json, stream, text};
use crate::agent::Agent;
use crate::api::v1::{ORDER_HEADER, StopAgent, TOKEN_HEADER};
use crate::client::Follow;
use crate::farewell::Going;
use crate::refusal::{Refusal, blocking};
use crate::{artifacts, name};

/// Bytes of a request's body.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
const LINES_DEFAULT: usize = 100;

type Asked = Request<Incoming>;

/// Answers one request.
pub(super) async fn answer(agent: &Agent, request: Asked) -> Answer {
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let method = request.method().clone();
    match (&method, parts.as_slice()) {
        (&Method::GET, ["metrics"]) => text(agent.metrics().await),
        (&Method::GET, ["v1", "agent"]) => json(&agent.info().await),
        (&Method::POST, ["v1", "agent", "stop"]) => {
            let StopAgent { everything } = body(request).await?;
            agent.stop(if everything {
                Going::WithEverything
            } else {
                Going::Alone
            });
            json(&())
        }
        (&Method::GET, ["v1", "artifacts"]) => {
            let home = agent.home.clone();
            json(&blocking(move || artifacts::list(&home)).await?)
        }
        (&Method::POST, ["v1", "artifacts"]) => {
            let (home, import) = (agent.home.clone(), body(request).await?);
            json(&blocking(move || artifacts::import(&home, &import)).await?)
        }
        (&Method::POST, ["v1", "ledger"]) => json(&agent.ledger(body(request).await?).await?),
        (&Method::GET, ["v1", "instances"]) => {
            let all = agent.instances.all();
            json(&all.iter().map(|i| i.status()).collect::<Vec<_>>())
        }
        (_, ["v1", "instances", id]) => instance(agent, &method, id, request).await,
        (_, ["v1", "instances", id, verb]) => verb_of(agent, &method, id, verb, request).await,
        (&Method::PUT, ["v1", "runs", id]) => {
            let token = token(&request)?;
            let asked: crate::api::v1::Run = body(request).await?;
            agent
                .tokens
                .admit(name::instance(&asked.instance)?.0, token)?;
            json(&agent.runs.begin(id, asked, &agent.instances).await?)
        }
        (&Method::GET, ["v1", "runs", id]) => json(&agent.runs.status(id).await?),
        (_, ["v1", "services", key, verb]) => service(agent, &method, key, verb, request).await,
        _ => Err(no_such_call(&method, &path)),
    }
}

async fn instance(agent: &Agent, method: &Method, id: &str, request: Asked) -> Answer {
    let service = name::instance(id)?.0;
    match *method {
        Method::GET => json(&agent.instances.get(id)?.status()),
        Method::PUT => {
            let token = token(&request)?;
            let spec = body(request).await?;
            agent.tokens.admit(service, token)?;
            json(&agent.instances.start(id, spec).await?)
        }
        Method::DELETE => {
            agent.tokens.admit(service, token(&request)?)?;
            agent.instances.remove(id).await?;
            json(&())
        }
        _ => Err(no_such_call(method, request.uri().path())),
    }
}

async fn verb_of(agent: &Agent, method: &Method, id: &str, verb: &str, request: Asked) -> Answer {
    let instance = agent.instances.get(id)?;
    let service = name::instance(id)?.0;
    match (method, verb) {
        (&Method::GET, "logs") => {
            let (lines, follow) = log_query(&request)?;
            stream(logs::body(instance.logs(), lines, follow).await?)
        }
        (&Method::GET, "launch") => json(&instance.launch()?),
        (&Method::POST, "probe") => json(&instance.probe().await),
        (&Method::POST, "stop") => {
            let token = token(&request)?;
            let stop: crate::api::v1::Stop = body(request).await?;
            agent.tokens.admit(service, token)?;
            json(&instance.stop(stop.timeout_ms).await?)
        }
        (&Method::POST, "restart") => {
            agent.tokens.admit(service, token(&request)?)?;
            json(&instance.restart().await?)
        }
        (&Method::POST, "warm") => {
            let token = token(&request)?;
            let warm: crate::api::v1::Warm = body(request).await?;
            agent.tokens.admit(service, token)?;
            let until = sys::clock::now_ms().saturating_add(warm.for_ms);
            json(&instance.warm(Some(until)).await?)
        }
        _ => Err(no_such_call(method, request.uri().path())),
    }
}

async fn service(agent: &Agent, method: &Method, key: &str, verb: &str, request: Asked) -> Answer {
    name::service(key)?;
    let services = &agent.services;
    match (method, verb) {
        (&Method::GET, "route") => return json(&services.status(key).await?),
        (&Method::GET, "traffic") => return json(&services.traffic(key).await?),
        _ => {}
    }
    // What moves traffic is a coordinator's to say, and a coordinator has a token.
    let Some(token) = token(&request)? else {
        let message = format!("{verb} of {key} needs the fencing token of its lease");
        return Err(Refusal::bad("token_missing", message));
    };
    let order = number(&request, ORDER_HEADER, "bad_order")?;
    let admit = || {
        agent.tokens.admit(key, Some(token))?;
        agent.orders.admit(key, token, order)
    };
    match (method, verb) {
        (&Method::PUT, "route") => {
            let route = body(request).await?;
            admit()?;
            json(&services.route(key, route).await?)
        }
        (&Method::POST, "renew") => {
            let renew = body(request).await?;
            admit()?;
            json(&services.renew(key, &renew).await?)
        }
        (&Method::POST, "ready") => {
            let ready: crate::api::v1::Ready = body(request).await?;
            admit()?;
            json(&services.ready(key, &ready).await?)
        }
        (&Method::POST, "prepare") => {
            admit()?;
            json(&services.prepare(key).await?)
        }
        (&Method::POST, "commit") => {
            admit()?;
            json(&services.commit(key).await?)
        }
        (&Method::POST, "drain") => {
            let drain = body(request).await?;
            admit()?;
            json(&services.drain(key, &drain).await?)
        }
        _ => Err(no_such_call(method, request.uri().path())),
    }
}

fn log_query(request: &Asked) -> Result<(usize, Follow), Refusal> {
    let mut lines = LINES_DEFAULT;
    let mut follow = Follow::No;
    for pair in request.uri().query().unwrap_or_default().split('&') {
        match pair.split_once('=') {
            Some(("lines", n)) => {
                lines = n
                    .parse()
                    .map_err(|_| Refusal::bad("bad_query", format!("lines={n} is no number")))?;
            }
            Some(("follow", "1")) => follow = Follow::Yes,
            _ => {}
        }
    }
    Ok((lines, follow))
}

fn token(request: &Asked) -> Result<Option<u64>, Refusal> {
    number(request, TOKEN_HEADER, "bad_token")
}

/// The number in a header, if there is one.
fn number(request: &Asked, header: &str, wrong: &'static str) -> Result<Option<u64>, Refusal> {
    let Some(value) = request.headers().get(header) else {
        return Ok(None);
    };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number
        .map(Some)
        .ok_or_else(|| Refusal::bad(wrong, format!("{header}: {value:?} is no number")))
}

async fn body<T: DeserializeOwned>(request: Asked) -> Result<T, Refusal> {
    let bytes = Limited::new(request.into_body(), BODY_BYTES_MAX)
        .collect()
        .await
        .map_err(|error| Refusal::bad("bad_body", error))?
        .to_bytes();
    serde_json::from_slice(&bytes).map_err(|error| Refusal::bad("bad_body", error))
}

fn no_such_call(method: &Method, path: &str) -> Refusal {
    Refusal::unknown("no_such_call", format!("no call {method} {path}"))
}
