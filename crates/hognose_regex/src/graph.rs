//! Strongly connected components without recursion (Tarjan 1972).

/// The component number of each node, `u32::MAX` for nodes not reached from the roots. Components are numbered in reverse
/// topological order: edges lead to components of the same or a smaller number.
pub(crate) fn components(
    nodes: usize,
    roots: impl IntoIterator<Item = u32>,
    mut successors: impl FnMut(u32, &mut Vec<u32>),
) -> Vec<u32> {
    const UNSEEN: u32 = u32::MAX;
    let mut component = vec![u32::MAX; nodes];
    let mut order = vec![UNSEEN; nodes];
    let mut low = vec![0; nodes];
    let (mut next_order, mut next_component) = (0, 0);
    let mut open: Vec<u32> = Vec::new();
    let mut calls: Vec<(u32, Vec<u32>)> = Vec::new();
    for root in roots {
        if order[root as usize] != UNSEEN {
            continue;
        }
        let mut enter = vec![root];
        loop {
            if let Some(node) = enter.pop() {
                order[node as usize] = next_order;
                low[node as usize] = next_order;
                next_order += 1;
                open.push(node);
                let mut list = Vec::new();
                successors(node, &mut list);
                calls.push((node, list));
            }
            let Some((node, list)) = calls.last_mut() else {
                break;
            };
            let node = *node;
            if let Some(to) = list.pop() {
                if order[to as usize] == UNSEEN {
                    enter.push(to);
                } else if component[to as usize] == u32::MAX {
                    low[node as usize] = low[node as usize].min(order[to as usize]);
                }
                continue;
            }
            calls.pop();
            if let Some((parent, _)) = calls.last() {
                low[*parent as usize] = low[*parent as usize].min(low[node as usize]);
            }
            if low[node as usize] == order[node as usize] {
                while let Some(member) = open.pop() {
                    component[member as usize] = next_component;
                    if member == node {
                        break;
                    }
                }
                next_component += 1;
            }
        }
    }
    component
}

#[cfg(test)]
mod tests {
    use super::components;

    #[test]
    fn cycles_share_a_component_and_order_is_reversed() {
        let edges: &[&[u32]] = &[&[1], &[2, 3], &[1], &[4], &[3, 5], &[], &[0]];
        let found = components(edges.len(), [0], |node, list| {
            list.extend(edges[node as usize])
        });
        assert_eq!(found[1], found[2]);
        assert_eq!(found[3], found[4]);
        assert!(found[0] > found[1] && found[1] > found[3] && found[3] > found[5]);
        assert_eq!(found[6], u32::MAX);
    }

    #[test]
    fn a_long_chain_does_not_recurse() {
        let found = components(200_000, [0], |node, list| list.push((node + 1) % 200_000));
        assert!(found.iter().all(|&component| component == 0));
    }
}
