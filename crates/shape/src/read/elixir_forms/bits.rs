//! Bitstrings of Elixir.

use beam::etf::Term;

use super::Quoted;
use crate::ast::{Expr, Name, Segment};

impl<'a> Quoted<'a> {
    pub(super) fn bits(&mut self, segments: &'a [Term]) -> Expr {
        Expr::Bits(
            segments
                .iter()
                .map(|segment| self.segment(segment))
                .collect(),
        )
    }

    fn segment(&mut self, segment: &'a Term) -> Segment {
        let mut size = None;
        let mut kind = Vec::new();
        let value = match segment.as_tuple() {
            Some([head, _, Term::List(sides)]) if head.is_atom("::") && sides.len() == 2 => {
                self.kind(&sides[1], &mut size, &mut kind);
                self.expr(&sides[0])
            }
            _ => self.expr(segment),
        };
        kind.sort();
        Segment { value, size, kind }
    }

    /// `binary-size(3)-unit(8)`: names joined by minus, some with an argument.
    fn kind(&mut self, term: &'a Term, size: &mut Option<Expr>, kind: &mut Vec<Name>) {
        let Some([Term::Atom(name), _, arguments]) = term.as_tuple() else {
            return;
        };
        match (name.as_str(), arguments.as_list().unwrap_or_default()) {
            ("-", [left, right]) => {
                self.kind(left, size, kind);
                self.kind(right, size, kind);
            }
            ("size", [bits]) => *size = Some(self.expr(bits)),
            (name, []) => kind.push(name.into()),
            (name, arguments) => kind.push(format!("{name}{:?}", arguments[0].as_int()).into()),
        }
    }
}
