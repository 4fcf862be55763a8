//! One request over a connection of its own.

use std::io::{Error, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
}

impl Answer {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The label of the version that answered.
    #[track_caller]
    pub(crate) fn version(&self) -> &str {
        self.header("x-version").expect("an x-version header")
    }
}

/// A GET without more.
pub(crate) fn get(url: &str, path: &str) -> Result<Answer> {
    request(url, "GET", path, "", "")
}

/// Any request; `headers` are whole lines, each with its end.
pub(crate) fn request(
    url: &str,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Result<Answer> {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://"))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (head, _) = text
        .split_once("\r\n\r\n")
        .ok_or_else(|| Error::other(format!("no whole head: {text:?}")))?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok(Answer {
        status: status.ok_or_else(|| Error::other(format!("no status: {head:?}")))?,
        head: head.to_owned(),
    })
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
