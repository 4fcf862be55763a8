//! The boot script: `NAME.boot`, which `init` performs, and `NAME.script`, the same as text.

use crate::Limits;
use crate::etf::{self, DecodeError, EncodeError, Term};
use crate::term::{self, TermError, consult_one};

/// A boot script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The name of the release.
    pub name: String,
    /// Its version.
    pub vsn: String,
    /// What `init` does, one after the other.
    pub instructions: Vec<Term>,
}

/// Why bytes are no boot script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// The bytes of a `.boot` are no encoded term.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The bytes of a `.script` are not one Erlang term.
    #[error(transparent)]
    Term(#[from] TermError),
    /// The text has a term that no running system can have.
    #[error(transparent)]
    NotText(#[from] etf::NotText),
    /// The term is not `{script, {Name, Vsn}, Instructions}`.
    #[error("expected {{script, {{NAME, VSN}}, [INSTRUCTIONS]}}")]
    Shape,
}

impl Script {
    /// Reads the bytes of a `.boot` file.
    ///
    /// # Errors
    /// Where they are no boot script, or exceed the limits.
    pub fn read_boot(bytes: &[u8], limits: &Limits) -> Result<Self, ScriptError> {
        Self::from_term(etf::decode(bytes, limits)?)
    }

    /// Reads the bytes of a `.script` file.
    ///
    /// # Errors
    /// Where they are no boot script, or exceed the limits.
    pub fn read_text(bytes: &[u8], limits: &Limits) -> Result<Self, ScriptError> {
        let text = consult_one(bytes, limits)?;
        Self::from_term(Term::try_from(&text)?)
    }

    fn from_term(term: Term) -> Result<Self, ScriptError> {
        let Term::Tuple(elements) = term else {
            return Err(ScriptError::Shape);
        };
        let Ok([tag, id, Term::List(instructions)]) = <[Term; 3]>::try_from(elements) else {
            return Err(ScriptError::Shape);
        };
        let (true, Some([name, vsn])) = (tag.is_atom("script"), id.as_tuple()) else {
            return Err(ScriptError::Shape);
        };
        Ok(Self {
            name: name.text().ok_or(ScriptError::Shape)?,
            vsn: vsn.text().ok_or(ScriptError::Shape)?,
            instructions,
        })
    }

    fn to_term(&self) -> Term {
        let id = Term::tuple([Term::string(&self.name), Term::string(&self.vsn)]);
        Term::tuple([
            Term::atom("script"),
            id,
            Term::list(self.instructions.clone()),
        ])
    }

    /// Writes a `.boot` file.
    ///
    /// # Errors
    /// Where an instruction has a term that the format cannot hold.
    pub fn to_boot(&self) -> Result<Vec<u8>, EncodeError> {
        etf::encode(&self.to_term())
    }

    /// Writes a `.script` file.
    ///
    /// # Errors
    /// Where an instruction has a term that text cannot hold, such as a process identifier.
    pub fn to_text(&self) -> Result<String, etf::NotText> {
        let text = term::Term::try_from(&self.to_term())?.with_strings();
        Ok(format!("%% coding: utf-8\n{}.\n", text.pretty()))
    }

    /// The modules that it loads before any application starts: those of `{primLoad, Modules}`.
    pub fn loaded_modules(&self) -> impl Iterator<Item = &str> {
        self.tagged("primLoad")
            .filter_map(|arguments| arguments.first()?.as_list())
            .flatten()
            .filter_map(Term::as_atom)
    }

    /// The directories that code is found in: the elements of `{path, Directories}`, where
    /// `$ROOT` and other names after a dollar sign are variables of the boot.
    pub fn path(&self) -> impl Iterator<Item = String> {
        self.tagged("path")
            .filter_map(|arguments| arguments.first()?.as_list())
            .flatten()
            .filter_map(Term::text)
    }

    /// The applications that it loads, `{application, Name, Properties}` as in an `.app` file, of
    /// `{apply, {application, load, [Application]}}`.
    pub fn applications(&self) -> impl Iterator<Item = &Term> {
        self.tagged("apply").filter_map(|arguments| {
            let [module, function, arguments] = arguments.first()?.as_tuple()? else {
                return None;
            };
            let load = module.is_atom("application") && function.is_atom("load");
            arguments.as_list().filter(|_| load)?.first()
        })
    }

    /// The elements after the first of every instruction with that tag.
    fn tagged(&self, tag: &str) -> impl Iterator<Item = &[Term]> {
        self.instructions
            .iter()
            .filter_map(move |instruction| match instruction.as_tuple()? {
                [first, rest @ ..] if first.is_atom(tag) => Some(rest),
                _ => None,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "%% coding: utf-8\n\
        {script,{\"grün\",\"1\"},\n [{preLoaded,[erlang]},\n  {path,[\"$ROOT/lib/kernel-8/ebin\"]},\n\
        {primLoad,[error_handler,'Elixir.Shop']},{primLoad,[lists]},\n\
        {apply,{application,load,[{application,shop,[{vsn,\"1\"}]}]}},\n\
        {apply,{application,start_boot,[shop,permanent]}}]}.\n";

    #[test]
    fn a_script_is_the_same_as_text_and_as_boot_file() {
        let limits = Limits::RELEASE;
        let script = Script::read_text(TEXT.as_bytes(), &limits).unwrap();
        assert_eq!((script.name.as_str(), script.vsn.as_str()), ("grün", "1"));
        let boot = Script::read_boot(&script.to_boot().unwrap(), &limits).unwrap();
        assert_eq!(boot, script);
        let text = boot.to_text().unwrap();
        assert!(
            text.contains("{path,[\"$ROOT/lib/kernel-8/ebin\"]}"),
            "{text}"
        );
        assert_eq!(Script::read_text(text.as_bytes(), &limits).unwrap(), script);
    }

    #[test]
    fn what_it_loads_is_found() {
        let script = Script::read_text(TEXT.as_bytes(), &Limits::RELEASE).unwrap();
        let modules: Vec<&str> = script.loaded_modules().collect();
        assert_eq!(modules, ["error_handler", "Elixir.Shop", "lists"]);
        let path: Vec<String> = script.path().collect();
        assert_eq!(path, ["$ROOT/lib/kernel-8/ebin"]);
        let names: Vec<String> = script.applications().map(Term::to_string).collect();
        assert_eq!(names, ["{application,shop,[{vsn,\"1\"}]}"]);
    }

    #[test]
    fn what_is_no_script_is_refused() {
        let read = |text: &str| Script::read_text(text.as_bytes(), &Limits::RELEASE).unwrap_err();
        assert_eq!(read("{script,{\"a\",1},[]}."), ScriptError::Shape);
        assert_eq!(read("{boot,{\"a\",\"1\"},[]}."), ScriptError::Shape);
        assert_eq!(read("[]."), ScriptError::Shape);
        let error = Script::read_boot(b"\x83", &Limits::RELEASE).unwrap_err();
        assert!(matches!(error, ScriptError::Decode(_)), "{error}");
    }
}
