//! What a module does that outlives a change of its code.

mod closures;
mod kinds;
mod started;

use std::collections::BTreeMap;

use crate::Code;
use crate::ast::{Call, Callee, Expr, Function, Name, Var};
use crate::print;
use crate::walk;

pub use started::started;

/// One such deed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// What kind it is.
    pub kind: Kind,
    /// The function that does it.
    pub function: String,
    /// Its arity.
    pub arity: u8,
    /// The line in its source, where it was seen.
    pub line: Option<u32>,
    /// What is called, such as `telemetry:attach/4`; for a fun in the state, where it is.
    pub call: String,
}

/// What kind of deed outlives a change of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Writes the application environment or a persistent term.
    EnvironmentWritten,
    /// Writes it in a function that looks up the same literal key: what was computed is kept, and would
    /// be computed anew.
    EnvironmentCached,
    /// Starts a process outside of every supervisor.
    ProcessStarted,
    /// Hands out a closure of this module, or the name of a local function, where it may live long.
    ClosureKept,
    /// Loads a native library.
    NativeLoaded,
    /// Opens a port or loads a driver.
    PortOpened,
}

/// Every such deed of a module, in the order of its functions.
///
/// Calls are seen by name. One whose module or name is computed is not, and neither is a fun that is
/// handed on through another function.
pub fn of(code: &Code) -> Vec<Deed> {
    let mut deeds = Vec::new();
    for ((name, arity), function) in &code.functions {
        let within = Within::new(code, function);
        for call in &within.calls {
            if let Some(kind) = within.kind(name, call) {
                deeds.push(Deed {
                    kind,
                    function: name.to_string(),
                    arity: u8::try_from(*arity).unwrap_or(u8::MAX),
                    line: call.line.0,
                    call: called(code, call),
                });
            }
        }
    }
    deeds.extend(closures::in_state(code));
    deeds
}

/// A function with the calls in it.
struct Within<'c> {
    code: &'c Code,
    calls: Vec<&'c Call>,
    /// What variables are matched with.
    bound: BTreeMap<Var, &'c Expr>,
}

impl<'c> Within<'c> {
    fn new(code: &'c Code, function: &'c Function) -> Self {
        let mut calls = Vec::new();
        let mut bound = BTreeMap::new();
        walk::function(function, &mut |expr| match expr {
            Expr::Call(call) => calls.push(&**call),
            Expr::Match(pattern, value) => {
                if let Expr::Var(var) = **pattern {
                    bound.insert(var, &**value);
                }
            }
            _ => {}
        });
        Self { code, calls, bound }
    }

    /// What an expression is, where it is a variable that was matched with something.
    fn resolved(&self, expr: &'c Expr) -> &'c Expr {
        match expr {
            Expr::Var(var) => self.bound.get(var).copied().unwrap_or(expr),
            expr => expr,
        }
    }

    fn kind(&self, function: &Name, call: &'c Call) -> Option<Kind> {
        let (module, name) = target(self.code, call)?;
        if kinds::writes_environment(module, name) {
            let cached = self.calls.iter().any(|other| self.looks_up(other, call));
            return Some(match cached {
                true => Kind::EnvironmentCached,
                false => Kind::EnvironmentWritten,
            });
        }
        if kinds::starts_process(module, name, function) {
            return Some(Kind::ProcessStarted);
        }
        if kinds::loads_native(module, name) {
            return Some(Kind::NativeLoaded);
        }
        if kinds::opens_port(module, name) {
            return Some(Kind::PortOpened);
        }
        let keeps = kinds::keeps_closures(module, name);
        (keeps
            && call
                .arguments
                .iter()
                .any(|argument| self.has_closure(argument)))
        .then_some(Kind::ClosureKept)
    }

    /// Whether a call looks up the literal key that another writes.
    fn looks_up(&self, lookup: &Call, write: &Call) -> bool {
        let (Some((module, name)), Some((written, _))) =
            (target(self.code, lookup), target(self.code, write))
        else {
            return false;
        };
        let keys = match kinds::looks_up_environment(module, name) {
            Some(keys) if kinds::same_environment(module, written) => keys,
            _ => return false,
        };
        let (Some(read), Some(written)) =
            (lookup.arguments.get(..keys), write.arguments.get(..keys))
        else {
            return false;
        };
        read == written && read.iter().all(|key| print::term(key).is_some())
    }

    /// Whether a fun of this module is in what an argument is.
    fn has_closure(&self, argument: &'c Expr) -> bool {
        let mut found = false;
        walk::expr(self.resolved(argument), &mut |part| {
            found |= matches!(self.resolved(part), Expr::Fun(_) | Expr::LocalFun(..));
        });
        found
    }
}

/// Module and name of what is called, where both are known.
fn target<'c>(code: &Code, call: &'c Call) -> Option<(&'c str, &'c str)> {
    match &call.callee {
        Callee::Remote(module, name) => Some((module, name)),
        Callee::Local(name) if code.function(name, call.arguments.len()).is_none() => {
            Some(("erlang", name))
        }
        _ => None,
    }
}

fn called(code: &Code, call: &Call) -> String {
    let (module, name) = target(code, call).unwrap_or_default();
    format!(
        "{}:{name}/{}",
        crate::shape::module(module),
        call.arguments.len()
    )
}
