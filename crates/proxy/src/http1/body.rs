//! Where a body ends: the decoder of its framing.

use super::Framing;

/// The longest line of a chunk's size, with its extensions.
const SIZE_LINE_MAX: usize = 256;
/// The most bytes of trailers.
const TRAILERS_MAX: usize = 16 * 1024;

/// A body whose framing is broken, or larger than is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadBody(pub(crate) &'static str);

/// What stands next in the bytes of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// So many bytes of framing; they are done with.
    Skip(usize),
    /// So many bytes of the body itself; [`Decoder::took`] says how many were used.
    Data(usize),
    /// More bytes are needed.
    More,
    /// The body is complete.
    End,
}

/// Decodes one body.
#[derive(Debug)]
pub(crate) struct Decoder {
    state: State,
    trailers: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Length(u64),
    Size,
    Chunk(u64),
    ChunkEnd,
    Trailers,
    Close,
    Done,
}

impl Decoder {
    /// For a body of this framing.
    pub(crate) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::None | Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Size,
            Framing::Close => State::Close,
        };
        Self {
            state,
            trailers: Vec::new(),
        }
    }

    /// Says whether the body is complete.
    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Says whether the end of the connection is the proper end of the body.
    pub(crate) fn ends_with_connection(&self) -> bool {
        self.state == State::Close
    }

    /// Says whether the bytes before `rest` end a piece that the sender made: a chunk, or without chunks
    /// what it sent at once.
    pub(crate) fn is_between_pieces(&self, rest: &[u8]) -> bool {
        match self.state {
            State::Size => true,
            State::Close => rest.is_empty(),
            _ => false,
        }
    }

    /// The trailer lines of a complete chunked body, each with its CRLF.
    pub(crate) fn trailers(&self) -> &[u8] {
        &self.trailers
    }

    /// Looks at the next bytes.
    ///
    /// # Errors
    /// Where the framing is broken.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Result<Piece, BadBody> {
        let most = |left: u64| usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        match self.state {
            State::Done => Ok(Piece::End),
            _ if bytes.is_empty() => Ok(Piece::More),
            State::Length(left) | State::Chunk(left) => Ok(Piece::Data(most(left))),
            State::Close => Ok(Piece::Data(bytes.len())),
            State::Size => self.size(bytes),
            State::ChunkEnd => match bytes {
                [b'\r', b'\n', ..] => {
                    self.state = State::Size;
                    Ok(Piece::Skip(2))
                }
                [b'\r'] => Ok(Piece::More),
                _ => Err(BadBody("a chunk does not end where its size says")),
            },
            State::Trailers => self.trailer(bytes),
        }
    }

    /// Notes that `count` bytes of the data were used.
    pub(crate) fn took(&mut self, count: usize) {
        match &mut self.state {
            State::Length(left) => {
                *left -= count as u64;
                if *left == 0 {
                    self.state = State::Done;
                }
            }
            State::Chunk(left) => {
                *left -= count as u64;
                if *left == 0 {
                    self.state = State::ChunkEnd;
                }
            }
            _ => {}
        }
    }

    fn size(&mut self, bytes: &[u8]) -> Result<Piece, BadBody> {
        let Some(line) = line(bytes, SIZE_LINE_MAX)? else {
            return Ok(Piece::More);
        };
        let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        let extension = &line[digits..];
        // White space before an extension is allowed by no grammar, and read in two ways.
        if digits == 0 || digits > 15 || !(extension.is_empty() || extension[0] == b';') {
            return Err(BadBody("a chunk's size is malformed"));
        }
        if extension.iter().any(|b| *b < 0x20 && *b != b'\t') {
            return Err(BadBody("a chunk's extension is malformed"));
        }
        let size = line[..digits].iter().fold(0, |sum, digit| {
            sum * 16 + u64::from((*digit as char).to_digit(16).unwrap_or(0))
        });
        self.state = if size == 0 {
            State::Trailers
        } else {
            State::Chunk(size)
        };
        Ok(Piece::Skip(line.len() + 2))
    }

    fn trailer(&mut self, bytes: &[u8]) -> Result<Piece, BadBody> {
        let room = TRAILERS_MAX - self.trailers.len();
        let Some(line) = line(bytes, room)? else {
            return Ok(Piece::More);
        };
        if line.is_empty() {
            self.state = State::Done;
        } else {
            self.trailers.extend_from_slice(&bytes[..line.len() + 2]);
        }
        Ok(Piece::Skip(line.len() + 2))
    }
}

/// Takes a line that ends with CRLF, without it; `None` where it is not whole yet.
fn line(bytes: &[u8], max: usize) -> Result<Option<&[u8]>, BadBody> {
    match memchr::memchr(b'\n', bytes) {
        Some(at) if at > max => Err(BadBody("a line of the chunked body is too long")),
        Some(at) if at > 0 && bytes[at - 1] == b'\r' => {
            let line = &bytes[..at - 1];
            if line.contains(&b'\r') {
                return Err(BadBody("a line of the chunked body holds a bare CR"));
            }
            Ok(Some(line))
        }
        Some(_) => Err(BadBody("a line of the chunked body ends with a bare LF")),
        None if bytes.len() > max => Err(BadBody("a line of the chunked body is too long")),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Decodes a stream that arrives in pieces; returns the body, its trailers and what follows it.
    fn decode(
        framing: Framing,
        stream: &[u8],
        piece: usize,
    ) -> Result<(Vec<u8>, Vec<u8>, usize), BadBody> {
        let mut decoder = Decoder::new(framing);
        let (mut body, mut at, mut have) = (vec![], 0, 0);
        loop {
            match decoder.next(&stream[at..have])? {
                Piece::Skip(count) => at += count,
                Piece::Data(count) => {
                    body.extend_from_slice(&stream[at..at + count]);
                    at += count;
                    decoder.took(count);
                }
                Piece::More if have == stream.len() => return Err(BadBody("truncated")),
                Piece::More => have = (have + piece).min(stream.len()),
                Piece::End => return Ok((body, decoder.trailers().to_vec(), stream.len() - at)),
            }
        }
    }

    #[test]
    fn broken_chunks_are_refused() {
        for stream in [
            "g\r\n",
            "\r\n",
            " 3\r\nabc\r\n0\r\n\r\n",
            "3 \r\nabc\r\n0\r\n\r\n",
            "3\nabc\r\n0\r\n\r\n",
            "3\r\nabcd\r\n0\r\n\r\n",
            "3\r\nabc\n0\r\n\r\n",
            "0x3\r\nabc\r\n0\r\n\r\n",
            "-1\r\n",
            "ffffffffffffffff0\r\n",
            "3;a\rb\r\nabc\r\n0\r\n\r\n",
            "0\r\nX: y\n\r\n",
            "0\r\n\n",
        ] {
            let got = decode(Framing::Chunked, stream.as_bytes(), 1000);
            assert!(
                got.is_err() && got != Err(BadBody("truncated")),
                "{stream:?}: {got:?}"
            );
        }
        let long = format!("3;{}\r\n", "x".repeat(5000));
        assert!(decode(Framing::Chunked, long.as_bytes(), 100).is_err());
    }

    proptest! {
        #[test]
        fn a_body_is_the_same_however_it_arrives(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..5), piece in 1usize..20
        ) {
            let mut stream = vec![];
            for chunk in &chunks {
                stream.extend(format!("{:x};ext=1\r\n", chunk.len()).bytes());
                stream.extend(chunk);
                stream.extend(b"\r\n");
            }
            stream.extend(b"0\r\nA: b\r\n\r\nGET");
            let (body, trailers, rest) = decode(Framing::Chunked, &stream, piece).unwrap();
            prop_assert_eq!(&body, &chunks.concat());
            prop_assert_eq!(trailers, b"A: b\r\n");
            prop_assert_eq!(rest.min(3), rest);
            let framing = Framing::Length(body.len() as u64);
            let mut plain = body.clone();
            plain.extend(b"rest");
            prop_assert_eq!(decode(framing, &plain, piece).unwrap().0, body);
        }

        #[test]
        fn any_bytes_decode_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), piece in 1usize..9) {
            drop(decode(Framing::Chunked, &bytes, piece));
        }
    }
}
