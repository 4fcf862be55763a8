//! The modules of a release, read when they are first asked for.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use beam::Limits;

use crate::Code;

/// Where the code of other modules of the same release is found.
pub trait Modules {
    /// The code of the module of that name, where the release has it and its debug information is
    /// there.
    fn code(&self, module: &str) -> Option<&Code>;
}

/// A release of which nothing but the module in question is seen.
#[derive(Debug, Clone, Copy)]
pub struct NoModules;

impl Modules for NoModules {
    fn code(&self, _: &str) -> Option<&Code> {
        None
    }
}

/// Modules with their debug information, each read once, when it is first asked for.
#[derive(Debug)]
pub struct Library {
    limits: Limits,
    modules: HashMap<String, Slot>,
}

#[derive(Debug)]
struct Slot {
    debug: Arc<[u8]>,
    code: OnceLock<Option<Code>>,
}

impl Library {
    /// Makes a library of module names with the contents of their chunk `Dbgi`.
    pub fn new(limits: Limits, modules: impl IntoIterator<Item = (String, Arc<[u8]>)>) -> Self {
        let slot = |debug| Slot {
            debug,
            code: OnceLock::new(),
        };
        let modules = modules.into_iter();
        Self {
            limits,
            modules: modules.map(|(name, debug)| (name, slot(debug))).collect(),
        }
    }
}

impl Modules for Library {
    fn code(&self, module: &str) -> Option<&Code> {
        let slot = self.modules.get(module)?;
        let read = || Code::read(&slot.debug, &self.limits).ok();
        slot.code.get_or_init(read).as_ref()
    }
}
