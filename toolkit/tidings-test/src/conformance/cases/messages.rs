//! What is in an event must not matter.

use tidings::MESSAGE_BYTES_MAX;

use crate::conformance::letters::{letter, page};
use crate::conformance::stage::Stage;
use crate::conformance::{Failure, Ground};

/// What is around the text of a largest event: names, number, key.
const AROUND: usize = 200;

/// Events just under the limit of what may be published, events of almost nothing, and text in
/// which everything must be escaped.
///
/// # Errors
/// What the transport has broken.
pub async fn the_largest_event_and_the_emptiest_arrive_unchanged(
    ground: Ground,
) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    let largest = MESSAGE_BYTES_MAX - AROUND;
    stage
        .write(vec![letter("large", "x".repeat(largest))])
        .await?;
    stage.subscribe().await?;
    stage.write(vec![letter("", ""), page("", "")]).await?;
    // Twice the bytes where a string holds JSON and is itself held by JSON.
    stage
        .write(vec![page("escaped", "\"\\".repeat(largest / 4))])
        .await?;
    let wide = "\u{1F30D}\u{0}\r\n\u{7f}\u{2028}\u{feff}";
    let lines = (0..5).map(|_| letter("wide", wide.repeat(1000)));
    stage.write(lines.collect()).await?;
    let lines = (0..4).map(|number| letter("large", number.to_string().repeat(largest)));
    for line in lines {
        stage.write(vec![line]).await?;
    }
    stage.finish().await
}

/// A key is the service's own business: brokers' wildcards, separators and spaces in it too.
///
/// # Errors
/// What the transport has broken.
pub async fn any_text_can_be_a_key(ground: Ground) -> Result<(), Failure> {
    let long = "long".repeat(500);
    let keys = [
        "",
        " ",
        ".",
        "..",
        "*",
        ">",
        "a.b.c",
        "orders.>",
        "a b",
        " a ",
        "$SYS",
        "a/b",
        "/",
        "?",
        "#",
        "%2F",
        "a&b=c",
        "+",
        "\"",
        "\\",
        "'",
        "\n",
        "\t",
        "null",
        "0",
        "naïve",
        "naïve",
        "ключ",
        "鍵",
        "🗝️",
        "\u{200b}",
        "\u{202e}abc",
        "-",
        "--",
        "a,b;c:d",
        "<b>",
        "{}",
        "[]",
        long.as_str(),
    ];
    let mut stage = Stage::open(ground).await?;
    let some = |turn: usize| {
        let line = move |key: &&str| {
            let text = format!("turn {turn} of {key}");
            [letter(*key, text.clone()), page(*key, text)]
        };
        keys.iter().flat_map(line).collect::<Vec<_>>()
    };
    stage.write(some(0)).await?;
    stage.subscribe().await?;
    stage.write(some(1)).await?;
    stage.settle().await?;
    stage.write(some(2)).await?;
    stage.finish().await
}

/// What a newer producer publishes and this subscriber does not know is passed over, and what
/// comes behind it is not held up.
///
/// # Errors
/// What the transport has broken.
pub async fn an_event_of_an_unknown_type_is_passed_over(ground: Ground) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    stage.burn("a").await?;
    stage.write(vec![letter("a", "first")]).await?;
    stage.subscribe().await?;
    stage.settle().await?;
    stage.burn("a").await?;
    stage.burn("b").await?;
    stage
        .write(vec![letter("a", "second"), letter("b", "first")])
        .await?;
    stage.finish().await
}
