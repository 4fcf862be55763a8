//! Where WebSocket frames end (RFC 6455, 5.2), so that a close frame is put between two of them. Pure.
//!
//! The tracker reads headers only and skips payloads; fragmentation and extensions do not matter to it,
//! for a control frame may stand between the fragments of a message.

/// The opcode of a close frame.
const CLOSE: u8 = 8;

/// Follows one direction of a WebSocket.
#[derive(Debug, Clone, Default)]
pub(crate) struct FrameTracker {
    header: [u8; 14],
    header_have: usize,
    payload_left: u64,
    close_seen: bool,
    lost: bool,
}

impl FrameTracker {
    /// Follows `bytes` and returns how many of them it took: all, or with `stop_at_boundary` only those
    /// up to the next frame boundary (none if it stands at one).
    pub(crate) fn advance(&mut self, bytes: &[u8], stop_at_boundary: bool) -> usize {
        let mut at = 0;
        while at < bytes.len() && !self.lost {
            if stop_at_boundary && self.at_boundary() {
                return at;
            }
            if self.payload_left > 0 {
                let skip = self.payload_left.min((bytes.len() - at) as u64);
                self.payload_left -= skip;
                at += usize::try_from(skip).unwrap_or(bytes.len() - at);
            } else {
                self.header[self.header_have] = bytes[at];
                self.header_have += 1;
                at += 1;
            }
            self.finish_header();
        }
        if self.lost { bytes.len() } else { at }
    }

    /// Says whether the next byte begins a frame.
    pub(crate) fn at_boundary(&self) -> bool {
        self.header_have == 0 && self.payload_left == 0 && !self.lost
    }

    /// Says whether a whole close frame has gone by.
    pub(crate) fn close_seen(&self) -> bool {
        self.close_seen && self.at_boundary()
    }

    /// Says whether what goes by is no WebSocket, so that no boundary can be found any more.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost
    }

    fn finish_header(&mut self) {
        if self.header_have == 0 {
            return;
        }
        if self.payload_left == 0 && self.header_have >= self.header_len() {
            let length = match self.header[1] & 0x7f {
                126 => u64::from(u16::from_be_bytes([self.header[2], self.header[3]])),
                127 => {
                    let mut bytes = [0; 8];
                    bytes.copy_from_slice(&self.header[2..10]);
                    u64::from_be_bytes(bytes)
                }
                short => u64::from(short),
            };
            self.lost = length >> 63 != 0;
            self.close_seen |= self.header[0] & 0x0f == CLOSE;
            self.payload_left = length;
            self.header_have = 0;
        }
    }

    fn header_len(&self) -> usize {
        if self.header_have < 2 {
            return 2;
        }
        let extended = match self.header[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if self.header[1] & 0x80 != 0 { 4 } else { 0 };
        2 + extended + mask
    }
}

/// Builds a close frame: unmasked toward a client, masked with `mask` toward an instance.
pub(crate) fn close_frame(code: u16, mask: Option<[u8; 4]>) -> Vec<u8> {
    let code = code.to_be_bytes();
    let mut frame = vec![0x80 | CLOSE];
    match mask {
        None => frame.extend([2, code[0], code[1]]),
        Some(mask) => {
            frame.push(0x80 | 2);
            frame.extend(mask);
            frame.extend([code[0] ^ mask[0], code[1] ^ mask[1]]);
        }
    }
    frame
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(opcode: u8, fin: bool, masked: bool, length: usize) -> Vec<u8> {
        let mask_bit = if masked { 0x80 } else { 0 };
        let mut bytes = vec![opcode | if fin { 0x80 } else { 0 }];
        match length {
            0..=125 => bytes.push(mask_bit | length as u8),
            126..=0xffff => {
                bytes.push(mask_bit | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            _ => {
                bytes.push(mask_bit | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        if masked {
            bytes.extend([1, 2, 3, 4]);
        }
        bytes.extend(std::iter::repeat_n(0x88, length));
        bytes
    }

    proptest! {
        #[test]
        fn boundaries_are_found_however_the_bytes_are_cut(
            frames in prop::collection::vec((prop::sample::select(vec![0u8, 1, 2, 9, 10]), any::<bool>(),
                any::<bool>(), prop::sample::select(vec![0usize, 1, 125, 126, 300, 65_536])), 1..6),
            cut in 1usize..200,
        ) {
            let mut stream = Vec::new();
            let mut ends = vec![0];
            for (opcode, fin, masked, length) in frames {
                stream.extend(frame(opcode, fin, masked, length));
                ends.push(stream.len());
            }
            let mut tracker = FrameTracker::default();
            let mut at = 0;
            for piece in stream.chunks(cut) {
                prop_assert_eq!(tracker.at_boundary(), ends.contains(&at));
                let mut probe = tracker.clone();
                let took = probe.advance(piece, true);
                let next = ends.iter().find(|end| **end >= at).copied().unwrap();
                prop_assert_eq!(took, (next - at).min(piece.len()));
                prop_assert_eq!(tracker.advance(piece, false), piece.len());
                at += piece.len();
            }
            prop_assert!(tracker.at_boundary());
            prop_assert!(!tracker.close_seen());
        }
    }

    #[test]
    fn a_close_frame_is_seen_when_it_is_whole() {
        for mask in [None, Some([9, 8, 7, 6])] {
            let mut tracker = FrameTracker::default();
            let bytes = close_frame(1012, mask);
            for byte in &bytes {
                assert!(!tracker.close_seen());
                tracker.advance(std::slice::from_ref(byte), false);
            }
            assert!(tracker.close_seen());
        }
    }

    #[test]
    fn an_impossible_length_is_given_up_without_panic() {
        let mut tracker = FrameTracker::default();
        let bytes = [0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255, 0];
        assert_eq!(tracker.advance(&bytes, false), bytes.len());
        assert!(tracker.is_lost() && !tracker.at_boundary());
    }
}
