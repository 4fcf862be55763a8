//! Low-level instructions as terms.

use beam::Term;

use super::super::field::{of_atoms, of_purge, of_timeout, tagged};
use super::{CodeChange, Low, Purges};

impl Low {
    /// The instruction as a `relup` file holds it.
    pub fn to_term(&self) -> Term {
        match self {
            Self::LoadObjectCode {
                application,
                vsn,
                modules,
            } => {
                let fields = [
                    Term::atom(application),
                    Term::string(vsn),
                    of_atoms(modules),
                ];
                tagged("load_object_code", vec![Term::Tuple(fields.into())])
            }
            Self::PointOfNoReturn => Term::atom("point_of_no_return"),
            Self::Load { module, purges } => purged("load", module, *purges),
            Self::Remove { module, purges } => purged("remove", module, *purges),
            Self::Purge(modules) => tagged("purge", vec![of_atoms(modules)]),
            Self::Suspend(modules) => {
                let modules = modules.iter().map(|(module, timeout)| match timeout {
                    None => Term::atom(module),
                    Some(timeout) => Term::Tuple(vec![Term::atom(module), of_timeout(*timeout)]),
                });
                tagged("suspend", vec![Term::List(modules.collect())])
            }
            Self::Resume(modules) => tagged("resume", vec![of_atoms(modules)]),
            Self::CodeChange { mode, modules } => {
                let mode = match mode {
                    CodeChange::Up => "up",
                    CodeChange::Down => "down",
                };
                let modules = modules
                    .iter()
                    .map(|(module, extra)| Term::Tuple(vec![Term::atom(module), extra.clone()]));
                let modules = Term::List(modules.collect());
                tagged("code_change", vec![Term::atom(mode), modules])
            }
            Self::Stop(modules) => tagged("stop", vec![of_atoms(modules)]),
            Self::Start(modules) => tagged("start", vec![of_atoms(modules)]),
            Self::SyncNodes { id, nodes } => tagged("sync_nodes", vec![id.clone(), nodes.clone()]),
            Self::Apply {
                module,
                function,
                args,
            } => {
                let call = [
                    Term::atom(module),
                    Term::atom(function),
                    Term::List(args.clone()),
                ];
                tagged("apply", vec![Term::Tuple(call.into())])
            }
            Self::RestartNewEmulator => Term::atom("restart_new_emulator"),
            Self::RestartEmulator => Term::atom("restart_emulator"),
        }
    }
}

fn purged(tag: &str, module: &str, purges: Purges) -> Term {
    let fields = vec![
        Term::atom(module),
        of_purge(purges.pre),
        of_purge(purges.post),
    ];
    tagged(tag, vec![Term::Tuple(fields)])
}
