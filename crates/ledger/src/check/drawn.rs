//! The tables against the records: drawn again elsewhere, they must be the same.

use rusqlite::Connection;
use rusqlite::types::Value;

use crate::Error;
use crate::chain::{READ, Row};
use crate::fact::Fact;
use crate::tables::{MAKE, Stamp, TABLES, follow, follow_entry};
use crate::wire::v1::Broken;
use crate::work::Work;

/// Draws the tables again from a whole chain and tells the first row of each that differs.
pub(super) fn compare(work: &Work<'_>) -> Result<Vec<Broken>, Error> {
    let drawn = Connection::open_in_memory().map_err(work.at("verify"))?;
    drawn.execute_batch(MAKE).map_err(work.at("verify"))?;
    let mut query = work
        .sql
        .prepare_cached(&format!("{READ} ORDER BY n"))
        .map_err(work.at("read the chain"))?;
    let rows = query
        .query_map([], Row::read)
        .map_err(work.at("read the chain"))?;
    for row in rows {
        let row = row.map_err(work.at("read the chain"))?;
        if let Err(what) = draw(&drawn, &row) {
            return Ok(vec![Broken {
                rollout: row.rollout(),
                seq: row.seq,
                what,
            }]);
        }
    }
    let mut flaws = Vec::new();
    for (table, key) in TABLES {
        let sql = format!("SELECT * FROM {table} ORDER BY {key}");
        let meant = read(&drawn, &sql).map_err(work.at("verify"))?;
        let found = read(&work.sql, &sql).map_err(work.at("read a table"))?;
        if let Some(rollout) = difference(&meant, &found) {
            let what =
                format!("what the table `{table}` says is not what follows from the records");
            flaws.push(Broken {
                rollout,
                seq: None,
                what,
            });
        }
    }
    Ok(flaws)
}

fn draw(sql: &Connection, row: &Row) -> Result<(), String> {
    let rollout = row.rollout();
    let stamp = Stamp {
        n: row.n,
        at_ms: row.at_ms,
        rollout: rollout.as_deref(),
    };
    match row.seq {
        Some(seq) => follow_entry(sql, &stamp, seq).map_err(|e| e.to_string()),
        None => {
            let fact: Fact = serde_json::from_slice(&row.text)
                .map_err(|e| format!("what it says is not understood: {e}"))?;
            follow(sql, &stamp, &fact).map_err(|e| e.to_string())
        }
    }
}

/// The rows of a table, each with the rollout that it is of.
type Rows = Vec<(Option<String>, Vec<Value>)>;

fn read(sql: &Connection, query: &str) -> rusqlite::Result<Rows> {
    let mut query = sql.prepare(query)?;
    let columns = query.column_count();
    let names: Vec<&str> = query.column_names().collect();
    // Of the rollouts themselves, it is their key.
    let rollout = names.iter().position(|it| *it == "rollout");
    let rollout = rollout.or_else(|| names.contains(&"begun").then_some(0));
    query
        .query_map([], |row| {
            let values = (0..columns)
                .map(|i| row.get::<_, Value>(i))
                .collect::<Result<Vec<_>, _>>()?;
            let rollout = match rollout.map(|i| &values[i]) {
                Some(Value::Text(text)) => Some(text.clone()),
                _ => None,
            };
            Ok((rollout, values))
        })?
        .collect()
}

/// The rollout of the first row that differs, if one does.
fn difference(meant: &Rows, found: &Rows) -> Option<Option<String>> {
    let longest = meant.len().max(found.len());
    let at = (0..longest).find(|i| meant.get(*i) != found.get(*i))?;
    Some(meant.get(at).or(found.get(at))?.0.clone())
}
