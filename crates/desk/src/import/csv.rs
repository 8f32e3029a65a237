//! A table: the first row names the columns, each further one is a task. Commas, semicolons or
//! tabs separate them, whichever the first row has most of.

use super::item::Item;

pub(super) fn read(text: &str) -> Vec<Result<Item, String>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .trim(csv::Trim::Headers)
        .from_reader(text.as_bytes());
    let columns: Vec<String> = match reader.headers() {
        Ok(columns) => columns.iter().map(str::to_owned).collect(),
        Err(why) => return vec![Err(format!("the first row can't be read: {why}"))],
    };
    if let Some(wrong) = columns.iter().find_map(|column| Item::on(1).set(column, "").err()) {
        return vec![Err(format!("line 1: {wrong}"))];
    }
    let records = reader.records().map(|record| {
        let record = record.map_err(|why| why.to_string())?;
        let line = record.position().map_or(0, |place| place.line() as usize);
        let mut item = Item::on(line);
        for (column, value) in columns.iter().zip(&record) {
            item.set(column, value).map_err(|why| format!("line {line}: {why}"))?;
        }
        item.whole()
    });
    records.collect()
}

fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |mark: u8| first.bytes().filter(|byte| *byte == mark).count();
    // Of several with as many, the last counts.
    [b'\t', b';', b','].into_iter().max_by_key(|mark| count(*mark)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_tasks_with_lines_of_their_own() {
        for (separator, text) in [
            (
                ",",
                "id,title,body,labels,after\na,Mend it,\"Line one\nline two\",\"x,y\",\nb,Then,,,a\n",
            ),
            (
                ";",
                "id;title;body;labels;after\na;Mend it;\"Line one\nline two\";x,y;\nb;Then;;;a\n",
            ),
        ] {
            let items: Vec<Item> = read(text).into_iter().map(Result::unwrap).collect();
            assert_eq!(items[0].text, "Mend it\n\nLine one\nline two", "{separator}");
            assert_eq!(items[0].labels, ["x", "y"]);
            assert_eq!((items[1].line, items[1].after.clone()), (4, vec!["a".to_owned()]));
        }
    }

    #[test]
    fn a_column_that_nothing_knows_or_a_row_that_is_too_short_is_said() {
        let unknown = read("title,colour\na,red\n").remove(0).unwrap_err();
        assert!(unknown.contains("'colour'"), "{unknown}");
        let rows = read("title,check\na\nb,make\n");
        assert!(rows[0].is_err() && rows[1].is_ok(), "{rows:?}");
        assert!(read("title\n  \n").iter().all(Result::is_err));
    }
}
