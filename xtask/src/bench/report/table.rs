//! A table that reads well as text and as Markdown.

/// The first column is words, all others are numbers: those end on one line.
pub(super) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let cells = cells.map(|cell| cell.chars().count());
        cells
            .chain([heading[column].chars().count(), 3])
            .max()
            .unwrap_or(3)
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells = cells.zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| match column {
            0 => format!("| {cell:width$} "),
            _ => format!("| {cell:>width$} "),
        });
        cells.collect::<String>() + "|\n"
    };
    let mut text = line(&mut heading.iter().copied());
    for (column, width) in widths.iter().enumerate() {
        let rule = "-".repeat(width - 1);
        text += &match column {
            0 => format!("| -{rule} "),
            _ => format!("| {rule}: "),
        };
    }
    text += "|\n";
    for row in rows {
        text += &line(&mut row.iter().map(String::as_str));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "10 ×"], ["longer", "2 µs"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(
            table(&["name", "n"], &rows),
            "| name   |    n |\n\
             | ------ | ---: |\n\
             | a      | 10 × |\n\
             | longer | 2 µs |\n"
        );
    }
}
