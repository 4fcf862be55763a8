//! What the server's own file says of the orders: the proof that none was executed twice.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;

/// What the file of executed orders says of the orders of one load.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrdersFile {
    /// Orders of this load that were executed, each counted as often as it was.
    pub executed: u64,
    /// Executions beyond the first of their key, by any instance.
    pub duplicates: u64,
    /// Orders that were answered as executed, and are not in the file.
    pub lost: u64,
    /// Orders that failed for the client, and were executed nonetheless.
    pub executed_unanswered: u64,
}

/// The keys that a load sent.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// Those whose answer said that the order was executed.
    pub(crate) answered: Vec<String>,
    /// Those without such an answer.
    pub(crate) failed: Vec<String>,
}

/// Reads the file and compares it with what was sent.
///
/// # Errors
/// Where the file cannot be read; a file that is not there holds no order.
pub(crate) fn read(path: &Path, keys: &Keys) -> Result<OrdersFile, Error> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(source) => {
            return Err(Error::File {
                operation: "read",
                path: path.to_owned(),
                source,
            });
        }
    };
    Ok(compare(&text, keys))
}

/// Each line is `KEY<tab>…`; keys of other loads may be among them.
fn compare(text: &str, keys: &Keys) -> OrdersFile {
    let mut executions: HashMap<&str, u64> = HashMap::new();
    for line in text.lines() {
        let key = line.split('\t').next().unwrap_or_default();
        *executions.entry(key).or_default() += 1;
    }
    let times = |key: &String| executions.get(key.as_str()).copied().unwrap_or(0);
    let all = || keys.answered.iter().chain(&keys.failed).map(times);
    OrdersFile {
        executed: all().sum(),
        duplicates: all().map(|times| times.saturating_sub(1)).sum(),
        lost: keys.answered.iter().filter(|key| times(key) == 0).count() as u64,
        executed_unanswered: keys.failed.iter().filter(|key| times(key) > 0).count() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_tells_duplicates_losses_and_unanswered_orders() {
        let keys = Keys {
            answered: ["a", "b", "c"].map(String::from).to_vec(),
            failed: ["d", "e"].map(String::from).to_vec(),
        };
        let text = "a\tshop_1@h\t1\t1\nother\tx\nb\tshop_1@h\t1\t2\nb\tshop_2@h\t2\t1\nd\tx\n";
        let expected = OrdersFile {
            executed: 4,
            duplicates: 1,
            lost: 1,
            executed_unanswered: 1,
        };
        assert_eq!(compare(text, &keys), expected);
        assert_eq!(compare("", &Keys::default()), OrdersFile::default());
    }
}
