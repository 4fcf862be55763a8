//! What depends on what: groups that have to change together, and the order within a group.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Numbered nodes with edges to those that each depends on.
pub(super) struct Graph {
    edges: Vec<Vec<usize>>,
}

impl Graph {
    pub(super) fn new(edges: Vec<Vec<usize>>) -> Self {
        Self { edges }
    }

    /// Splits the nodes into groups without an edge between two: each node's members and itself,
    /// ascending.
    pub(super) fn groups(&self) -> Vec<Vec<usize>> {
        let mut root: Vec<usize> = (0..self.edges.len()).collect();
        fn find(root: &mut [usize], mut node: usize) -> usize {
            while root[node] != node {
                root[node] = root[root[node]];
                node = root[node];
            }
            node
        }
        for (node, edges) in self.edges.iter().enumerate() {
            for edge in edges {
                let (a, b) = (find(&mut root, node), find(&mut root, *edge));
                // The least is the root, so that groups come in the order of their first member.
                let (least, most) = (a.min(b), a.max(b));
                root[most] = least;
            }
        }
        let mut groups = vec![Vec::new(); self.edges.len()];
        for node in 0..self.edges.len() {
            groups[find(&mut root, node)].push(node);
        }
        groups.retain(|group| !group.is_empty());
        groups
    }

    /// Puts the nodes of a group so that each comes before those that it depends on.
    ///
    /// Nodes that depend on each other in a circle come together, ascending. Where the edges leave the
    /// order open, the least comes first: OTP leaves it to the order of a hash table.
    pub(super) fn order(&self, group: &[usize]) -> Vec<usize> {
        let circles = self.circles(group);
        let mut circle_of = vec![usize::MAX; self.edges.len()];
        for (number, circle) in circles.iter().enumerate() {
            for node in circle {
                circle_of[*node] = number;
            }
        }
        let mut dependents = vec![0usize; circles.len()];
        let on = |number: usize| {
            let nodes = circles[number].iter().flat_map(|node| &self.edges[*node]);
            let circle_of = &circle_of;
            nodes
                .map(move |on| circle_of[*on])
                .filter(move |on| *on != number)
        };
        for number in 0..circles.len() {
            for on in on(number) {
                dependents[on] += 1;
            }
        }
        let first = |number: usize| Reverse((circles[number][0], number));
        let free = (0..circles.len()).filter(|number| dependents[*number] == 0);
        let mut free: BinaryHeap<_> = free.map(first).collect();
        let mut order = Vec::with_capacity(group.len());
        while let Some(Reverse((_, number))) = free.pop() {
            order.extend(&circles[number]);
            for on in on(number) {
                dependents[on] -= 1;
                if dependents[on] == 0 {
                    free.push(first(on));
                }
            }
        }
        order
    }

    /// The strongly connected components of a group, each ascending (Tarjan's algorithm, with a stack
    /// of its own: chains of dependencies may be as long as an appup).
    fn circles(&self, group: &[usize]) -> Vec<Vec<usize>> {
        const UNSEEN: usize = usize::MAX;
        let mut index = vec![UNSEEN; self.edges.len()];
        let mut low = vec![0; self.edges.len()];
        let mut open = vec![false; self.edges.len()];
        let mut stack = Vec::new();
        let mut next = 0;
        let mut circles = Vec::new();
        for start in group {
            if index[*start] != UNSEEN {
                continue;
            }
            let mut visits = vec![(*start, 0)];
            while let Some((node, edge)) = visits.pop() {
                if edge == 0 {
                    index[node] = next;
                    low[node] = next;
                    next += 1;
                    stack.push(node);
                    open[node] = true;
                }
                match self.edges[node].get(edge) {
                    Some(&on) => {
                        visits.push((node, edge + 1));
                        if index[on] == UNSEEN {
                            visits.push((on, 0));
                        } else if open[on] {
                            low[node] = low[node].min(index[on]);
                        }
                    }
                    None => {
                        if let Some((parent, _)) = visits.last() {
                            low[*parent] = low[*parent].min(low[node]);
                        }
                        if low[node] == index[node] {
                            let at = stack.iter().rposition(|n| *n == node).unwrap_or(0);
                            let mut circle = stack.split_off(at);
                            for node in &circle {
                                open[*node] = false;
                            }
                            circle.sort_unstable();
                            circles.push(circle);
                        }
                    }
                }
            }
        }
        circles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[&[usize]]) -> Graph {
        Graph::new(edges.iter().map(|e| e.to_vec()).collect())
    }

    #[test]
    fn groups_are_what_edges_hold_together() {
        let graph = graph(&[&[3], &[], &[4], &[], &[1], &[5]]);
        assert_eq!(graph.groups(), [vec![0, 3], vec![1, 2, 4], vec![5]]);
    }

    #[test]
    fn dependents_come_first_and_circles_together() {
        for (edges, order) in [
            (&[&[1usize][..], &[]][..], &[0, 1][..]),
            (&[&[], &[0]], &[1, 0]),
            (&[&[1], &[0]], &[0, 1]),
            (&[&[1, 2], &[], &[1]], &[0, 2, 1]),
            (
                &[&[5], &[4], &[1, 3], &[2], &[5], &[4]],
                &[0, 2, 3, 1, 4, 5],
            ),
            (&[&[], &[0], &[0]], &[1, 2, 0]),
            (&[&[0, 1, 1], &[]], &[0, 1]),
        ] {
            let graph = graph(edges);
            let group: Vec<usize> = (0..edges.len()).collect();
            assert_eq!(graph.order(&group), order, "{edges:?}");
        }
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let count = 100_000;
        let mut edges: Vec<Vec<usize>> = (1..count).map(|n| vec![n]).collect();
        edges.push(vec![]);
        let graph = Graph::new(edges);
        let group: Vec<usize> = (0..count).collect();
        assert_eq!(graph.order(&group), group);
    }
}
