//! Expressions as text: literals as Erlang writes them, all else so that equal text is equal code.

use beam::etf::Term;

use crate::ast::{Callee, Expr};

/// The term that an expression is, where it is one.
pub(crate) fn term(expr: &Expr) -> Option<Term> {
    Some(match expr {
        Expr::Atom(name) => Term::atom(&**name),
        Expr::Number(number) => number.clone(),
        Expr::Binary(bytes) => Term::binary(bytes.clone()),
        Expr::Tuple(elements) => Term::tuple(terms(elements)?),
        Expr::List(elements, None) => Term::list(terms(elements)?),
        Expr::Map(fields) => {
            let pairs = fields
                .iter()
                .map(|(key, value)| Some((term(key)?, term(value)?)));
            Term::Map(pairs.collect::<Option<_>>()?)
        }
        Expr::Struct(module, fields) => {
            let pairs = fields
                .iter()
                .map(|(key, value)| Some((term(key)?, term(value)?)));
            let mut pairs: std::collections::BTreeMap<_, _> = pairs.collect::<Option<_>>()?;
            pairs.insert(Term::atom("__struct__"), term(module)?);
            Term::Map(pairs)
        }
        Expr::RemoteFun(fun) => match (&fun.0, &fun.1, &fun.2) {
            (Expr::Atom(module), Expr::Atom(name), Expr::Number(arity)) => Term::Export {
                module: module.to_string(),
                name: name.to_string(),
                arity: u8::try_from(arity.as_int()?).ok()?,
            },
            _ => return None,
        },
        _ => return None,
    })
}

fn terms(exprs: &[Expr]) -> Option<Vec<Term>> {
    exprs.iter().map(term).collect()
}

/// An expression as text.
pub(crate) fn text(expr: &Expr) -> String {
    if let Some(term) = term(expr) {
        return term.to_string();
    }
    let list = |exprs: &[Expr]| exprs.iter().map(text).collect::<Vec<_>>().join(",");
    let fields = |fields: &[(Expr, Expr)]| {
        let field = |(key, value): &(Expr, Expr)| format!("{} => {}", text(key), text(value));
        fields.iter().map(field).collect::<Vec<_>>().join(",")
    };
    match expr {
        Expr::Unknown(what) => format!("<{what}>"),
        Expr::Var(number) => format!("V{number}"),
        Expr::Tuple(elements) => format!("{{{}}}", list(elements)),
        Expr::List(elements, None) => format!("[{}]", list(elements)),
        Expr::List(elements, Some(tail)) => format!("[{}|{}]", list(elements), text(tail)),
        Expr::Map(all) => format!("#{{{}}}", fields(all)),
        Expr::Field(map, key) => format!("{}.{key}", text(map)),
        Expr::Call(call) => {
            let callee = match &call.callee {
                Callee::Local(name) => name.to_string(),
                Callee::Remote(module, name) => format!("{}:{name}", Term::atom(&**module)),
                Callee::Computed(module, name) => format!("{}:{}", text(module), text(name)),
                Callee::Value(fun) => format!("({})", text(fun)),
            };
            format!("{callee}({})", list(&call.arguments))
        }
        Expr::LocalFun(name, arity) => format!("fun {name}/{arity}"),
        // Rarely seen by anyone: only that equal code is equal text counts.
        other => without_lines(&format!("{other:?}")),
    }
}

/// The text of an expression with the lines taken out.
fn without_lines(text: &str) -> String {
    let mut parts = text.split("line: Line(");
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find("), ").map_or(part.len(), |end| end + 3);
        all.push_str(&part[end..]);
    }
    all
}

/// Without the numbers of variables, which say nothing between two versions.
pub(crate) fn unnamed(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut within = false;
    while let Some(char) = rest.next() {
        let is_variable = char == 'V' && !within && rest.peek().is_some_and(char::is_ascii_digit);
        if is_variable {
            plain.push('_');
            while rest.next_if(char::is_ascii_digit).is_some() {}
        } else {
            plain.push(char);
        }
        within = char.is_alphanumeric() || char == '_';
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::unnamed;

    #[test]
    fn variables_have_no_numbers() {
        assert_eq!(unnamed("{V1,[V12|V2]}"), "{_,[_|_]}");
        assert_eq!(unnamed("'V1x'(AV2,V)"), "'_x'(AV2,V)");
    }
}
