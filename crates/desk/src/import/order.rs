//! The order in which tasks of a backlog are recorded: what comes before another is there before
//! it, and else they stay as they stand in the file.

use std::collections::{BTreeMap, BTreeSet};

use super::item::Item;

/// The items, those that others come after before these.
///
/// # Errors
/// The tasks that wait for one another in a circle.
pub(super) fn in_order(items: Vec<Item>) -> Result<Vec<Item>, String> {
    let places: BTreeMap<&str, usize> = items
        .iter()
        .enumerate()
        .filter_map(|(place, item)| Some((item.id.as_deref()?, place)))
        .collect();
    let before: Vec<Vec<usize>> = items
        .iter()
        .map(|item| item.after.iter().filter_map(|id| places.get(id.as_str()).copied()).collect())
        .collect();
    let mut left: Vec<usize> = before.iter().map(|before: &Vec<usize>| before.len()).collect();
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
    for (place, before) in before.iter().enumerate() {
        before.iter().for_each(|first| behind[*first].push(place));
    }
    let mut free: BTreeSet<usize> = (0..items.len()).filter(|place| left[*place] == 0).collect();
    let mut order = Vec::with_capacity(items.len());
    while let Some(place) = free.pop_first() {
        order.push(place);
        for next in &behind[place] {
            left[*next] -= 1;
            if left[*next] == 0 {
                free.insert(*next);
            }
        }
    }
    if order.len() < items.len() {
        return Err(circle(&items, &before, &left));
    }
    let mut items: Vec<Option<Item>> = items.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|place| items[place].take()).collect())
}

/// One circle, by the names of its tasks: whoever has something left before it has one that has,
/// too.
fn circle(items: &[Item], before: &[Vec<usize>], left: &[usize]) -> String {
    let stuck = |place: &usize| left[*place] > 0;
    let mut at = (0..items.len()).find(stuck).unwrap_or(0);
    let mut seen: Vec<usize> = Vec::new();
    while !seen.contains(&at) {
        seen.push(at);
        at = before[at].iter().copied().find(stuck).unwrap_or(at);
    }
    let from = seen.iter().position(|place| *place == at).unwrap_or(0);
    let names: Vec<String> = seen[from..]
        .iter()
        .chain([&at])
        .map(|place| format!("'{}'", items[*place].id.as_deref().unwrap_or_default()))
        .collect();
    let line = items[at].line;
    format!("line {line}: tasks come after one another in a circle: {}", names.join(" after "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(line: usize, id: &str, after: &[&str]) -> Item {
        Item {
            id: Some(id.to_owned()),
            after: after.iter().map(|id| (*id).to_owned()).collect(),
            ..Item::on(line)
        }
    }

    #[test]
    fn what_comes_before_is_there_before_and_the_rest_stays() {
        let items =
            vec![item(1, "a", &["c"]), item(2, "b", &[]), item(3, "c", &["d"]), item(4, "d", &[])];
        let lines: Vec<usize> = in_order(items).unwrap().iter().map(|item| item.line).collect();
        assert_eq!(lines, [2, 4, 3, 1]);
    }

    #[test]
    fn a_circle_is_named() {
        let items = vec![
            item(1, "a", &["b"]),
            item(2, "b", &["c"]),
            item(3, "c", &["d"]),
            item(4, "d", &["b"]),
        ];
        let why = in_order(items).unwrap_err();
        assert_eq!(
            why,
            "line 2: tasks come after one another in a circle: 'b' after 'c' after 'd' after 'b'"
        );
        assert!(in_order(vec![item(1, "a", &["a"])]).unwrap_err().contains("'a' after 'a'"));
    }
}
