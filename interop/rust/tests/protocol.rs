//! What `docs/protocol.md` says of interfaces, checked against what is done.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use pintle::interface::Message;

const PROTOCOL: &str = include_str!("../../../docs/protocol.md");
const STORE: &str = include_str!("../../proto/interop/store.proto");

#[pintle::message(package = "types")]
#[derive(Debug)]
struct Leaf {
    size: u32,
}

#[pintle::message(package = "types")]
#[derive(Debug)]
enum State {
    Open,
    Shut,
}

#[pintle::message(package = "types")]
#[derive(Debug)]
enum Either {
    Left(u32),
    Right(u32),
}

/// For every type, a struct of one field of that type.
macro_rules! types {
    ($($name:ident: $type:ty, $row:literal;)*) => {
        $(
            #[pintle::message(package = "types")]
            #[derive(Debug)]
            struct $name {
                only: $type,
            }
        )*

        /// How each type is told of in the table: in Rust, in the file, and left out.
        fn rows() -> Vec<(&'static str, String, Option<String>)> {
            vec![$((
                $row,
                in_the_file::<$name>(),
                left_out::<$name, _>(|found| found.only),
            )),*]
        }
    };
}

types! {
    Bool: bool, "bool";
    I8: i8, "i8";
    I16: i16, "i16";
    I32: i32, "i32";
    I64: i64, "i64";
    U8: u8, "u8";
    U16: u16, "u16";
    U32: u32, "u32";
    U64: u64, "u64";
    F32: f32, "f32";
    F64: f64, "f64";
    Text: String, "String";
    Bytes: Vec<u8>, "Vec<u8>";
    Span: Duration, "Duration";
    Time: SystemTime, "SystemTime";
    Maybe: Option<String>, "Option<String>";
    Many: Vec<String>, "Vec<String>";
    Sorted: BTreeMap<String, u32>, "BTreeMap<String, u32>";
    Hashed: HashMap<u64, String>, "HashMap<u64, String>";
    OfLeaf: Leaf, "Leaf";
    OfState: State, "State";
    OfEither: Either, "Either";
    MaybeEither: Option<Either>, "Option<Either>";
}

/// The type of the field, as the file has it.
fn in_the_file<M: Message>() -> String {
    let mut schema = pintle::interface::schema::Schema::default();
    M::define(&mut schema);
    let file = schema.files().remove(0).text;
    let line = file.lines().find(|line| line.ends_with(" only = 1;"));
    let line = line.unwrap_or_else(|| panic!("{file}"));
    line.trim().trim_end_matches(" only = 1;").to_owned()
}

/// What the field is when nothing came; none when that is refused.
fn left_out<M: Message, T: Debug>(only: impl FnOnce(M) -> T) -> Option<String> {
    let found = M::decode(Default::default()).ok()?;
    Some(format!("{:?}", only(found)))
}

#[test]
fn the_table_of_types_is_what_is_written_and_read() {
    let said = table("| in Rust | in the file | left out |");
    let rows = rows();
    assert_eq!(said.len(), rows.len());
    for (said, (rust, file, left_out)) in said.iter().zip(&rows) {
        assert_eq!(quoted(&said[0]), *rust);
        assert_eq!(quoted(&said[1]), *file, "{rust}");
        let left_out = match left_out.as_deref() {
            None => "refused".to_owned(),
            Some(time) if *rust == "SystemTime" => {
                assert_eq!(time, format!("{:?}", SystemTime::UNIX_EPOCH));
                "1970, at the beginning".to_owned()
            }
            Some(value) => format!("`{value}`"),
        };
        assert!(said[2].starts_with(&left_out), "{rust}: {left_out}");
    }
}

#[test]
fn the_comments_that_tell_what_a_broker_id_is_are_those_of_the_table() {
    let comments = table("| comment | the lender serves under the id | the borrower |");
    for row in &comments {
        let comment = format!("// Broker id of {}.\n", quoted(&row[0]));
        assert!(STORE.contains(&comment), "{comment}");
    }
    let told = |line: &&str| line.contains("// Broker id of ");
    for line in STORE.lines().filter(told) {
        let known = comments.iter().any(|row| line.contains(quoted(&row[0])));
        assert!(known, "{line}");
    }
}

#[test]
fn the_names_of_the_page_are_those_of_the_file() {
    for name in [
        "package interop.store;",
        "message ChangeRange",
        "pintle.Nothing",
    ] {
        assert!(STORE.contains(name), "{name}");
    }
    let method = "rpc Put(StorePutRequest) returns (StorePutResponse);";
    assert!(STORE.contains(method));
}

/// The cells of the table with that head, row by row.
fn table(head: &str) -> Vec<Vec<String>> {
    let (_, rows) = PROTOCOL.split_once(head).expect("the page has the table");
    let rows = rows
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        row.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    rows.map(cells).collect()
}

/// What stands first in a cell, between backticks.
fn quoted(cell: &str) -> &str {
    cell.split('`')
        .nth(1)
        .unwrap_or_else(|| panic!("nothing quoted: {cell}"))
}
