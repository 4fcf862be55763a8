//! The children and flags of a supervisor, and how they differ between two versions.

mod difference;
mod left;
mod spec;
mod tree;

use crate::Version;

pub(crate) use spec::spec_of;
use tree::Item;

/// What a supervisor starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Children {
    /// The name that the supervisor registers itself by, where it does so by a literal: text of Erlang,
    /// such as `shop_sup` or `{global,shop_sup}`.
    pub name: Option<String>,
    /// How the children come to be: what an instruction `{update, M, supervisor}` can reach.
    pub form: Form,
    /// Strategy, intensity and period.
    pub flags: Flags,
    /// The children in start order.
    pub children: Vec<Child>,
}

/// How a supervisor has its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The module is a callback module: its `init/1` is asked again when its code changes.
    Module,
    /// `Supervisor.start_link(children, options)`: the callback module at run time is
    /// `Supervisor.Default`, whose `init/1` gives the old arguments again. A changed list reaches
    /// nobody unless each child is started or terminated by name.
    Inline,
}

/// Strategy and limits of a supervisor, as text of Erlang.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags {
    /// Such as `one_for_one`.
    pub strategy: String,
    /// Restarts allowed within the period.
    pub intensity: String,
    /// The period in seconds.
    pub period: String,
}

/// A child specification; each part is text of Erlang, normalised, so that equal parts are equal text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Its id.
    pub id: String,
    /// Module of the start function.
    pub start_module: String,
    /// Name of the start function.
    pub start_function: String,
    /// Its arguments: literals, or the expression that computes them.
    pub arguments: Vec<String>,
    /// Whether every argument is a literal.
    pub literal: bool,
    /// `permanent`, `transient` or `temporary`.
    pub restart: String,
    /// `brutal_kill`, `infinity` or milliseconds.
    pub shutdown: String,
    /// `worker` or `supervisor`.
    pub kind: String,
    /// Its modules; `None` is `dynamic`.
    pub modules: Option<Vec<String>>,
}

/// What could not be seen of a supervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// Which function and expression.
    pub why: String,
}

/// The children of a supervisor module, or of the tree that an application module starts.
///
/// # Errors
/// Where the list depends on what is only known at run time.
pub fn children(version: Version<'_>) -> Result<Children, Unseen> {
    let tree = tree::read(version)?;
    let mut children = Vec::new();
    for item in tree.items {
        match item {
            Item::Child(child) => children.push(*child),
            Item::Unknown(what) => return Err(not_seen(version, &what)),
        }
    }
    Ok(Children {
        name: tree.name,
        form: tree.form,
        flags: tree.flags,
        children,
    })
}

/// One difference between the children of two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A child is new.
    Added {
        /// The child.
        child: Child,
        /// The id of the child before it.
        after: Option<String>,
    },
    /// A child is gone.
    Removed {
        /// The child.
        child: Child,
    },
    /// A child has the same id and another specification.
    Changed {
        /// As it was.
        old: Child,
        /// As it is now.
        new: Child,
    },
    /// Children that both have come in another order.
    Reordered,
    /// Strategy, intensity or period differ.
    Flags {
        /// As they were.
        old: Flags,
        /// As they are now.
        new: Flags,
    },
    /// A list given to `Supervisor.start_link` became a callback module, or the other way round.
    Form {
        /// As it was.
        old: Form,
        /// As it is now.
        new: Form,
    },
}

/// How the children of a supervisor differ: nothing where they are equal.
///
/// # Errors
/// Where one of the lists depends on what is only known at run time and the expressions differ; equal
/// expressions count as equal.
pub fn compare(old: Version<'_>, new: Version<'_>) -> Result<Vec<Difference>, Unseen> {
    let (before, after) = (tree::read(old)?, tree::read(new)?);
    if let Some((module, function)) = left::differs(old, new, &before.left, &after.left) {
        let what = format!("{module}:{function}, which is called for the children and differs");
        return Err(not_seen(new, &what));
    }
    difference::between(old, new, before, after)
}

fn not_seen(version: Version<'_>, what: &str) -> Unseen {
    let module = crate::shape::module(version.code.module());
    Unseen {
        why: format!("children of {module}: {what}"),
    }
}
