//! An instance's log as an answer: its end, and then what comes.

use std::path::PathBuf;

use bytes::Bytes;
use host::log::Follower;
use http_body_util::{BodyExt, Channel, Full};

use super::reply::Body;
use crate::client::Follow;
use crate::refusal::{Refusal, blocking};

/// Pieces that may wait for a slow reader.
const PIECES_WAITING_MAX: usize = 16;

/// Makes the body.
pub(super) async fn body(dir: PathBuf, lines: usize, follow: Follow) -> Result<Body, Refusal> {
    let logs = dir.clone();
    let (tail, end) = blocking(move || Ok(host::log::tail(&logs, lines)?)).await?;
    if follow == Follow::No {
        return Ok(Full::new(Bytes::from(tail))
            .map_err(|never| match never {})
            .boxed());
    }
    sys::file::create_private_dir(&dir)?;
    let mut follower = Follower::new(&dir, end).map_err(|e| Refusal::failed("follow", e))?;
    let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(PIECES_WAITING_MAX);
    tokio::spawn(async move {
        if sender.send_data(Bytes::from(tail)).await.is_err() {
            return;
        }
        loop {
            match follower.next().await {
                Ok(piece) => {
                    if sender.send_data(Bytes::from(piece)).await.is_err() {
                        return; // The reader has gone.
                    }
                }
                Err(error) => {
                    sender.abort(error);
                    return;
                }
            }
        }
    });
    Ok(body.boxed())
}
