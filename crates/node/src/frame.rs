//! Cutting the stream of a connected node into packets: a size of four bytes, then the packet. A packet
//! of no bytes is a tick, the sign of life.

use std::ops::Range;

use crate::error::PacketError;

/// Bytes that the buffer keeps when it is empty.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// What has been received and not yet been taken.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    buffer: Vec<u8>,
    /// Where the first packet not yet taken starts.
    start: usize,
}

impl Frames {
    /// The place where received bytes are appended.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.buffer.shrink_to(KEPT_BYTES_MAX);
        } else {
            self.buffer.drain(..self.start);
        }
        self.start = 0;
        &mut self.buffer
    }

    /// Takes the next whole packet; an empty one is a tick.
    ///
    /// # Errors
    /// Where the next packet is larger than `limit`; it has not been received yet.
    pub(crate) fn next(&mut self, limit: usize) -> Result<Option<&[u8]>, PacketError> {
        match self.next_range(limit)? {
            Some(range) => {
                self.start = range.end;
                Ok(Some(&self.buffer[range]))
            }
            None => Ok(None),
        }
    }

    fn next_range(&self, limit: usize) -> Result<Option<Range<usize>>, PacketError> {
        let Some((size, rest)) = self.buffer[self.start..].split_first_chunk::<4>() else {
            return Ok(None);
        };
        let bytes = u32::from_be_bytes(*size) as usize;
        if bytes > limit {
            return Err(PacketError::TooLarge { bytes, limit });
        }
        let start = self.start + 4;
        Ok((rest.len() >= bytes).then_some(start..start + bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn packets_come_out_as_they_went_in_however_the_stream_is_cut(
            packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..8),
            cuts in prop::collection::vec(1usize..12, 1..40),
        ) {
            let stream: Vec<u8> = packets
                .iter()
                .flat_map(|p| [(p.len() as u32).to_be_bytes().as_slice(), p].concat())
                .collect();
            let mut frames = Frames::default();
            let mut seen = Vec::new();
            let (mut rest, mut cuts) = (stream.as_slice(), cuts.into_iter().cycle());
            while !rest.is_empty() {
                let cut = cuts.next().unwrap_or(1).min(rest.len());
                frames.buffer().extend(&rest[..cut]);
                rest = &rest[cut..];
                while let Some(packet) = frames.next(20).unwrap() {
                    seen.push(packet.to_vec());
                }
            }
            prop_assert_eq!(seen, packets);
        }

        #[test]
        fn any_bytes_are_cut_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut frames = Frames::default();
            frames.buffer().extend(&bytes);
            while let Ok(Some(packet)) = frames.next(64) {
                prop_assert!(packet.len() <= 64);
            }
        }
    }

    #[test]
    fn a_packet_beyond_the_limit_is_refused_before_it_is_received() {
        let mut frames = Frames::default();
        frames.buffer().extend([0, 0, 0, 5]);
        let refused = frames.next(4).unwrap_err();
        assert!(refused.to_string().contains("5 bytes"), "{refused}");
    }
}
