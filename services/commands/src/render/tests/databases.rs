//! A-25 against SQLite and PostgreSQL themselves.

use contracts::commands::{ParamType, Shell};
use tidings::Db;

use super::{HOSTILE, filled, of, with_v};
use crate::render::render;

async fn assert_read_back(db: &Db) {
    let mut conn = db.read().await.unwrap();
    let mut looked = 0;
    for value in
        HOSTILE
            .into_iter()
            .chain(["it's", "'; DROP TABLE x; --", "a''b", "$$x$$", ":x", "/*"])
    {
        let line = "SELECT {{v}} AS a, 'x {{v}}' AS b, 'y' AS \"c{{v}}\" WHERE 1=1";
        let text = match filled(Shell::Sql, line, value) {
            Ok(text) => text,
            Err(codes) => {
                assert_eq!(codes, ["cannot_be_quoted"]);
                assert!(value.contains(['\\', '\n']), "{value:?}");
                continue;
            }
        };
        let seen: (String, String, String) = conn.query_one(&text, &[]).await.unwrap();
        assert_eq!(
            seen,
            (value.to_owned(), format!("x {value}"), "y".to_owned()),
            "{text}"
        );
        looked += 1;
    }
    assert!(looked > 40, "{looked}");
    let number = with_v(Shell::Sql, "SELECT 3 -{{v}} AS a", ParamType::Int);
    let text = render(&number, &of("v", &["-5"])).unwrap().text;
    let (eight,): (i32,) = conn.query_one(&text, &[]).await.unwrap();
    assert_eq!(eight, 8, "{text}");
}

/// For SQLite a name stands between brackets, for PostgreSQL a list.
const BRACKETS: [&str; 5] = ["x", "it's", "a; DROP TABLE kept", "\"", "--"];
const ESCAPING: &str = "x] FROM kept; DROP TABLE kept; --";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_25_brackets_hold_a_value_for_either_kind_of_database() {
    let lists = "SELECT ARRAY[{{v}}, 'a', '{{v}}'] AS a";
    let refused = filled(Shell::Sql, lists, ESCAPING);
    assert_eq!(refused, Err(vec!["cannot_be_quoted"]));
    let sqlite = Db::memory().unwrap();
    let mut conn = sqlite.read().await.unwrap();
    for value in BRACKETS {
        let line = "SELECT 'y' AS ARRAY[{{v}}, 'a', '{{v}}']";
        // All between the brackets is a part of the name.
        let text = filled(Shell::Sql, line, value).unwrap();
        let name = text.split_once('[').unwrap().1.to_owned();
        let text = format!("SELECT 1 FROM (SELECT 'y' AS [{name}) t");
        let (one,): (i32,) = conn.query_one(&text, &[]).await.unwrap();
        assert_eq!(one, 1, "{text}");
    }
    let server = std::env::var("TIDINGS_TEST_POSTGRES")
        .expect("run `cargo xtask test`, which starts PostgreSQL");
    let db = Db::postgres(&server, "public").await.unwrap();
    let mut conn = db.read().await.unwrap();
    for value in BRACKETS {
        let line = "SELECT array_to_string(ARRAY[{{v}}, 'a', '{{v}}'], '|') AS a";
        let text = filled(Shell::Sql, line, value).unwrap();
        let (seen,): (String,) = conn.query_one(&text, &[]).await.unwrap();
        assert_eq!(seen, format!("{value}|a|{value}"), "{text}");
    }
}

/// A name between brackets that a number is a part of.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_stand_in_names_between_brackets() {
    let db = Db::memory().unwrap();
    let mut conn = db.read().await.unwrap();
    let line = "SELECT t.[{{v}}] AS n FROM (SELECT 7 AS [{{v}}]) t";
    let number = with_v(Shell::Sql, line, ParamType::Int);
    let text = render(&number, &of("v", &["2026"])).unwrap().text;
    let (seven,): (i32,) = conn.query_one(&text, &[]).await.unwrap();
    assert_eq!(seven, 7, "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_25_sqlite_reads_the_value_and_nothing_else() {
    let db = Db::memory().unwrap();
    assert_read_back(&db).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_25_postgres_reads_the_value_and_nothing_else() {
    let server = std::env::var("TIDINGS_TEST_POSTGRES")
        .expect("run `cargo xtask test`, which starts PostgreSQL");
    let db = Db::postgres(&server, "public").await.unwrap();
    assert_read_back(&db).await;
}
