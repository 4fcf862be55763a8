//! What a module says of itself without its code being run.
//!
//! ```text
//! BeamFile ─┬─ModuleFacts──▶ name, exports, imports, attributes   in every beam, stripped or not
//!           ├─CompileInfo──▶ compiler, options, source            gone once stripped
//!           ├─DebugInfo────▶ abstract code, form by form          gone once stripped
//!           ├─on_load──────▶ the function run when it is loaded   told by the code alone
//!           └─literals─────▶ the constants of its code            in every beam
//! ```

mod attributes;
mod compile;
mod debug;
mod functions;
mod literals;
mod on_load;

use crate::Limits;
use crate::atoms::Atoms;
use crate::chunks::{BeamError, BeamFile, ChunkId};
use crate::etf::{DecodeError, Term};

pub use attributes::Attributes;
pub use compile::CompileInfo;
pub use debug::DebugInfo;
pub use functions::{Function, Import};
pub use literals::literals;
pub use on_load::on_load;

/// What the chunks that are in every beam, stripped or not, say of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleFacts {
    atoms: Atoms,
    /// Numbers of atoms, with an arity.
    exports: Vec<(u32, u8)>,
    imports: Vec<(u32, u32, u8)>,
    funs: u32,
    attributes: Attributes,
}

/// Why a chunk of a module cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// The container or the atom table is damaged, or a chunk is missing.
    #[error(transparent)]
    Beam(#[from] BeamError),
    /// A chunk contradicts itself.
    #[error("a BEAM file whose {chunk} chunk is damaged")]
    Damaged {
        /// The chunk.
        chunk: ChunkId,
    },
    /// A chunk is no encoded term, or one that exceeds the limits.
    #[error("chunk {chunk} of a BEAM file: {source}")]
    Term {
        /// The chunk.
        chunk: ChunkId,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// The debug information is encrypted, and nobody here has its key.
    #[error("chunk {chunk} of a BEAM file is encrypted")]
    Encrypted {
        /// The chunk.
        chunk: ChunkId,
    },
    /// A chunk unpacks to more bytes than the limits allow.
    #[error("chunk {chunk} of a BEAM file is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The chunk.
        chunk: ChunkId,
        /// The limit in bytes.
        limit: usize,
    },
}

impl ModuleFacts {
    /// Reads the facts of a module.
    ///
    /// # Errors
    /// Where a chunk that every module has is missing or damaged, or exceeds the limits.
    pub fn read(beam: &BeamFile<'_>, limits: &Limits) -> Result<Self, FactsError> {
        let atoms = Atoms::read(beam)?;
        Ok(Self {
            exports: functions::exports(beam, &atoms)?,
            imports: functions::imports(beam, &atoms)?,
            funs: functions::funs(beam)?,
            attributes: Attributes::read(beam, limits)?,
            atoms,
        })
    }

    /// The module's name, without quotes.
    pub fn module(&self) -> &str {
        self.atom(1)
    }

    /// The atoms that its code names; literals have their own.
    pub fn atoms(&self) -> &Atoms {
        &self.atoms
    }

    /// The functions that it exports, in the order of the file; `module_info` is among them.
    pub fn exports(&self) -> impl Iterator<Item = Function<'_>> {
        self.exports.iter().map(|&(name, arity)| Function {
            name: self.atom(name),
            arity,
        })
    }

    /// Whether it exports a function.
    pub fn has_export(&self, name: &str, arity: u8) -> bool {
        self.exports().any(|f| f.arity == arity && f.name == name)
    }

    /// The functions of other modules that its code calls by name, in the order of the file.
    pub fn imports(&self) -> impl Iterator<Item = Import<'_>> {
        self.imports.iter().map(|&(module, name, arity)| Import {
            module: self.atom(module),
            name: self.atom(name),
            arity,
        })
    }

    /// Whether its code calls a function by name.
    pub fn has_import(&self, module: &str, name: &str, arity: u8) -> bool {
        self.imports()
            .any(|f| f.arity == arity && f.name == name && f.module == module)
    }

    /// How many local funs its code makes, places in the code counted once; calls of `fun name/arity`
    /// among them.
    pub fn funs(&self) -> u32 {
        self.funs
    }

    /// Whether its code calls `erlang:load_nif/2`, so that a library of native functions comes with it.
    ///
    /// A call through `apply` with computed names is not seen.
    pub fn loads_nif(&self) -> bool {
        self.has_import("erlang", "load_nif", 2)
    }

    /// Whether it defines a behaviour by `-callback` or by `behaviour_info/1`.
    pub fn defines_behaviour(&self) -> bool {
        self.has_export("behaviour_info", 1)
    }

    /// Its attributes.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// The value of its `vsn` attribute, a list: what the compiler computed, or what the author wrote.
    pub fn vsn(&self) -> Option<&Term> {
        self.attributes.first("vsn")
    }

    /// The behaviours that it implements, in the order of its attributes.
    pub fn behaviours(&self) -> impl Iterator<Item = &str> {
        self.attributes.behaviours()
    }

    /// Whether it says that it implements a behaviour.
    pub fn has_behaviour(&self, name: &str) -> bool {
        self.behaviours().any(|behaviour| behaviour == name)
    }

    /// An atom of a function; its number was checked when it was read.
    fn atom(&self, number: u32) -> &str {
        self.atoms.get(number).unwrap_or_default()
    }
}
