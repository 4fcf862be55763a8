//! Terms as low-level instructions, as the syntax check of `systools_rc` accepts them.

use beam::Term;

use super::super::field::{arguments, atom, list, module, modules, purges, timeout};
use super::super::{InstructionError, Problem, Timeout};
use super::{CodeChange, Low};

impl Low {
    /// Reads an instruction of a `relup` file.
    ///
    /// # Errors
    /// Where the term is no low-level instruction.
    pub fn read(term: &Term) -> Result<Self, InstructionError> {
        read(term).map_err(|problem| problem.of(term))
    }
}

fn read(term: &Term) -> Result<Low, Problem> {
    match term {
        Term::Atom(name) => match name.as_str() {
            "point_of_no_return" => Ok(Low::PointOfNoReturn),
            "restart_new_emulator" => Ok(Low::RestartNewEmulator),
            "restart_emulator" => Ok(Low::RestartEmulator),
            // Accepted by `systools`, refused by `release_handler` once the upgrade runs.
            "restart" | "reboot" | "mnesia_backup" => Err(Problem::NotPerformed),
            _ => Err(Problem::Unknown),
        },
        Term::Tuple(elements) => {
            let Some((Term::Atom(tag), fields)) = elements.split_first() else {
                return Err(Problem::Unknown);
            };
            tuple(tag, fields)
        }
        _ => Err(Problem::Unknown),
    }
}

fn tuple(tag: &str, fields: &[Term]) -> Result<Low, Problem> {
    match (tag, fields) {
        ("load_object_code", [Term::Tuple(of)]) if of.len() == 3 => Ok(Low::LoadObjectCode {
            application: atom(&of[0], "application")?,
            vsn: of[1]
                .text()
                .ok_or_else(|| Problem::field("version", &of[1]))?,
            modules: modules(&of[2])?,
        }),
        ("load", [Term::Tuple(of)]) if of.len() == 3 => Ok(Low::Load {
            module: module(&of[0])?,
            purges: purges(&of[1], &of[2])?,
        }),
        ("remove", [Term::Tuple(of)]) if of.len() == 3 => Ok(Low::Remove {
            module: module(&of[0])?,
            purges: purges(&of[1], &of[2])?,
        }),
        ("purge", [of]) => Ok(Low::Purge(modules(of)?)),
        ("suspend", [of]) => suspend(of),
        ("resume", [of]) => Ok(Low::Resume(modules(of)?)),
        // Without a mode, the change is one up.
        ("code_change", [of]) => code_change(CodeChange::Up, of),
        ("code_change", [mode, of]) => match mode.as_atom() {
            Some("up") => code_change(CodeChange::Up, of),
            Some("down") => code_change(CodeChange::Down, of),
            _ => Err(Problem::field("up or down", mode)),
        },
        ("stop", [of]) => Ok(Low::Stop(modules(of)?)),
        ("start", [of]) => Ok(Low::Start(modules(of)?)),
        ("sync_nodes", [id, nodes]) => sync_nodes(id, nodes),
        ("apply", [Term::Tuple(call)]) if call.len() == 3 => Ok(Low::Apply {
            module: module(&call[0])?,
            function: atom(&call[1], "function")?,
            args: arguments(&call[2])?,
        }),
        _ => Err(Problem::Unknown),
    }
}

fn suspend(term: &Term) -> Result<Low, Problem> {
    let read = |element: &Term| -> Result<(String, Option<Timeout>), Problem> {
        match element.as_tuple() {
            Some([name, time]) => Ok((module(name)?, Some(timeout(time)?))),
            _ => Ok((module(element)?, None)),
        }
    };
    let elements = list(term).ok_or_else(|| Problem::field("list of modules", term))?;
    let modules = elements.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Low::Suspend(modules))
}

fn code_change(mode: CodeChange, term: &Term) -> Result<Low, Problem> {
    let expected = "{MODULE, EXTRA}";
    let read = |element: &Term| match element.as_tuple() {
        Some([name, extra]) => Ok((module(name)?, extra.clone())),
        _ => Err(Problem::field(expected, element)),
    };
    let elements = list(term).ok_or_else(|| Problem::field("list of {MODULE, EXTRA}", term))?;
    let modules = elements.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Low::CodeChange { mode, modules })
}

fn sync_nodes(id: &Term, nodes: &Term) -> Result<Low, Problem> {
    match nodes {
        Term::Tuple(call) if call.len() == 3 => {
            module(&call[0])?;
            atom(&call[1], "function")?;
            arguments(&call[2])?;
        }
        _ => {
            let expected = "list of nodes or {MODULE, FUNCTION, ARGUMENTS}";
            let elements = list(nodes).ok_or_else(|| Problem::field(expected, nodes))?;
            for node in &elements {
                atom(node, "node")?;
            }
        }
    }
    Ok(Low::SyncNodes {
        id: id.clone(),
        nodes: nodes.clone(),
    })
}

#[cfg(test)]
mod tests {
    use beam::Limits;
    use beam::term::consult_one;

    use super::*;

    fn term(text: &str) -> Term {
        consult_one(format!("{text}.").as_bytes(), &Limits::RELEASE).unwrap()
    }

    #[test]
    fn every_low_level_instruction_is_read_and_printed() {
        for text in [
            r#"{load_object_code,{shop,"1.0",[a,b]}}"#,
            r#"{load_object_code,{shop,"1.0",[]}}"#,
            "point_of_no_return",
            "{load,{a,soft_purge,brutal_purge}}",
            "{remove,{a,brutal_purge,soft_purge}}",
            "{purge,[a,b]}",
            "{suspend,[a,{b,5000},{c,infinity},{d,default}]}",
            "{resume,[b,a]}",
            "{code_change,up,[{a,[]},{b,{x,1}}]}",
            "{code_change,down,[{a,#{k => v}}]}",
            "{stop,[a]}",
            "{start,[a]}",
            "{sync_nodes,{any,\"id\"},[n@h,m@h]}",
            "{sync_nodes,id,{m,f,[1]}}",
            "{apply,{m,f,[1,\"two\"]}}",
            "restart_new_emulator",
            "restart_emulator",
        ] {
            let low = Low::read(&term(text)).unwrap();
            assert_eq!(low.to_term().to_string(), text);
        }
    }

    #[test]
    fn a_change_without_a_mode_is_one_up() {
        let low = Low::read(&term("{code_change,[{a,x}]}")).unwrap();
        assert_eq!(low.to_term().to_string(), "{code_change,up,[{a,x}]}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, message) in [
            (
                "{load,{a,soft,brutal_purge}}",
                "{load,{a,soft,brutal_purge}}: soft is no soft_purge or brutal_purge",
            ),
            (
                "{load_object_code,{shop,one,[]}}",
                "{load_object_code,{shop,one,[]}}: one is no version",
            ),
            (
                "{suspend,[{a,0}]}",
                "{suspend,[{a,0}]}: 0 is no default, infinity or positive number of milliseconds",
            ),
            (
                "{code_change,[a]}",
                "{code_change,[a]}: a is no {MODULE, EXTRA}",
            ),
            (
                "{code_change,side,[]}",
                "{code_change,side,[]}: side is no up or down",
            ),
            ("{purge,a}", "{purge,a}: a is no list of modules"),
            ("{purge,\"a\"}", "{purge,\"a\"}: 97 is no module"),
            (
                "{apply,{m,f}}",
                "{apply,{m,f}}: there is no such instruction",
            ),
            (
                "{apply,{m,f,a}}",
                "{apply,{m,f,a}}: a is no list of arguments",
            ),
            (
                "{sync_nodes,id,[\"n@h\"]}",
                "{sync_nodes,id,[\"n@h\"]}: \"n@h\" is no node",
            ),
            (
                "reboot",
                "reboot: release_handler does not perform it; restart_emulator restarts the node",
            ),
        ] {
            assert_eq!(Low::read(&term(text)).unwrap_err().to_string(), message);
        }
    }
}
