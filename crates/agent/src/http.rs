//! The agent's API served: connections, requests, answers.

mod calls;
mod logs;
mod reply;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::UnixListener;

use crate::agent::Agent;

/// Time for a client to send the head of its request.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Pause after a connection could not be accepted, as when descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until the agent is told to end.
pub(crate) async fn serve(listener: UnixListener, agent: Arc<Agent>) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let agent = agent.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let agent = agent.clone();
                async move {
                    let answer = calls::answer(&agent, request).await;
                    Ok::<_, Infallible>(answer.unwrap_or_else(|refusal| {
                        if refusal.status == ::http::StatusCode::NOT_FOUND {
                            tracing::debug!(kind = refusal.kind, %refusal, "refused");
                        } else {
                            tracing::info!(kind = refusal.kind, %refusal, "refused");
                        }
                        reply::refusal(&refusal)
                    }))
                }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended badly");
            }
        });
    }
}
