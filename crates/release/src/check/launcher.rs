//! What the launcher `bin/NAME` relies on.

use beam::Limits;
use sys::file::read_bounded;

use super::Problem;
use crate::tree::{FileKind, ReleaseTree};

const REBUILD: &str = "run `mix release --overwrite` again";
const TEMPLATES: &str = "look at rel/*.eex, overlays and steps of the release in mix.exs";
const TEXT_BYTES_MAX: u64 = 64 << 20;

pub(super) fn check(tree: &ReleaseTree, problems: &mut Vec<Problem>) {
    start_erl(tree, problems);
    erts(tree, problems);
    program(tree, &format!("bin/{}", tree.rel.name), TEMPLATES, problems);
    version_dir(tree, problems);
    for name in ["vm.args", "remote.vm.args"] {
        vm_args(tree, name, problems);
    }
    sys_config(tree, problems);
    consolidated(tree, problems);
}

fn start_erl(tree: &ReleaseTree, problems: &mut Vec<Problem>) {
    let path = "releases/start_erl.data";
    let (says, rel) = (&tree.start_erl, &tree.rel);
    if says.erts != rel.erts {
        let what = format!("names ERTS {}, and the .rel file {}", says.erts, rel.erts);
        problems.push(Problem::new(path, what, REBUILD));
    }
    if says.vsn != rel.vsn {
        let what = format!(
            "names version {}, and the .rel file there {}",
            says.vsn, rel.vsn
        );
        problems.push(Problem::new(path, what, REBUILD));
    }
}

fn erts(tree: &ReleaseTree, problems: &mut Vec<Problem>) {
    let bin = format!("erts-{}/bin", tree.rel.erts);
    let prefix = format!("erts-{}/", tree.rel.erts);
    if !tree
        .files
        .iter()
        .any(|f| f.path.as_str().starts_with(&prefix))
    {
        problems.push(Problem::new(
            format!("erts-{}", tree.rel.erts),
            "the Erlang runtime is not in the release",
            "set `include_erts: true` (the default) for the release in mix.exs",
        ));
        return;
    }
    for name in ["erl", "erlexec", "beam.smp", "erl_child_setup"] {
        program(tree, &format!("{bin}/{name}"), REBUILD, problems);
    }
}

/// A link counts as what it may point to.
fn program(tree: &ReleaseTree, path: &str, remedy: &'static str, problems: &mut Vec<Problem>) {
    match tree.file(path).map(|f| &f.kind) {
        None => problems.push(Problem::new(path, "is missing", remedy)),
        Some(FileKind::File {
            executable: false, ..
        }) => problems.push(Problem::new(path, "is not executable", remedy)),
        Some(_) => {}
    }
}

fn version_dir(tree: &ReleaseTree, problems: &mut Vec<Problem>) {
    let dir = format!("releases/{}", tree.start_erl.vsn);
    for name in [
        "start.boot",
        "start_clean.boot",
        "sys.config",
        "vm.args",
        "env.sh",
    ] {
        let path = format!("{dir}/{name}");
        let boot = name.ends_with(".boot");
        match tree.file(&path).map(|f| &f.kind) {
            None => problems.push(Problem::new(
                path,
                "is missing",
                if boot { REBUILD } else { TEMPLATES },
            )),
            Some(FileKind::File { size: 0, .. }) if boot => {
                problems.push(Problem::new(path, "is empty", REBUILD));
            }
            Some(_) => {}
        }
    }
    if tree.rel.applications.iter().any(|app| app.name == "elixir") {
        program(tree, &format!("{dir}/elixir"), REBUILD, problems);
    }
}

/// The launcher gives these itself; here they would win over what the instance is given, and a cookie
/// would be in the artifact.
fn vm_args(tree: &ReleaseTree, name: &str, problems: &mut Vec<Problem>) {
    let path = format!("releases/{}/{name}", tree.start_erl.vsn);
    let text = read_bounded(&tree.root.join(&path), TEXT_BYTES_MAX).unwrap_or_default();
    for (line, number) in String::from_utf8_lossy(&text).lines().zip(1..) {
        let flag = line.split_whitespace().next().unwrap_or("");
        if ["-setcookie", "-name", "-sname"].contains(&flag) {
            problems.push(Problem::new(
                format!("{path}:{number}"),
                format!("sets {flag}, which every instance is given at its start"),
                "take the line out of rel/*.args.eex",
            ));
        }
    }
}

/// A `sys.config` that does not parse silently becomes an empty one when a release is installed.
fn sys_config(tree: &ReleaseTree, problems: &mut Vec<Problem>) {
    let path = format!("releases/{}/sys.config", tree.start_erl.vsn);
    if tree.file(&path).is_none() {
        return;
    }
    let what = match read_bounded(&tree.root.join(&path), TEXT_BYTES_MAX) {
        Err(e) => e.to_string(),
        Ok(bytes) => match beam::term::consult_one(&bytes, &Limits::RELEASE) {
            Err(e) => format!("is not an Erlang term: {e}"),
            Ok(term) if term.as_list().is_none() => "is not a list of applications".to_owned(),
            Ok(_) => return,
        },
    };
    problems.push(Problem::new(path, what, TEMPLATES));
}

/// The boot script names the directory of consolidated protocols where Mix consolidated them.
fn consolidated(tree: &ReleaseTree, problems: &mut Vec<Problem>) {
    let dir = format!("releases/{}/consolidated", tree.start_erl.vsn);
    let Some(modules) = &tree.consolidated else {
        let script = format!("releases/{}/start.script", tree.start_erl.vsn);
        let script = read_bounded(&tree.root.join(script), TEXT_BYTES_MAX).unwrap_or_default();
        let name = format!("/{dir}\"");
        if script.windows(name.len()).any(|w| w == name.as_bytes()) {
            let what = "start.boot loads consolidated protocols from it, and it is not there";
            problems.push(Problem::new(dir, what, REBUILD));
        }
        return;
    };
    for module in modules {
        super::applications::readable(module, problems);
    }
}
