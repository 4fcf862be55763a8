//! A diff as JSON, documented in docs/hot-upgrades.md.

use relup::Diff;
use relup::diff::{ApplicationDiff, Both, Change, FileDiff, KeyDiff, ModuleDiff, Names, StateDiff};
use serde::Serialize;
use serde_json::{Value, json};

pub(super) fn document(diff: &Diff) -> Value {
    json!({
        "name": both(&diff.name),
        "vsn": both(&diff.vsn),
        "erts": both(&diff.erts),
        "otp": both(&diff.otp),
        "elixir": both(&diff.elixir),
        "applications": diff.applications.iter().map(application).collect::<Vec<_>>(),
        "applications_same": diff.applications_same,
        "consolidated": diff.consolidated.iter().map(module).collect::<Vec<_>>(),
        "config": diff.sys_config.as_ref().map(|all| all.iter().map(key).collect::<Vec<_>>()),
        "runtime_config": both(&diff.runtime_config),
        "release_files": files(&diff.release_files),
        "erts_files": files(&diff.erts_files),
        "native": diff.natives().map(file).collect::<Vec<_>>(),
        "files": files(&diff.files),
        "bytes": both(&diff.bytes),
    })
}

fn both<T: Serialize>(both: &Both<T>) -> Value {
    json!({"from": both.from, "to": both.to})
}

pub(super) fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Changed => "changed",
    }
}

fn names(names: &Names) -> Value {
    json!({"added": names.added, "removed": names.removed})
}

fn application(app: &ApplicationDiff) -> Value {
    let start = app
        .start
        .map(|start| json!({"from": start.from.as_atom(), "to": start.to.as_atom()}));
    json!({
        "name": app.name,
        "change": word(app.change),
        "vsn": both(&app.vsn),
        "vsn_unchanged": app.is_vsn_unchanged(),
        "start": start,
        "callback": app.callback,
        "dependencies": names(&app.dependencies),
        "registered": names(&app.registered),
        "environment": app.environment.iter().map(key).collect::<Vec<_>>(),
        "modules": app.modules.iter().map(module).collect::<Vec<_>>(),
        "modules_same": app.modules_same,
        "modules_same_code": app.modules_same_code,
        "files": files(&app.files),
        "appup": app.appup,
    })
}

fn module(module: &ModuleDiff) -> Value {
    let state = module.state.as_ref().map(|state| match state {
        StateDiff::Same => json!({"shape": "same", "detail": ""}),
        StateDiff::Changed(what) => json!({"shape": "changed", "detail": what}),
        StateDiff::Unseen(why) => json!({"shape": "unseen", "detail": why}),
    });
    json!({
        "name": module.name,
        "change": word(module.change),
        "code": module.code,
        "vsn": module.vsn,
        "exports": names(&module.exports),
        "behaviours": names(&module.behaviours),
        "struct": module.structure.as_ref().map(names),
        "state": state,
        "loads": module.loads,
    })
}

/// Without the values, which may be secrets.
fn key(key: &KeyDiff) -> Value {
    json!({"application": key.application, "key": key.key, "change": word(key.change)})
}

fn files(list: &[FileDiff]) -> Vec<Value> {
    list.iter().map(file).collect()
}

fn file(file: &FileDiff) -> Value {
    json!({"path": file.path, "change": word(file.change), "bytes": both(&file.bytes)})
}
