//! The launcher of a release that is small and does what tests ask for; it keeps state, and can be asked.
//!
//! `start` listens on `PORT` and answers `GET /health` with the status last set by `GET /set/STATUS`;
//! `GET /crash` ends it with code 3. `eval TEXT` prints the text and notes it in the file `NOTES`.
//! While the file `FAKE_GATE` is there a start waits, and listens nowhere.
//! `FAKE_RAISE` makes a start fail, `FAKE_PORT` listens elsewhere, `FAKE_STUBBORN` does not heed SIGTERM,
//! `FAKE_DEAF` loses the first one, as a VM does that boots.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

static STATUS: AtomicU16 = AtomicU16::new(200);

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("start") => start().await,
        Some("eval") => eval(&args[1]).await,
        other => Err(io::Error::other(format!("unknown command {other:?}"))),
    }
}

async fn start() -> io::Result<()> {
    if let Ok(message) = std::env::var("FAKE_RAISE") {
        writeln!(io::stderr(), "** (RuntimeError) {message}")?;
        std::process::exit(1);
    }
    let gate = std::env::var("FAKE_GATE").unwrap_or_default();
    while std::path::Path::new(&gate).exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut deaf = std::env::var("FAKE_DEAF").is_ok();
    let port = std::env::var("FAKE_PORT").or_else(|_| std::env::var("PORT"));
    let listener = TcpListener::bind(format!("127.0.0.1:{}", port.unwrap_or_default())).await?;
    say(&format!(
        "up as {}",
        std::env::var("RELEASE_NODE").unwrap_or_default()
    ))?;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                tokio::spawn(answer(stream));
            }
            _ = terminate.recv() => {
                if std::mem::take(&mut deaf) {
                    continue;
                }
                say("asked to stop")?;
                if std::env::var("FAKE_STUBBORN").is_err() {
                    return Ok(());
                }
            }
        }
    }
}

async fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut request = [0; 4096];
    let read = stream.read(&mut request).await?;
    let request = String::from_utf8_lossy(&request[..read]).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default();
    if path == "/crash" {
        say("crashing")?;
        std::process::exit(3);
    }
    if let Some(status) = path.strip_prefix("/set/").and_then(|s| s.parse().ok()) {
        STATUS.store(status, Ordering::SeqCst);
        say(&format!("answers {status} from now on"))?;
    }
    let status = STATUS.load(Ordering::SeqCst);
    let body = format!(
        "{} {}",
        std::env::var("RELEASE_NODE").unwrap_or_default(),
        std::process::id()
    );
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    stream.write_all((head + &body).as_bytes()).await
}

async fn eval(text: &str) -> io::Result<()> {
    let notes = std::env::var("NOTES").unwrap_or_default();
    let mut notes = OpenOptions::new().create(true).append(true).open(notes)?;
    writeln!(notes, "{text}")?;
    say(&format!("evaluated {text}"))?;
    if text == "hang" {
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    if text == "fail" {
        std::process::exit(4);
    }
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}
