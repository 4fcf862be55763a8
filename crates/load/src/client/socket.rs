//! A client of a WebSocket: sends numbered messages, awaits their echoes, and comes back when moved.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::HeaderValue;
use http::header::HOST;
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::Client;
use super::connection::{connect, describe};
use crate::Target;
use crate::tally::keep_example;

/// How long a closing socket may take to end, and how long late echoes are awaited at the end.
const CLOSE_WAIT: Duration = Duration::from_secs(2);
/// How many messages may be without their echo before no more are sent.
const UNANSWERED_MAX: usize = 64;
/// The code of a close frame that has none (RFC 6455, 7.1.5).
const NO_CODE: u16 = 1005;
/// What begins every message of ours, so that the server's own are told apart.
const MARK: &str = "load ";

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// How a socket ended.
enum End {
    Closed { code: u16 },
    Cut { reason: String },
    Stopped,
}

/// Keeps one WebSocket until the load stops.
pub(crate) async fn talk(mut client: Client) {
    let mut ended: Option<(Instant, bool)> = None;
    while !client.is_stopped() {
        let options = client.options().clone();
        let sent = Instant::now();
        let mut socket = match open(&options.target, &options.ws_path, options.timeout).await {
            Ok((socket, headers)) => {
                client.saw_version(&headers, sent);
                socket
            }
            Err(reason) => {
                let shared = client.shared.clone();
                {
                    let mut tally = shared.tally();
                    tally.ws.refused += 1;
                    keep_example(&mut tally.ws.examples, || format!("open: {reason}"));
                }
                client.back_off().await;
                continue;
            }
        };
        client.connected();
        {
            let mut tally = client.shared.tally();
            tally.ws.opened += 1;
            if let Some((at, closed)) = ended.take() {
                tally.ws_reconnect.add(at.elapsed());
                tally.ws.moved += u64::from(closed);
            }
        }
        let mut unanswered = BTreeMap::new();
        let end = exchange(&mut client, &mut socket, &mut unanswered).await;
        let mut tally = client.shared.tally();
        tally.ws.unanswered += unanswered.len() as u64;
        match end {
            End::Stopped => return,
            End::Closed { code } => {
                ended = Some((Instant::now(), true));
                *tally.ws.close_codes.entry(code).or_default() += 1;
            }
            End::Cut { reason } => {
                ended = Some((Instant::now(), false));
                tally.ws.cut += 1;
                keep_example(&mut tally.ws.examples, || format!("cut: {reason}"));
            }
        }
    }
    if matches!(ended, Some((_, true))) {
        client.shared.tally().ws.stranded += 1;
    }
}

/// Opens a WebSocket.
pub(crate) async fn open(
    target: &Target,
    path: &str,
    timeout: Duration,
) -> Result<(Socket, http::HeaderMap), String> {
    let stream = connect(target.address(), timeout)
        .await
        .map_err(|failure| failure.reason)?;
    let mut request = format!("ws://{}{path}", target.address())
        .into_client_request()
        .map_err(|e| e.to_string())?;
    let host = HeaderValue::from_str(target.host()).map_err(|e| e.to_string())?;
    request.headers_mut().insert(HOST, host);
    tokio::time::timeout(timeout, client_async(request, stream))
        .await
        .map_err(|_| "no answer to the upgrade in time".to_owned())?
        .map(|(socket, answer)| (socket, answer.into_parts().0.headers))
        .map_err(|e| describe(&e))
}

/// Sends and receives until the socket ends or the load stops.
async fn exchange(
    client: &mut Client,
    socket: &mut Socket,
    unanswered: &mut BTreeMap<u64, Instant>,
) -> End {
    let mut turns = tokio::time::interval(client.options().ws_interval);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0;
    loop {
        tokio::select! {
            message = socket.next() => {
                if let Some(end) = receive(client, socket, message, unanswered).await {
                    return end;
                }
            }
            _ = turns.tick(), if unanswered.len() < UNANSWERED_MAX => {
                number += 1;
                unanswered.insert(number, Instant::now());
                client.shared.tally().ws.sent += 1;
                // A failed write is judged by what the next read says: a close frame may wait there.
                drop(socket.send(Message::text(format!("{MARK}{number}"))).await);
            }
            () = client.stopped() => return finish(client, socket, unanswered).await,
        }
    }
}

type Received = Option<Result<Message, tokio_tungstenite::tungstenite::Error>>;

/// Takes one message; returns how the socket ended, if it did.
async fn receive(
    client: &Client,
    socket: &mut Socket,
    message: Received,
    unanswered: &mut BTreeMap<u64, Instant>,
) -> Option<End> {
    match message {
        Some(Ok(Message::Text(text))) => {
            let number = text.strip_prefix(MARK).and_then(|n| n.parse().ok());
            let mut tally = client.shared.tally();
            match number.and_then(|number: u64| unanswered.remove(&number)) {
                Some(sent) => {
                    tally.ws.echoed += 1;
                    tally.ws_latency.add(sent.elapsed());
                }
                None => tally.ws.pushed += 1,
            }
            None
        }
        Some(Ok(Message::Close(frame))) => {
            let code = frame.map_or(NO_CODE, |frame| frame.code.into());
            // The answer to the close is written while the end is awaited.
            let end = async { while let Some(Ok(_)) = socket.next().await {} };
            drop(tokio::time::timeout(CLOSE_WAIT, end).await);
            Some(End::Closed { code })
        }
        Some(Ok(_)) => None,
        Some(Err(error)) => Some(End::Cut {
            reason: describe(&error),
        }),
        None => Some(End::Cut {
            reason: "ended without a close frame".to_owned(),
        }),
    }
}

/// Awaits late echoes, then closes the socket; an end that is not proper still counts.
async fn finish(
    client: &Client,
    socket: &mut Socket,
    unanswered: &mut BTreeMap<u64, Instant>,
) -> End {
    let deadline = Instant::now() + CLOSE_WAIT;
    while !unanswered.is_empty() {
        let Ok(message) = tokio::time::timeout_at(deadline, socket.next()).await else {
            break;
        };
        match receive(client, socket, message, unanswered).await {
            None => {}
            // It was moved while we stopped: there is nothing to come back for.
            Some(End::Closed { .. }) => return End::Stopped,
            Some(end) => return end,
        }
    }
    let bye = CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    };
    let close = async {
        socket.close(Some(bye)).await.ok();
        while let Some(Ok(_)) = socket.next().await {}
    };
    drop(tokio::time::timeout(CLOSE_WAIT, close).await);
    End::Stopped
}
