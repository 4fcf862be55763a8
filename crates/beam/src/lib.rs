//! BEAM files, Erlang term text and the external term format, read and written from bytes under explicit limits.
//!
//! A core crate: nothing here opens a file, reads a clock or starts a process. Every reader takes
//! `&[u8]` and [`Limits`], and answers any bytes with a value or an error, never a panic.
//!
//! ```text
//! .beam bytes ──BeamFile──▶ chunks, module name, md5 (equal to beam_lib:md5/1)
//!                └─ModuleFacts──▶ exports, imports, attributes; DebugInfo, CompileInfo
//! term text ───term::consult──▶ Term ──▶ AppFile, RelFile, Releases, SysConfig, Script
//! Term ───Display──▶ text that file:consult/1 reads back as the same term
//! term_to_binary/1 ──etf::decode──▶ etf::Term ──etf::encode──▶ binary_to_term/1
//! ```

pub mod app;
pub mod atoms;
pub mod chunks;
pub mod digest;
pub mod etf;
pub mod facts;
mod limits;
pub mod rel;
pub mod releases;
pub mod script;
pub mod start_erl;
pub mod sys_config;
pub mod term;

pub use app::AppFile;
pub use atoms::Atoms;
pub use chunks::{BeamError, BeamFile, ChunkId};
pub use digest::ModuleMd5;
pub use facts::ModuleFacts;
pub use limits::Limits;
pub use rel::RelFile;
pub use releases::Releases;
pub use script::Script;
pub use start_erl::StartErl;
pub use sys_config::SysConfig;
pub use term::Term;
