//! Names for agents that are easy to say and to tell apart.

const ADJECTIVES: [&str; 32] = [
    "amber", "bold", "brisk", "bright", "calm", "clear", "clever", "cosmic", "crisp", "daring", "eager", "early",
    "fair", "fleet", "gentle", "golden", "happy", "honest", "keen", "kind", "lively", "lucky", "merry", "nimble",
    "patient", "quick", "quiet", "ready", "steady", "sunny", "swift", "witty",
];
const ANIMALS: [&str; 32] = [
    "badger", "beaver", "bison", "crane", "deer", "dolphin", "eagle", "falcon", "ferret", "finch", "fox", "gecko",
    "hare", "heron", "ibex", "jay", "kestrel", "koala", "lark", "lynx", "magpie", "marten", "newt", "orca", "osprey",
    "otter", "owl", "panda", "puffin", "raven", "seal", "wren",
];

/// A name that `is_taken` denies. `seed` chooses where to begin; the same seed gives the same name.
pub fn propose(seed: u64, is_taken: impl Fn(&str) -> bool) -> String {
    let pairs = ADJECTIVES.len() * ANIMALS.len();
    let start = usize::try_from(seed % 1024).unwrap_or_default();
    // 389 has no factor in common with 1024, so the walk meets every pair once and neighbours look unlike.
    let mut names = (0..pairs).map(|step| (start + step * 389) % pairs).map(pair);
    names.find(|name| !is_taken(name)).unwrap_or_else(|| {
        let mut numbered = (2_u64..).map(|number| format!("{}-{number}", pair(start)));
        numbered.find(|name| !is_taken(name)).unwrap_or_default()
    })
}

fn pair(index: usize) -> String {
    let adjective = ADJECTIVES[(index / ANIMALS.len()) % ADJECTIVES.len()];
    format!("{adjective}-{}", ANIMALS[index % ANIMALS.len()])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::validate;

    #[test]
    fn a_thousand_agents_and_more_get_names_of_their_own() {
        let mut taken = HashSet::new();
        for seed in 0..1100 {
            let name = propose(seed, |name| taken.contains(name));
            assert_eq!(validate::agent_name(&name), Ok(name.clone()));
            assert!(taken.insert(name));
        }
    }
}
