//! High-level instructions as terms.

use beam::Term;
use beam::rel::StartType;

use super::super::Purges;
use super::super::field::{of_atoms, of_purge, of_timeout, tagged};
use super::{Change, High, ModuleType, Timeout, Update};

impl High {
    /// The instruction as an `.appup` file holds it, in the shortest form that means the same.
    pub fn to_term(&self) -> Term {
        match self {
            Self::Update(update) => update.to_term(),
            Self::LoadModule {
                module,
                purges,
                depends,
            } => {
                let mut fields = vec![Term::atom(module)];
                if *purges != Purges::BRUTAL {
                    fields.extend([of_purge(purges.pre), of_purge(purges.post)]);
                    fields.push(of_atoms(depends));
                } else if !depends.is_empty() {
                    fields.push(of_atoms(depends));
                }
                tagged("load_module", fields)
            }
            Self::AddModule { module, depends } => with_depends("add_module", module, depends),
            Self::DeleteModule { module, depends } => {
                with_depends("delete_module", module, depends)
            }
            Self::AddApplication { application, start } => {
                let mut fields = vec![Term::atom(application)];
                if *start != StartType::Permanent {
                    fields.push(Term::atom(start.as_atom()));
                }
                tagged("add_application", fields)
            }
            Self::RemoveApplication { application } => {
                tagged("remove_application", vec![Term::atom(application)])
            }
            Self::RestartApplication { application } => {
                tagged("restart_application", vec![Term::atom(application)])
            }
            Self::Low(low) => low.to_term(),
        }
    }
}

impl Update {
    fn to_term(&self) -> Term {
        let depends = of_atoms(&self.depends);
        let mut fields = vec![Term::atom(&self.module)];
        if *self == Self::supervisor(&self.module) {
            fields.push(Term::atom("supervisor"));
            return tagged("update", fields);
        }
        let dynamic = self.module_type == ModuleType::Dynamic;
        if dynamic && self.timeout == Timeout::Default && self.purges == Purges::BRUTAL {
            if self.change != Change::Soft {
                fields.push(of_change(&self.change));
            }
            if !self.depends.is_empty() {
                fields.push(depends);
            }
            return tagged("update", fields);
        }
        if !dynamic {
            fields.push(Term::atom("static"));
        }
        if !dynamic || self.timeout != Timeout::Default {
            fields.push(of_timeout(self.timeout));
        }
        fields.push(of_change(&self.change));
        fields.extend([of_purge(self.purges.pre), of_purge(self.purges.post)]);
        fields.push(depends);
        tagged("update", fields)
    }
}

fn of_change(change: &Change) -> Term {
    match change {
        Change::Soft => Term::atom("soft"),
        Change::Advanced(extra) => tagged("advanced", vec![extra.clone()]),
    }
}

fn with_depends(tag: &str, module: &str, depends: &[String]) -> Term {
    let mut fields = vec![Term::atom(module)];
    if !depends.is_empty() {
        fields.push(of_atoms(depends));
    }
    tagged(tag, fields)
}
