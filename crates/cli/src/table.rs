//! Tables for people: no lines, as wide as the terminal, uncut where nobody looks.

use std::io::IsTerminal;

use comfy_table::{Cell, Color, ColumnConstraint, ContentArrangement, Row, Table, Width, presets};

/// On a terminal a column that is not the last is cut off here.
const WIDEST: u16 = 36;

/// A cell in a colour, where there are colours. The table has to know of it: a code inside
/// the text would count as wide.
pub(crate) fn coloured(text: String, colour: Color) -> Cell {
    match anstream::stdout().current_choice() {
        anstream::ColorChoice::Never => Cell::new(text),
        _ => Cell::new(text).fg(colour),
    }
}

/// A table of these columns, each row on one line: on a terminal the last column is cut off at
/// the terminal's width. The cells' text must have been made harmless before.
pub(crate) fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(heads.iter().map(|head| Cell::new(head.to_uppercase())));
    for row in rows {
        let mut row = Row::from(row);
        row.max_height(1);
        table.add_row(row);
    }
    // A pipe has no width: there nothing is cut off.
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        let widths = table.column_max_content_widths();
        let most = heads.len().saturating_sub(1);
        for (column, width) in table.column_iter_mut().zip(widths).take(most) {
            let width = Width::Fixed(width.min(WIDEST) + column.padding_width());
            column.set_constraint(ColumnConstraint::Absolute(width));
        }
    } else {
        table.set_content_arrangement(ContentArrangement::Disabled);
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
