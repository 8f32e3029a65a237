//! Tables for people: no lines, as wide as the terminal, uncut where nobody looks.

use std::io::IsTerminal;

use comfy_table::{Cell, Color, ContentArrangement, Table, presets};

/// A cell in a colour, where there are colours. The table has to know of it: a code inside
/// the text would count as wide.
pub(crate) fn coloured(text: String, colour: Color) -> Cell {
    match anstream::stdout().current_choice() {
        anstream::ColorChoice::Never => Cell::new(text),
        _ => Cell::new(text).fg(colour),
    }
}

/// A table of these columns. The cells' text must have been made harmless before.
pub(crate) fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> String {
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
        let rows = [["1", "fix"], ["12", "write"]].map(|row| row.map(Cell::new).to_vec());
        assert_eq!(table(&["task", "text"], rows), "TASK  TEXT\n1     fix\n12    write\n");
    }
}
