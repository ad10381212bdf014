//! Which names are near to one that was mistyped: so near that nothing else can have been meant.
//!
//! A name is near if a letter in four of the longer one, two at most, is missing, too many, another, or
//! changed places with its neighbour; or if it was typed to the third letter at least and not to its
//! end.

/// The names that are nearest, if any is near.
pub fn near<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let typed = typed.trim_start_matches('-');
    let (mut nearest, mut begun, mut least) = (Vec::new(), Vec::new(), usize::MAX);
    for name in names {
        let bare = name.trim_start_matches('-');
        if typed.len() >= 3 && bare.starts_with(typed) {
            begun.push(name);
        }
        let (far, longer) = (distance(typed, bare), typed.len().max(bare.len()));
        if far > least.min((longer / 4).min(2)) {
            continue;
        }
        if far < least {
            nearest.clear();
        }
        nearest.push(name);
        least = far;
    }
    if begun.is_empty() { nearest } else { begun }
}

/// How many letters to insert, remove, replace or exchange with their neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_counts_letters() {
        let table = [
            ("", "", 0),
            ("a", "", 1),
            ("split", "splot", 1),
            ("cuont", "count", 1),
            ("count", "counts", 1),
            ("kitten", "sitting", 3),
        ];
        for (a, b, expected) in table {
            assert_eq!((distance(a, b), distance(b, a)), (expected, expected), "{a} {b}");
        }
    }

    #[test]
    fn only_what_is_near_is_named() {
        let names = [
            "--split",
            "--count",
            "--count-by-key",
            "--max-keys",
            "--max-rate",
            "--top",
            "--quiet",
        ];
        let table: [(&str, &[&str]); 12] = [
            ("--splot", &["--split"]),
            ("--cuont-by-key", &["--count-by-key"]),
            ("--countbykey", &["--count-by-key"]),
            ("--cout", &["--count"]),
            ("--cou", &["--count", "--count-by-key"]),
            ("--max-kets", &["--max-keys"]),
            ("--max", &["--max-keys", "--max-rate"]),
            ("--unique", &[]),
            ("--tip", &[]),
            ("--tops", &["--top"]),
            ("--stop", &["--top"]),
            ("--é", &[]),
        ];
        for (typed, expected) in table {
            assert_eq!(near(typed, names), expected, "{typed}");
        }
    }
}
