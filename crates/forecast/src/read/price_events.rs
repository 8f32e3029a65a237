//! Dated changes of list prices: CSV with the columns `date`, `event` (`add`, `change` or
//! `remove`), `model`, `provider`, `mode`, `input_usd_per_mtok` and `output_usd_per_mtok`.

use std::collections::HashMap;

use crate::level::ListPrice;

use super::Unreadable;

const COLUMNS: [&str; 7] =
    ["date", "event", "model", "provider", "mode", "input_usd_per_mtok", "output_usd_per_mtok"];

/// Reads the prices of models that write text (mode `chat`, `completion` or `responses`), in the
/// order in which they stand. What was taken off a list, and what is listed without a price or at
/// nothing, says no price and is left out.
///
/// # Errors
///
/// Refuses a text without the columns, and a line whose date, event or prices can't be.
pub fn read(text: &str) -> Result<Vec<ListPrice>, Unreadable> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let heads = reader.headers().map_err(|e| unreadable(&e))?;
    let place: HashMap<&str, usize> =
        heads.iter().enumerate().map(|(place, head)| (head, place)).collect();
    let mut columns = [0; COLUMNS.len()];
    for (column, name) in columns.iter_mut().zip(COLUMNS) {
        *column = place.get(name).copied().ok_or_else(|| Unreadable {
            line: 1,
            why: format!("there is no column '{name}'; it takes {}", COLUMNS.join(", ")),
        })?;
    }
    let mut prices = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| unreadable(&e))?;
        let line = record.position().map_or(1, csv::Position::line);
        let cells = columns.map(|column| record.get(column).unwrap_or_default());
        prices.extend(price(cells).map_err(|why| Unreadable { line, why })?);
    }
    Ok(prices)
}

fn price(cells: [&str; 7]) -> Result<Option<ListPrice>, String> {
    let [date, event, model, provider, mode, input, output] = cells;
    let date = date.parse().map_err(|_| format!("'{date}' is no date like 2026-01-31"))?;
    if !matches!(event, "add" | "change" | "remove") {
        return Err(format!("'{event}' is no event: add, change or remove"));
    }
    let dollars = |text: &str| match text {
        "" => Ok(0.0),
        text => match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
            _ => Err(format!("'{text}' is no price from 0 up")),
        },
    };
    let (input, output) = (dollars(input)?, dollars(output)?);
    let of_text = matches!(mode, "chat" | "completion" | "responses");
    if event == "remove" || !of_text || input == 0.0 || output == 0.0 {
        return Ok(None);
    }
    let (model, provider) = (model.to_owned(), provider.to_owned());
    Ok(Some(ListPrice { date, model, provider, input, output }))
}

fn unreadable(error: &csv::Error) -> Unreadable {
    Unreadable { line: error.position().map_or(1, csv::Position::line), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "date,commit,event,model,provider,mode,input_usd_per_mtok,\
                        output_usd_per_mtok,cache_read_usd_per_mtok\n";

    #[test]
    fn only_prices_of_text_are_kept() {
        let text = format!(
            "{HEAD}2025-02-06,c,add,a,x,chat,2.5,10,1.25\n2025-02-07,c,add,b,x,embedding,1,1,\n\
             2025-02-08,c,add,free,x,chat,0,0,\n2025-02-09,c,change,a,x,chat,2,8,\n\
             2025-02-10,c,remove,a,,,,,\n"
        );
        let prices = read(&text).unwrap();
        let pairs: Vec<_> = prices.iter().map(|price| (price.input, price.output)).collect();
        assert_eq!(pairs, [(2.5, 10.0), (2.0, 8.0)]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let wrong = |line: &str| read(&format!("{HEAD}{line}\n")).unwrap_err().to_string();
        assert_eq!(wrong("2025-02-06,c,add,a,x,chat,-1,1,"), "line 2: '-1' is no price from 0 up");
        assert!(wrong("2025-02-06,c,fall,a,x,chat,1,1,").contains("no event"));
        assert!(wrong("today,c,add,a,x,chat,1,1,").contains("no date"));
        assert!(wrong("2025-02-06,c,add,a,x,chat,inf,1,").contains("no price"));
        assert!(read("date,event\n").unwrap_err().to_string().contains("no column 'model'"));
    }
}
