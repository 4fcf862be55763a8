//! A diff for people.

use anstyle::Style;
use relup::Diff;
use relup::diff::{ApplicationDiff, Both, Change, FileDiff, KeyDiff, ModuleDiff, Names, StateDiff};

use crate::build::size;
use crate::printer::{BAD, DIM, GOOD};

pub(super) fn render(diff: &Diff) -> String {
    let mut lines = vec![head(diff)];
    if diff.is_empty() {
        lines.push("nothing differs".to_owned());
        return lines.join("\n");
    }
    for (what, both) in [("ERTS", &diff.erts), ("OTP", &diff.otp)] {
        if both.from != both.to {
            lines.push(format!("{BAD}{what}{BAD:#} {} → {}", both.from, both.to));
        }
    }
    if diff.elixir.from != diff.elixir.to {
        let (from, to) = (shown(&diff.elixir.from), shown(&diff.elixir.to));
        lines.push(format!("{BAD}Elixir{BAD:#} {from} → {to}"));
    }
    if !diff.applications.is_empty() {
        lines.push(String::new());
        let (some, same) = (diff.applications.len(), diff.applications_same);
        lines.push(format!(
            "applications {DIM}{some} differ, {same} are the same{DIM:#}"
        ));
        diff.applications
            .iter()
            .for_each(|app| application(app, &mut lines));
    }
    if !diff.consolidated.is_empty() {
        lines.push("\nconsolidated protocols".to_owned());
        modules(&diff.consolidated, "  ", &mut lines);
    }
    match &diff.sys_config {
        Some(keys) if keys.is_empty() => {}
        Some(changed) => {
            lines.push("\nconfiguration".to_owned());
            keys(changed, "  ", &mut lines);
        }
        None => lines.push("\nconfiguration: one sys.config cannot be read".to_owned()),
    }
    for (title, list) in [
        ("files of the release", &diff.release_files),
        ("files of ERTS", &diff.erts_files),
        ("other files", &diff.files),
    ] {
        if !list.is_empty() {
            lines.push(format!("\n{title}"));
            files(list, "  ", &mut lines);
        }
    }
    lines.join("\n")
}

fn head(diff: &Diff) -> String {
    let name = match diff.name.from == diff.name.to {
        true => diff.name.to.clone(),
        false => format!("{} → {}", diff.name.from, diff.name.to),
    };
    let (from, to) = (size(diff.bytes.from), size(diff.bytes.to));
    format!(
        "{name} {} → {} {DIM}{from} → {to}{DIM:#}",
        diff.vsn.from, diff.vsn.to
    )
}

fn shown(vsn: &Option<String>) -> &str {
    vsn.as_deref().unwrap_or("none")
}

fn mark(change: Change) -> String {
    let (style, mark): (Style, char) = match change {
        Change::Added => (GOOD, '+'),
        Change::Removed => (BAD, '-'),
        Change::Changed => (Style::new(), '~'),
    };
    format!("{style}{mark}{style:#}")
}

fn application(app: &ApplicationDiff, lines: &mut Vec<String>) {
    let vsn = match (&app.vsn.from, &app.vsn.to) {
        (Some(from), Some(to)) if from != to => format!("{from} → {to}"),
        (from, to) => shown(if to.is_some() { to } else { from }).to_owned(),
    };
    let mut line = format!("  {} {} {vsn}", mark(app.change), app.name);
    if app.is_vsn_unchanged() {
        line += &format!(" {BAD}its content differs under an unchanged version{BAD:#}");
    }
    lines.push(line);
    if app.change != Change::Changed {
        return;
    }
    if let Some(Both { from, to }) = app.start {
        lines.push(format!("      start {} → {}", from.as_atom(), to.as_atom()));
    }
    if app.callback {
        lines.push("      its callback module or the argument of it".to_owned());
    }
    for (what, list) in [("needs", &app.dependencies), ("registers", &app.registered)] {
        if !list.is_empty() {
            lines.push(format!("      {what} {}", names(list)));
        }
    }
    keys(&app.environment, "      env ", lines);
    modules(&app.modules, "      ", lines);
    let (same, same_code) = (app.modules_same, app.modules_same_code);
    if same_code > 0 {
        lines.push(format!(
            "      {DIM}{same} modules are the same, {same_code} of them in files that differ{DIM:#}"
        ));
    }
    if app.appup {
        lines.push("      its appup".to_owned());
    }
    files(&app.files, "      ", lines);
}

fn modules(modules: &[ModuleDiff], indent: &str, lines: &mut Vec<String>) {
    for module in modules {
        let mut facts = Vec::new();
        if !module.code {
            facts.push("vsn only".to_owned());
        }
        for (what, list) in [
            ("exports", Some(&module.exports)),
            ("behaviours", Some(&module.behaviours)),
            ("struct", module.structure.as_ref()),
        ] {
            if let Some(list) = list.filter(|list| !list.is_empty()) {
                facts.push(format!("{what} {}", names(list)));
            }
        }
        match &module.state {
            Some(StateDiff::Changed(what)) => facts.push(format!("state: {what}")),
            Some(StateDiff::Unseen(_)) => facts.push("state: not seen".to_owned()),
            Some(StateDiff::Same) => facts.push("state: same shape".to_owned()),
            None => {}
        }
        if module.loads {
            facts.push("runs or loads native code when it is loaded".to_owned());
        }
        let facts = match facts.is_empty() {
            true => String::new(),
            false => format!(" {DIM}{}{DIM:#}", facts.join("; ")),
        };
        lines.push(format!(
            "{indent}{} {}{facts}",
            mark(module.change),
            module.name
        ));
    }
}

fn names(names: &Names) -> String {
    let added = names.added.iter().map(|name| format!("+{name}"));
    let removed = names.removed.iter().map(|name| format!("-{name}"));
    added.chain(removed).collect::<Vec<_>>().join(" ")
}

fn keys(keys: &[KeyDiff], indent: &str, lines: &mut Vec<String>) {
    for key in keys {
        let name = format!("{} {}", key.application, key.key);
        lines.push(format!("{indent}{} {name}", mark(key.change)));
    }
}

fn files(files: &[FileDiff], indent: &str, lines: &mut Vec<String>) {
    for file in files {
        let bytes = match file.change {
            Change::Added => size(file.bytes.to),
            Change::Removed => size(file.bytes.from),
            Change::Changed => format!("{} → {}", size(file.bytes.from), size(file.bytes.to)),
        };
        let native = if file.is_native() {
            ", native code"
        } else {
            ""
        };
        let mark = mark(file.change);
        lines.push(format!(
            "{indent}{mark} {} {DIM}{bytes}{native}{DIM:#}",
            file.path
        ));
    }
}
