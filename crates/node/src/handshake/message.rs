//! The messages of the handshake, as bytes without their length.

use md5::{Digest, Md5};

use super::flags::OURS;
use crate::target::Cookie;

/// What the node says to our name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Status {
    /// The handshake goes on.
    Go,
    /// The name is in use there: an older connection, or one being made.
    NameInUse,
    /// As above, and it wants an answer.
    Alive,
    NotAllowed,
}

/// The node's challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) flags: u64,
    pub(super) challenge: u32,
    pub(super) creation: u32,
    pub(super) name: String,
}

pub(super) fn send_name(name: &str, creation: u32) -> Vec<u8> {
    let mut message = vec![b'N'];
    message.extend(OURS.to_be_bytes());
    message.extend(creation.to_be_bytes());
    // A node name has at most 1,020 bytes.
    message.extend((name.len() as u16).to_be_bytes());
    message.extend(name.as_bytes());
    message
}

pub(super) fn status(message: &[u8]) -> Option<Status> {
    match message.strip_prefix(b"s")? {
        b"ok" | b"ok_simultaneous" => Some(Status::Go),
        b"nok" => Some(Status::NameInUse),
        b"alive" => Some(Status::Alive),
        b"not_allowed" => Some(Status::NotAllowed),
        _ => None,
    }
}

/// Our answer to [`Status::Alive`]: the older connection may live on.
pub(super) const NOT_ALIVE: &[u8] = b"sfalse";

/// Bytes after the name are for later versions.
pub(super) fn challenge(message: &[u8]) -> Option<Challenge> {
    let (flags, rest) = message.strip_prefix(b"N")?.split_first_chunk()?;
    let (challenge, rest) = rest.split_first_chunk()?;
    let (creation, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let name = rest.get(..u16::from_be_bytes(*length).into())?;
    Some(Challenge {
        flags: u64::from_be_bytes(*flags),
        challenge: u32::from_be_bytes(*challenge),
        creation: u32::from_be_bytes(*creation),
        name: std::str::from_utf8(name).ok()?.to_owned(),
    })
}

pub(super) fn challenge_reply(ours: u32, digest: [u8; 16]) -> Vec<u8> {
    let mut message = vec![b'r'];
    message.extend(ours.to_be_bytes());
    message.extend(digest);
    message
}

pub(super) fn challenge_ack(message: &[u8]) -> Option<[u8; 16]> {
    message.strip_prefix(b"a")?.try_into().ok()
}

/// The proof that one knows the cookie: the MD5 of it and the challenge in decimal digits.
pub(super) fn digest(cookie: &Cookie, challenge: u32) -> [u8; 16] {
    let mut md5 = Md5::new();
    md5.update(cookie.as_bytes());
    md5.update(challenge.to_string());
    md5.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_digest_is_the_md5_of_cookie_and_challenge() {
        // echo -n secret1234567890 | md5sum
        let digest = digest(&Cookie::new("secret"), 1_234_567_890);
        let text: String = digest.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(text, "e0fcfc1ba511fc6fe6ee357c9addb932");
    }

    #[test]
    fn a_challenge_of_a_later_version_is_read() {
        let mut message = vec![b'N'];
        message.extend(7u64.to_be_bytes());
        message.extend(8u32.to_be_bytes());
        message.extend(9u32.to_be_bytes());
        message.extend([0, 3]);
        message.extend(b"a@bmore");
        let read = challenge(&message).unwrap();
        let expected = Challenge {
            flags: 7,
            challenge: 8,
            creation: 9,
            name: "a@b".into(),
        };
        assert_eq!(read, expected);
        assert_eq!(challenge(&message[..20]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(status(&bytes).is_none() || bytes[0] == b's');
            prop_assert_eq!(challenge_ack(&bytes).is_some(), bytes.len() == 17 && bytes[0] == b'a');
            if let Some(read) = challenge(&bytes) {
                prop_assert!(read.name.len() <= bytes.len());
            }
        }
    }
}
