//! Data that is made, taken apart and changed.

use super::{Env, Evaluator};
use crate::Code;
use crate::ast::{Element, Expr, Presence, SetElements, Update};
use crate::shape::{Key, MapShape, Origin, Part, Shape};

/// The key that an expression is, where it is told apart from others.
pub(super) fn key(expr: &Expr) -> Option<Key> {
    match expr {
        Expr::Atom(name) => Some(Key::Atom(name.clone())),
        Expr::Number(number) => Key::of_number(number),
        Expr::Binary(bytes) => Some(Key::Binary(bytes.clone())),
        _ => None,
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn data(&mut self, code: &'a Code, expr: &'a Expr, env: &mut Env) -> Shape {
        match expr {
            Expr::Binary(_) => Shape::of(Part::Binary),
            Expr::Bits(segments) => {
                for segment in segments {
                    self.eval(code, &segment.value, env);
                }
                Shape::of(Part::Binary)
            }
            Expr::Tuple(elements) => {
                let elements = self.evals(code, elements, env);
                match elements.iter().any(Shape::is_never) {
                    true => Shape::never(),
                    false => Shape::tuple(elements),
                }
            }
            Expr::List(elements, tail) => {
                let elements = self.evals(code, elements, env);
                let tail = match tail {
                    Some(tail) => {
                        let tail = self.eval(code, tail, env);
                        self.elements(&tail)
                    }
                    None => Shape::never(),
                };
                Shape::list(Shape::any(&elements).or(&tail))
            }
            Expr::Map(fields) => self.map(code, MapShape::default(), fields, env),
            Expr::Struct(module, fields) => {
                let tag = self.eval(code, module, env);
                let map = MapShape::default().with(Key::Atom("__struct__".into()), tag);
                self.map(code, map, fields, env)
            }
            Expr::Update(update) => self.update(code, update, env),
            Expr::Field(map, name) => {
                let map = self.eval(code, map, env);
                self.fetch(&map, &Key::Atom(name.clone()))
            }
            Expr::Element(element) => self.element(code, element, env),
            Expr::SetElements(set) => self.set_elements(code, set, env),
            _ => Shape::limit("an expression that is not known"),
        }
    }

    fn map(
        &mut self,
        code: &'a Code,
        mut map: MapShape,
        fields: &'a [(Expr, Expr)],
        env: &mut Env,
    ) -> Shape {
        for (name, value) in fields {
            let value = self.eval(code, value, env);
            if value.is_never() {
                return value;
            }
            map = match key(name) {
                Some(key) => map.with(key, value),
                None => map.with_rest(&self.eval(code, name, env), &value),
            };
        }
        Shape::map(map)
    }

    fn update(&mut self, code: &'a Code, update: &'a Update, env: &mut Env) -> Shape {
        let mut map = self.eval(code, &update.map, env);
        if let Some(module) = &update.module {
            map = map.filter(|part| match part {
                Part::Map(map) => map.tag() == Some(module) || map.base.is_some(),
                part => matches!(part, Part::Opaque(_)),
            });
        }
        for (name, value, presence) in &update.fields {
            let value = self.eval(code, value, env);
            map = match key(name) {
                Some(key) => self.put(&map, &key, &value, *presence),
                None => {
                    let name = self.eval(code, name, env);
                    self.put_any(&map, &name, &value)
                }
            };
        }
        map
    }

    /// A map with another value of a key.
    pub(super) fn put(&mut self, map: &Shape, key: &Key, value: &Shape, how: Presence) -> Shape {
        if value.is_never() {
            return Shape::never();
        }
        let mut union = Shape::never();
        let mut missing = false;
        for part in map.parts() {
            match part {
                Part::Map(map) => {
                    if how == Presence::Demanded && map.get(key).is_none() {
                        missing = true;
                        continue;
                    }
                    if let (Presence::Demanded, Some(base)) = (how, &map.base)
                        && !map.fields.contains_key(key)
                    {
                        self.demand(base, format!("key `{key}`"));
                    }
                    let with = (**map).clone().with(key.clone(), value.clone());
                    union = union.or(&Shape::map(with));
                }
                Part::Opaque(symbol) => {
                    if how == Presence::Demanded {
                        self.demand(symbol, format!("key `{key}`"));
                    }
                    let with = MapShape::on(symbol.clone()).with(key.clone(), value.clone());
                    union = union.or(&Shape::map(with));
                }
                _ => {}
            }
        }
        if missing && union.is_never() {
            self.misses.insert(format!("key `{key}` of {map}"));
        }
        union
    }

    /// A map with the value of a key that is computed.
    pub(super) fn put_any(&mut self, map: &Shape, key: &Shape, value: &Shape) -> Shape {
        if value.is_never() || key.is_never() {
            return Shape::never();
        }
        let put = |part: &Part| match part {
            Part::Map(map) => Shape::map((**map).clone().with_rest(key, value)),
            Part::Opaque(symbol) => Shape::map(MapShape::on(symbol.clone()).with_rest(key, value)),
            _ => Shape::never(),
        };
        Shape::any(&map.parts().iter().map(put).collect::<Vec<_>>())
    }

    /// The value of a key that must be there.
    pub(super) fn fetch(&mut self, map: &Shape, key: &Key) -> Shape {
        let mut union = Shape::never();
        let mut missing = false;
        for part in map.parts() {
            match part {
                Part::Map(map) => {
                    if let (Some(base), false) = (&map.base, map.fields.contains_key(key)) {
                        self.demand(base, format!("key `{key}`"));
                    }
                    match map.get(key) {
                        Some(value) => union = union.or(&value),
                        None => missing = true,
                    }
                }
                Part::Opaque(symbol) => {
                    self.demand(symbol, format!("key `{key}`"));
                    union = union.or(&symbol.field(key));
                }
                _ => {}
            }
        }
        if missing && union.is_never() {
            self.misses.insert(format!("key `{key}` of {map}"));
        }
        union
    }

    /// The value of a key, or what there is instead.
    pub(super) fn get(&mut self, map: &Shape, key: &Key, default: &Shape) -> Shape {
        let mut union = Shape::never();
        for part in map.parts() {
            union = union.or(&match part {
                Part::Map(map) => {
                    let surely = map.fields.get(key).is_some_and(|field| !field.optional);
                    match map.get(key) {
                        Some(value) if surely => value,
                        Some(value) => value.or(default),
                        None => default.clone(),
                    }
                }
                Part::Opaque(symbol) => symbol.field(key).or(default),
                Part::List(element) => paired(element, key).or(default),
                _ => default.clone(),
            });
        }
        union
    }

    fn element(&mut self, code: &'a Code, element: &'a Element, env: &mut Env) -> Shape {
        let tuple = self.eval(code, &element.tuple, env);
        let mut union = Shape::never();
        for part in tuple.parts() {
            match part {
                Part::Tuple(elements) if elements.len() == element.arity => {
                    union = union.or(&elements[element.index]);
                }
                Part::Opaque(symbol) => {
                    let record =
                        format!("record `{}` of {} elements", element.record, element.arity);
                    self.demand(symbol, record);
                    let which = format!("element {}", element.index + 1);
                    union = union.or(&Shape::symbol(symbol.part(&which)));
                }
                _ => {}
            }
        }
        union
    }

    fn set_elements(&mut self, code: &'a Code, set: &'a SetElements, env: &mut Env) -> Shape {
        let tuple = self.eval(code, &set.tuple, env);
        let mut values = Vec::new();
        for (index, value) in &set.elements {
            let value = self.eval(code, value, env);
            if value.is_never() {
                return value;
            }
            values.push((*index, value));
        }
        let mut union = Shape::never();
        for part in tuple.parts() {
            match part {
                Part::Tuple(elements) if elements.len() == set.arity => {
                    let mut elements = elements.clone();
                    for (index, value) in &values {
                        elements[*index] = value.clone();
                    }
                    union = union.or(&Shape::tuple(elements));
                }
                Part::Opaque(symbol) => {
                    let record = format!("record `{}` of {} elements", set.record, set.arity);
                    self.demand(symbol, record);
                    let mut elements = vec![Shape::atom(set.record.clone())];
                    for index in 1..set.arity {
                        let which = format!("element {}", index + 1);
                        elements.push(Shape::symbol(symbol.part(&which)));
                    }
                    for (index, value) in &values {
                        elements[*index] = value.clone();
                    }
                    union = union.or(&Shape::tuple(elements));
                }
                _ => {}
            }
        }
        union
    }

    /// What one element of a list, or of what can be enumerated, is.
    pub(crate) fn elements(&mut self, shape: &Shape) -> Shape {
        let element = |part: &Part| match part {
            Part::List(element) | Part::Boxed(_, element) => element.clone(),
            Part::Map(map) => {
                let (key, value) = map.entries();
                match key.is_never() {
                    true => key,
                    false => Shape::tuple(vec![key, value]),
                }
            }
            Part::Opaque(symbol) => Shape::symbol(symbol.part("an element")),
            Part::Fun(_) => Shape::opaque(Origin::Call, "an element of a stream"),
            _ => Shape::never(),
        };
        Shape::any(&shape.parts().iter().map(element).collect::<Vec<_>>())
    }
}

/// The value of a key in a list of pairs.
fn paired(element: &Shape, key: &Key) -> Shape {
    let value = |part: &Part| match part {
        Part::Tuple(pair) => match (pair.as_slice(), key) {
            ([name, value], Key::Atom(key)) if name.may_be_atom(key) => value.clone(),
            _ => Shape::never(),
        },
        Part::Opaque(symbol) => symbol.field(key),
        _ => Shape::never(),
    };
    Shape::any(&element.parts().iter().map(value).collect::<Vec<_>>())
}
