//! One record as the file has it.

use crate::work::from_sql_int;

/// A BLAKE3 hash.
pub(crate) type Hash = [u8; 32];

/// The columns that [`Row::read`] wants.
pub(crate) const READ: &str = "SELECT n, at_ms, rollout, seq, text, prev, hash FROM records";

/// A record, its text unread: of a damaged file it may be anything.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) n: u64,
    /// When it was written, in milliseconds since the epoch.
    pub(crate) at_ms: u64,
    /// The rollout that it belongs to.
    pub(crate) rollout: Option<Vec<u8>>,
    /// The number of the entry, where it is one of a journal.
    pub(crate) seq: Option<u64>,
    pub(crate) text: Vec<u8>,
    pub(crate) prev: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

impl Row {
    pub(crate) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let bytes = |i: usize| -> rusqlite::Result<Option<Vec<u8>>> {
            Ok(row.get_ref(i)?.as_bytes_or_null()?.map(<[u8]>::to_vec))
        };
        Ok(Self {
            n: from_sql_int(row.get(0)?),
            at_ms: from_sql_int(row.get(1)?),
            rollout: bytes(2)?,
            seq: row.get::<_, Option<i64>>(3)?.map(from_sql_int),
            text: bytes(4)?.unwrap_or_default(),
            prev: bytes(5)?.unwrap_or_default(),
            hash: bytes(6)?.unwrap_or_default(),
        })
    }

    /// The hash of the record before, and of all that this one says, each part with its length.
    pub(crate) fn digest(&self) -> Hash {
        let mut hasher = blake3::Hasher::new();
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        part(b"cutover ledger record 1");
        part(&self.prev);
        part(&self.n.to_le_bytes());
        part(&self.at_ms.to_le_bytes());
        part(self.rollout.as_deref().unwrap_or_default());
        part(&self.seq.unwrap_or(0).to_le_bytes());
        part(&self.text);
        *hasher.finalize().as_bytes()
    }

    /// Says whether it is what was written, as far as it can tell of itself.
    pub(crate) fn is_whole(&self) -> bool {
        self.digest().as_slice() == self.hash
    }

    /// The rollout that it belongs to, as text.
    pub(crate) fn rollout(&self) -> Option<String> {
        let name = self.rollout.as_ref()?;
        Some(String::from_utf8_lossy(name).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_in_the_hash() {
        let row = || Row {
            n: 7,
            at_ms: 8,
            rollout: Some(b"shop.production.1".to_vec()),
            seq: Some(1),
            text: b"{}".to_vec(),
            prev: vec![1; 32],
            hash: Vec::new(),
        };
        let changes: [fn(&mut Row); 6] = [
            |row| row.n += 1,
            |row| row.at_ms += 1,
            |row| row.rollout = Some(b"shop.production.2".to_vec()),
            |row| row.seq = Some(2),
            |row| row.text = b"{ }".to_vec(),
            |row| row.prev = vec![2; 32],
        ];
        for change in changes {
            let mut changed = row();
            change(&mut changed);
            assert_ne!(changed.digest(), row().digest(), "{changed:?}");
        }
    }
}
