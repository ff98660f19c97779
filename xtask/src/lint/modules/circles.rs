//! Circles among arrows from number to number.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The shortest circles that together hold every arrow which lies on one. The last of a circle points at its
/// first.
pub(super) fn find(arrows: &BTreeSet<(usize, usize)>) -> Vec<Vec<usize>> {
    let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &(from, to) in arrows {
        next.entry(from).or_default().push(to);
    }
    let mut circles: Vec<Vec<usize>> =
        arrows.iter().filter_map(|&(from, to)| shortest(&next, to, from)).map(from_the_first).collect();
    circles.sort_by_key(Vec::len);
    let mut held = BTreeSet::new();
    circles.retain(|circle| {
        let before = held.len();
        held.extend(arrows_of(circle));
        held.len() > before
    });
    circles
}

/// Each node with the next, and the last with the first.
pub(super) fn arrows_of(circle: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    circle.iter().copied().zip(circle.iter().copied().cycle().skip(1))
}

/// The same circle, told from the node with the lowest number.
fn from_the_first(mut circle: Vec<usize>) -> Vec<usize> {
    let first = circle.iter().enumerate().min_by_key(|(_, node)| **node).map_or(0, |(at, _)| at);
    circle.rotate_left(first);
    circle
}

/// The nodes on the way, both ends among them.
fn shortest(next: &BTreeMap<usize, Vec<usize>>, from: usize, to: usize) -> Option<Vec<usize>> {
    let mut came_from = BTreeMap::from([(from, from)]);
    let mut waiting = VecDeque::from([from]);
    while let Some(at) = waiting.pop_front() {
        if at == to {
            let step = |node: &usize| came_from.get(node).copied().filter(|before| before != node);
            let mut way: Vec<usize> = std::iter::successors(Some(to), step).collect();
            way.reverse();
            return Some(way);
        }
        for &node in next.get(&at).into_iter().flatten() {
            came_from.entry(node).or_insert_with(|| {
                waiting.push_back(node);
                at
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn every_arrow_on_a_circle_is_in_one_that_is_found() {
        assert_eq!(find(&[(1, 2), (2, 3), (1, 3)].into()), Vec::<Vec<usize>>::new());
        assert_eq!(find(&[(1, 2), (2, 1), (2, 3), (3, 1), (3, 4)].into()), [vec![1, 2], vec![1, 2, 3]]);
    }
}
