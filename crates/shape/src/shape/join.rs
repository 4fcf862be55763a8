//! The union of two shapes.

use std::cmp::Ordering;
use std::rc::Rc;

use super::{Part, Shape};

impl Shape {
    /// What is one or the other.
    pub(crate) fn or(&self, other: &Self) -> Self {
        if Rc::ptr_eq(&self.0, &other.0) || other.is_never() || self == other {
            return self.clone();
        }
        if self.is_never() {
            return other.clone();
        }
        let mut parts = Vec::with_capacity(self.parts().len() + other.parts().len());
        let (mut left, mut right) = (
            self.parts().iter().peekable(),
            other.parts().iter().peekable(),
        );
        loop {
            let order = match (left.peek(), right.peek()) {
                (Some(a), Some(b)) => a.head().cmp(&b.head()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            match order {
                Ordering::Less => parts.extend(left.next().cloned()),
                Ordering::Greater => parts.extend(right.next().cloned()),
                Ordering::Equal => {
                    if let (Some(a), Some(b)) = (left.next(), right.next()) {
                        parts.push(merged(a, b));
                    }
                }
            }
        }
        Self::sorted(parts)
    }

    /// The union of many.
    pub(crate) fn any<'a>(shapes: impl IntoIterator<Item = &'a Self>) -> Self {
        let all = shapes.into_iter();
        all.fold(Self::never(), |union, shape| union.or(shape))
    }
}

/// Both have the same head. Merging keeps it.
fn merged(a: &Part, b: &Part) -> Part {
    match (a, b) {
        (Part::Tuple(a), Part::Tuple(b)) => {
            Part::Tuple(a.iter().zip(b).map(|(a, b)| a.or(b)).collect())
        }
        (Part::List(a), Part::List(b)) => Part::List(a.or(b)),
        (Part::Map(a), Part::Map(b)) => Part::Map(Rc::new(a.or(b))),
        (Part::Boxed(kind, a), Part::Boxed(_, b)) => Part::Boxed(kind.clone(), a.or(b)),
        _ => a.clone(),
    }
}
