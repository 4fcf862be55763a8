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
use crate::refusal::Refusal;

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
                    let reads = request.method() == ::http::Method::GET;
                    let answer = async move { calls::answer(&agent, request).await };
                    let answer = if reads {
                        answer.await
                    } else {
                        to_its_end(answer).await
                    };
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

/// Does what changes something to its end, also when the client hangs up meanwhile: half of it is worse
/// than all, or nothing.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => Err(Refusal::failed("panicked", error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn what_was_begun_is_done_although_nobody_waits_for_it() {
        let (begun, has_begun) = oneshot::channel();
        let (go_on, may_go_on) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        let work = to_its_end(async move {
            begun.send(()).unwrap();
            may_go_on.await.unwrap();
            done.send(()).unwrap();
            Ok(())
        });
        tokio::select! {
            _ = work => panic!("it cannot be done yet"),
            begun = has_begun => begun.unwrap(),
        }
        go_on.send(()).unwrap();
        is_done.await.unwrap();
    }
}
