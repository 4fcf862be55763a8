//! A client of an event stream: reads whole events, and comes back after the last one.

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, HOST};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::Client;
use super::connection::{Begun, Connection, describe};
use crate::sse::{Event, Reader};
use crate::tally::keep_example;

/// How a stream ended.
enum End {
    /// Between two events, with the proper end of the answer.
    Proper,
    /// Anyhow else.
    Cut { mid_event: bool, reason: String },
    /// By us.
    Stopped,
}

/// Reads a stream until the load stops.
pub(crate) async fn listen(mut client: Client) {
    let mut last_id = None;
    let mut ended: Option<(Instant, bool)> = None;
    while !client.is_stopped() {
        let body = match open(&mut client, last_id).await {
            Ok(body) => body,
            Err(reason) => {
                let shared = client.shared.clone();
                {
                    let mut tally = shared.tally();
                    tally.sse.refused += 1;
                    keep_example(&mut tally.sse.examples, || format!("open: {reason}"));
                }
                client.back_off().await;
                continue;
            }
        };
        client.connected();
        {
            let mut tally = client.shared.tally();
            tally.sse.opened += 1;
            if let Some((at, proper)) = ended.take() {
                tally.sse_reconnect.add(at.elapsed());
                tally.sse.moved += u64::from(proper);
            }
        }
        match read(&mut client, body, &mut last_id).await {
            End::Stopped => return,
            End::Proper => ended = Some((Instant::now(), true)),
            End::Cut { mid_event, reason } => {
                ended = Some((Instant::now(), false));
                let mut tally = client.shared.tally();
                tally.sse.cut += 1;
                tally.sse.cut_mid_event += u64::from(mid_event);
                keep_example(&mut tally.sse.examples, || reason);
            }
        }
    }
    if matches!(ended, Some((_, true))) {
        client.shared.tally().sse.stranded += 1;
    }
}

async fn open(client: &mut Client, last_id: Option<u64>) -> Result<Incoming, String> {
    let options = client.options().clone();
    let sent = Instant::now();
    let mut connection = Connection::open(options.target.address(), options.timeout)
        .await
        .map_err(|failure| failure.reason)?;
    let mut request = Request::get(&options.sse_path)
        .header(HOST, options.target.host())
        .header(ACCEPT, "text/event-stream");
    if let Some(id) = last_id {
        request = request.header("last-event-id", id);
    }
    let request: Request<Full<Bytes>> = request.body(Full::default()).map_err(|e| e.to_string())?;
    match connection.begin(request, sent + options.timeout).await {
        Begun::Yes(head, body) if head.status.is_success() => {
            client.saw_version(&head.headers, sent);
            Ok(body)
        }
        Begun::Yes(head, _) => Err(format!("status {}", head.status)),
        Begun::Failed(failure) => Err(failure.reason),
        Begun::Never(_) => Err("the connection was closed at once".to_owned()),
    }
}

async fn read(client: &mut Client, mut body: Incoming, last_id: &mut Option<u64>) -> End {
    let mut reader = Reader::default();
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = client.stopped() => return End::Stopped,
        };
        let mid_event = !reader.at_boundary();
        match frame {
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else {
                    continue;
                };
                let events = reader.feed(&data);
                let mut tally = client.shared.tally();
                for event in events {
                    tally.sse.events += 1;
                    tally.sse.id_gaps += u64::from(!follows(&event, last_id));
                }
            }
            Some(Err(error)) => {
                let reason = describe(&error);
                return End::Cut { mid_event, reason };
            }
            None if mid_event => {
                let reason = "ended inside an event".to_owned();
                return End::Cut { mid_event, reason };
            }
            None => return End::Proper,
        }
    }
}

/// Says whether an event's id follows the one before; events without an id are not judged.
fn follows(event: &Event, last_id: &mut Option<u64>) -> bool {
    let Some(id) = event.id else { return true };
    let follows = last_id.is_none_or(|last| Some(id) == last.checked_add(1));
    *last_id = Some(id);
    follows
}
