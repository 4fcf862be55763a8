//! `apply`: the calls whose effect is known, and the rest.

use beam::Term;
use relup::Low;
use relup::generate::protocols::Swap;

use super::Walk;
use crate::finding::Kind;
use crate::node::Side;

impl Walk<'_> {
    pub(super) fn apply(&mut self, instruction: &Low) {
        let Low::Apply {
            module,
            function,
            args,
        } = instruction
        else {
            return;
        };
        if let Some(swap) = Swap::read(instruction) {
            self.swap_protocols(&swap);
            return;
        }
        match (module.as_str(), function.as_str(), args.as_slice()) {
            ("application" | "Elixir.Application", call, [Term::Atom(name), rest @ ..]) => {
                let is_elixir = module == "Elixir.Application";
                match (call, rest) {
                    ("start", []) => self.start_application(name, "temporary"),
                    ("start", [Term::Atom(how)]) => self.start_application(name, how),
                    ("stop", []) => self.stop_application(name),
                    ("load", []) => self.load_application(name),
                    ("unload", []) if !is_elixir => self.unload_application(name),
                    _ => self.cannot_follow(module, function, args.len()),
                }
            }
            ("supervisor" | "Elixir.Supervisor", call, [Term::Atom(name), what]) => match call {
                "start_child" => self.start_child(name, what),
                "restart_child" => self.restart_child(name, what),
                "terminate_child" => self.terminate_child(name, what),
                "delete_child" => self.delete_child(name, what),
                _ => self.cannot_follow(module, function, args.len()),
            },
            _ => self.cannot_follow(module, function, args.len()),
        }
    }

    fn cannot_follow(&mut self, module: &str, function: &str, arity: usize) {
        let call = format!("{module}:{function}/{arity}");
        let sides = [Side::To, Side::From];
        let placed: Vec<_> = sides
            .iter()
            .filter_map(|side| self.node.placed(*side, module))
            .collect();
        let current = self.state.current.get(module).copied();
        let there = placed.iter().find(|p| Some(p.module.md5) == current);
        let exported = there.is_some_and(|p| {
            u32::try_from(arity).is_ok_and(|arity| p.module.exports(function, arity))
        });
        if !placed.is_empty() && !exported {
            self.find(
                Kind::UndefinedFunction,
                Some(module),
                format!(
                    "{call} is not there at that moment: the script fails and the node restarts"
                ),
            );
        }
        self.find(
            Kind::OpaqueApply,
            Some(module),
            format!("what {call} does to the node is not known"),
        );
    }
}
