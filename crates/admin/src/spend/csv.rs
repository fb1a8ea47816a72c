//! A report as CSV (RFC 4180): one line for each innermost row, in the columns that any row has.

use serde_json::{Map, Value};

/// The columns of one row, in order.
type Row = Vec<(String, Value)>;

/// The report in `answer` as CSV.
pub(crate) fn of(answer: &Value) -> String {
    let mut rows = Vec::new();
    for row in table(answer) {
        explode(row, &mut rows);
    }
    let mut columns: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let mut text = String::new();
    line(&mut text, columns.iter().map(|column| escaped(column)));
    for row in &rows {
        let cell = |column: &&str| {
            let found = row.iter().find(|(name, _)| name == column);
            found.map_or_else(String::new, |(_, value)| cell(value))
        };
        line(&mut text, columns.iter().map(cell));
    }
    text
}

/// The rows that an answer is about: it is a list, or an object with one, or a single row.
fn table(answer: &Value) -> Vec<&Value> {
    match answer {
        Value::Array(rows) => rows.iter().collect(),
        Value::Object(members) => {
            let list = members.values().find_map(Value::as_array);
            list.map_or_else(|| vec![answer], |rows| rows.iter().collect())
        }
        Value::Null => Vec::new(),
        _ => vec![answer],
    }
}

/// Adds `row`: once for each row of a list in it, with what is beside the list repeated.
fn explode(row: &Value, rows: &mut Vec<Row>) {
    let Value::Object(members) = row else {
        rows.push(vec![("value".to_owned(), row.clone())]);
        return;
    };
    let is_table = |value: &&Value| {
        value
            .as_array()
            .is_some_and(|list| list.iter().any(Value::is_object))
    };
    let own = flat(members);
    let Some(inner) = members.values().find(is_table).and_then(Value::as_array) else {
        rows.push(own);
        return;
    };
    for one in inner {
        let start = rows.len();
        explode(one, rows);
        for row in rows.iter_mut().skip(start) {
            let mut whole = own.clone();
            whole.append(row);
            *row = whole;
        }
    }
}

/// What is no table, with the members of objects in it as `object.member`.
fn flat(members: &Map<String, Value>) -> Row {
    let mut row = Row::new();
    for (name, value) in members {
        match value {
            Value::Object(inner) => row.extend(
                flat(inner)
                    .into_iter()
                    .map(|(inner, value)| (format!("{name}.{inner}"), value)),
            ),
            Value::Array(list) if list.iter().any(Value::is_object) => {}
            _ => row.push((name.clone(), value.clone())),
        }
    }
    row
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => escaped(text),
        Value::Array(list) => {
            let texts: Vec<String> = list
                .iter()
                .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
                .collect();
            escaped(&texts.join(";"))
        }
        other => other.to_string(),
    }
}

/// A text as a cell. Tags and the like come from clients, and a spreadsheet would calculate what looks
/// like a formula (OWASP, "CSV Injection"): a quotation mark in front makes it a text.
fn escaped(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&cell);
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_innermost_row_is_a_line() {
        let report = json!([
            {"day": "a", "teams": [
                {"team": "x", "spend": 1.5, "metadata": [{"model": "m"}, {"model": "n"}]},
                {"team": "y,\"z\"", "spend": 0.0, "metadata": []},
            ]},
            {"day": "b", "more": {"inner": null, "list": ["p", "q"]}, "teams": []},
        ]);
        assert_eq!(
            of(&report),
            "day,team,spend,model,metadata,more.inner,more.list,teams\r\n\
             a,x,1.5,m,,,,\r\n\
             a,x,1.5,n,,,,\r\n\
             a,\"y,\"\"z\"\"\",0.0,,,,,\r\n\
             b,,,,,,p;q,\r\n"
        );
    }

    #[test]
    fn no_cell_is_a_formula() {
        let report = json!([{"tag": "=1+1", "spend": -1.0}, {"tag": "@x", "spend": 2}]);
        assert_eq!(of(&report), "tag,spend\r\n'=1+1,-1.0\r\n'@x,2\r\n");
    }

    #[test]
    fn the_list_of_an_answer_is_its_table() {
        let answer = json!({"total": 1, "data": [{"a": 1}]});
        assert_eq!(of(&answer), "a\r\n1\r\n");
        assert_eq!(of(&json!({"spend": 2.0})), "spend\r\n2.0\r\n");
        assert_eq!(of(&json!({"tag_names": ["x"]})), "value\r\nx\r\n");
    }
}
