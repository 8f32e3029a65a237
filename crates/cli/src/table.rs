//! Tables for people: no lines, as wide as the terminal, uncut where nobody looks.

use std::io::IsTerminal;

use comfy_table::{Cell, ContentArrangement, Table, presets};

/// A table of these columns. Cells may be styled; they must have been made harmless before.
pub(crate) fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    // A pipe has no width: there every row is one line.
    let arrangement = match std::io::stdout().is_terminal() {
        true => ContentArrangement::Dynamic,
        false => ContentArrangement::Disabled,
    };
    table.set_content_arrangement(arrangement);
    table.set_header(heads.iter().map(|head| Cell::new(head.to_uppercase())));
    for row in rows {
        table.add_row(row);
    }
    let lines = table.to_string();
    let trimmed: Vec<&str> = lines.lines().map(|line| line.trim_end()).collect();
    let indent = trimmed.iter().all(|line| line.is_empty() || line.starts_with(' '));
    let trimmed: Vec<&str> = trimmed
        .iter()
        .map(|line| if indent { line.get(1..).unwrap_or("") } else { line })
        .collect();
    trimmed.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_without_trailing_blanks() {
        let rows = [["1", "fix"], ["12", "write"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&["task", "text"], rows), "TASK  TEXT\n1     fix\n12    write\n");
    }
}
