//! What was found in one file.

use std::sync::Arc;

use beam::facts::{self, ModuleFacts};
use beam::{BeamFile, ChunkId, Limits};
use relup::Module;

use super::classify::Class;
use crate::manifest::Entry;

/// The largest file that is read whole, in bytes.
pub(super) const WHOLE_BYTES_MAX: u64 = 64 << 20;
/// The largest text that is kept, in bytes.
pub(super) const TEXT_BYTES_MAX: u64 = 4 << 20;

/// A file of a release, read.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) entry: Entry,
    pub(super) what: What,
}

/// What is known of it besides its digest.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// The module, or why it cannot be read.
    Module(Result<Arc<Module>, String>),
    /// The text.
    Text(Arc<[u8]>),
    /// Nothing.
    Nothing,
}

/// Whose debug information is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// That of every module.
    All,
    /// That of modules that processes run on.
    Processes,
}

impl What {
    pub(super) fn of(class: Class, bytes: &[u8], keep: Keep) -> Self {
        match class {
            Class::Beam => Self::Module(module(bytes, keep).map(Arc::new)),
            Class::Text => Self::Text(bytes.into()),
            Class::Other => Self::Nothing,
        }
    }
}

/// Reads what a beam says.
pub(super) fn module(bytes: &[u8], keep: Keep) -> Result<Module, String> {
    let limits = Limits::RELEASE;
    let beam = BeamFile::read(bytes, &limits).map_err(|e| e.to_string())?;
    let facts = ModuleFacts::read(&beam, &limits).map_err(|e| e.to_string())?;
    let mut exports: Vec<(String, u32)> = facts
        .exports()
        .map(|f| (f.name.to_owned(), u32::from(f.arity)))
        .collect();
    exports.sort_unstable();
    let mut imports: Vec<(String, String, u32)> = facts
        .imports()
        .map(|f| (f.module.to_owned(), f.name.to_owned(), u32::from(f.arity)))
        .collect();
    imports.sort_unstable();
    let kept = keep == Keep::All
        || runs_processes(
            facts.behaviours(),
            facts.imports().map(|f| (f.module, f.name)),
            facts.has_export("system_continue", 3) || facts.has_export("child_spec", 1),
        );
    Ok(Module {
        name: beam.module().to_owned(),
        md5: beam.md5().map_err(|e| e.to_string())?,
        exports,
        imports,
        funs: funs(&beam),
        behaviours: facts.behaviours().map(str::to_owned).collect(),
        vsn: facts.vsn().cloned(),
        // Code that cannot be walked might run some when it is loaded.
        on_load: facts::on_load(&beam).map_or(true, |function| function.is_some()),
        loads_nif: facts.loads_nif(),
        debug: if kept { debug(&beam) } else { None },
    })
}

/// The debug information of a beam, where it is not stripped.
pub(super) fn debug(beam: &BeamFile<'_>) -> Option<Arc<[u8]>> {
    let data = beam.chunk(ChunkId(*b"Dbgi"))?;
    (!data.is_empty()).then(|| data.into())
}

/// Whether processes run on a module, it starts some or says how (`child_spec/1`), or it writes the application environment: what that
/// comes to depends on more than the module, so it is looked into although it is the same in both
/// releases.
pub(super) fn runs_processes<'a>(
    mut behaviours: impl Iterator<Item = &'a str>,
    mut called: impl Iterator<Item = (&'a str, &'a str)>,
    is_special: bool,
) -> bool {
    const BEHAVIOURS: [&str; 9] = [
        "supervisor",
        "supervisor_bridge",
        "application",
        "gen_server",
        "gen_statem",
        "gen_event",
        "Elixir.Supervisor",
        "Elixir.Application",
        "Elixir.GenServer",
    ];
    const CALLED: [&str; 5] = [
        "supervisor",
        "Elixir.Supervisor",
        "Elixir.DynamicSupervisor",
        "Elixir.Task.Supervisor",
        "Elixir.Agent",
    ];
    const ENVIRONMENT: [&str; 5] = [
        "set_env",
        "unset_env",
        "put_env",
        "put_all_env",
        "delete_env",
    ];
    is_special
        || behaviours.any(|name| BEHAVIOURS.contains(&name))
        || called.any(|(module, name)| {
            let is_environment = module == "application" || module == "Elixir.Application";
            CALLED.contains(&module) || is_environment && ENVIRONMENT.contains(&name)
        })
}

/// The count at the head of chunk `FunT`.
fn funs(beam: &BeamFile<'_>) -> u32 {
    let count = beam.chunk(ChunkId(*b"FunT")).and_then(<[u8]>::first_chunk);
    count.map_or(0, |count| u32::from_be_bytes(*count))
}
