//! `cutover config`.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::Failure;
use crate::printer::DIM;
use crate::settings::{self, Resolved, Row, Sections};

/// Show the settings in force and where each comes from
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show the values of variables too; they may be secrets
    #[arg(long)]
    show_env: bool,
    /// Print the JSON Schema of cutover.toml instead, for editors
    #[arg(long, conflicts_with = "show_env")]
    schema: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    if args.schema {
        let schema = settings::schema();
        context.printer.result(&schema, || format!("{schema:#}"));
        return Ok(());
    }
    let resolved = context.settings(Sections::default())?;
    let rows: Vec<Row> = resolved.rows.iter().map(|row| veiled(row, args)).collect();
    context
        .printer
        .result(&document(&resolved, &rows), || table(&rows));
    Ok(())
}

fn veiled(row: &Row, args: &Args) -> Row {
    let value = if row.secret && !args.show_env {
        "(hidden)".into()
    } else {
        row.value.clone()
    };
    Row {
        value,
        ..row.clone()
    }
}

fn document(resolved: &Resolved, rows: &[Row]) -> Value {
    let settings = rows.iter().map(|row| {
        let entry = json!({"value": row.value, "origin": row.origin.to_string()});
        (row.key.clone(), entry)
    });
    json!({
        "service": resolved.service,
        "environment": resolved.environment,
        "project": resolved.dir,
        "settings": settings.collect::<serde_json::Map<_, _>>(),
    })
}

fn table(rows: &[Row]) -> String {
    let lines: Vec<(String, &Row)> = rows
        .iter()
        .map(|row| (format!("{} = {}", row.key, shown(row)), row))
        .collect();
    let width = lines
        .iter()
        .map(|(text, _)| text.chars().count())
        .max()
        .unwrap_or(0)
        .min(60);
    let mut table = String::new();
    for (text, row) in lines {
        let end = if table.is_empty() { "" } else { "\n" };
        // Writing to a String cannot fail.
        let _infallible = write!(table, "{end}{text:<width$}  {DIM}# {}{DIM:#}", row.origin);
    }
    table
}

/// The value as TOML has it; what has none is a dash.
fn shown(row: &Row) -> String {
    match &row.value {
        Value::Null => "-".to_owned(),
        Value::String(text) if row.secret && text == "(hidden)" => text.clone(),
        value => value.to_string(),
    }
}
