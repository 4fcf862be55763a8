//! Calls.

use super::{Env, Evaluator, library};
use crate::Code;
use crate::ast::{Call, Callee, Expr, Name};
use crate::shape::{Named, Origin, Shape, called};

impl<'a> Evaluator<'a> {
    pub(super) fn call(&mut self, code: &'a Code, call: &'a Call, env: &mut Env) -> Shape {
        let built_in = match &call.callee {
            Callee::Remote(module, name) if &**module == "erlang" => Some(name),
            Callee::Local(name) if code.function(name, call.arguments.len()).is_none() => {
                Some(name)
            }
            _ => None,
        };
        if let Some(name) = built_in
            && let Some(shape) = self.shortcut(code, name, &call.arguments, env)
        {
            return shape;
        }
        let mut arguments = self.evals(code, &call.arguments, env);
        if let Callee::Remote(module, name) = &call.callee
            && let Some(index) = library::told_apart(module, name)
            && let Some(Expr::List(list, None)) = call.arguments.get(index)
        {
            // Each element for itself, not what any of them may be.
            arguments[index] = Shape::tuple(self.evals(code, list, env));
        }
        if arguments.iter().any(Shape::is_never) {
            return Shape::never();
        }
        match &call.callee {
            Callee::Local(name) => self.local(code, name, arguments),
            Callee::Remote(module, name) => self.remote(code, module, name, arguments),
            Callee::Value(fun) => {
                let fun = self.eval(code, fun, env);
                self.called(&fun, &arguments)
            }
            Callee::Computed(module, name) => {
                let module = self.eval(code, module, env);
                let name = self.eval(code, name, env);
                match (module.single_atom(), name.single_atom()) {
                    (Some(module), Some(name)) => {
                        let (module, name) = (module.clone(), name.clone());
                        self.remote(code, &module, &name, arguments)
                    }
                    _ => {
                        let callee = format!("a function `{name}` of {module}");
                        self.unknown(&callee, &arguments)
                    }
                }
            }
        }
    }

    /// `andalso` and `orelse` do not always evaluate their right side; an element of a tuple is told by
    /// a number that is written out.
    fn shortcut(
        &mut self,
        code: &'a Code,
        name: &str,
        arguments: &'a [Expr],
        env: &mut Env,
    ) -> Option<Shape> {
        if let ("element" | "setelement", [Expr::Number(index), tuple, value @ ..]) =
            (name, arguments)
        {
            let index = usize::try_from(index.as_u64()?).ok()?.checked_sub(1)?;
            let tuple = self.eval(code, tuple, env);
            let value = value.first().map(|value| self.eval(code, value, env));
            return library::element(&tuple, index, value.as_ref());
        }
        let (stop, [left, right]) = (
            match name {
                "andalso" => "false",
                "orelse" => "true",
                _ => return None,
            },
            arguments,
        ) else {
            return None;
        };
        let left = self.eval(code, left, env);
        if left.single_atom().is_some_and(|atom| &**atom == stop) {
            return Some(left);
        }
        let right = self.eval(code, right, env);
        match left.may_be_atom(stop) {
            true => Some(Shape::atom(stop).or(&right)),
            false => Some(right),
        }
    }

    /// A name without a module: of this module, or of `erlang`.
    pub(super) fn local(&mut self, code: &'a Code, name: &Name, arguments: Vec<Shape>) -> Shape {
        match code.function(name, arguments.len()) {
            Some(_) => self.apply(code, name, arguments),
            None => self.remote(code, &Name::from("erlang"), name, arguments),
        }
    }

    pub(super) fn remote(
        &mut self,
        code: &'a Code,
        module: &Name,
        name: &Name,
        arguments: Vec<Shape>,
    ) -> Shape {
        if library::observed(module, name) {
            let kept = (module.clone(), name.clone());
            self.observed
                .entry(kept)
                .or_default()
                .insert(arguments.clone());
        }
        if *module == code.module {
            return self.apply(code, name, arguments);
        }
        if let Some(shape) = library::call(self, module, name, &arguments) {
            return shape;
        }
        if *module == self.version.code.module {
            let own = self.version.code;
            return self.apply(own, name, arguments);
        }
        if !library::is_standard(module) {
            if let Some(other) = self.version.others.code(module)
                && other.function(name, arguments.len()).is_some()
            {
                return self.apply(other, name, arguments);
            }
            self.depends.insert(module.to_string());
        }
        let callee = format!("{}.{name}", crate::shape::module(module));
        self.unknown(&callee, &arguments)
    }

    /// What a function that is not followed returns: always the same for the same arguments.
    pub(crate) fn unknown(&mut self, callee: &str, arguments: &[Shape]) -> Shape {
        let arguments: Vec<Named> = arguments
            .iter()
            .map(|argument| self.named(argument))
            .collect();
        Shape::opaque(Origin::Call, called(callee, &arguments))
    }
}
