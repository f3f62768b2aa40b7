//! The form of a command: what it keeps, and what it refuses.

use serde_json::json;
use tidings::Storage;

use super::{assert_hides, assert_shows, create, location};
use crate::stage::{Stage, infrastructure, on_both, platform, restart, support};

on_both!(
    whoever_was_overtaken_sees_what_changed_and_saves_again,
    what_a_form_cannot_show_is_not_changed_by_it,
    a_platform_whose_name_begins_with_a_number_is_that_platform,
);

/// 1. Two open the form. 2. The first saves. 3. The second saves, and is told. 4. A third saves.
/// 5. The second saves again.
async fn whoever_was_overtaken_sees_what_changed_and_saves_again(storage: Storage) {
    let stage = Stage::on(storage).await;
    let url = create(&stage, support(), restart()).await;
    let form = format!("{url}/edit");
    let typed = |version: u64, how_to: &str, more: &str| {
        format!(
            "version={version}&how_to={how_to}&command_line=kubectl+delete+pod+%7B%7Bpod%7D%7D&shell=posix&risk=caution&param.0.name=pod&param.0.type=string&param.0.required=yes&do=save{more}"
        )
    };
    let theirs = typed(1, "Theirs", "&description=Careful");
    let saved = stage.submit(infrastructure(), &form, &theirs).await;
    assert_eq!(location(&saved), format!("{url}?done=saved"));
    // What is refused for another reason stays a form of what was opened.
    let wrong = typed(1, "Mine", "&undo=99");
    let refused = stage.submit(support(), &form, &wrong).await;
    assert_eq!(refused.status, 422);
    assert_shows(&refused, &[r#"name="version" value="1""#]);
    assert_hides(&refused, &["What somebody else has changed"]);

    let mine = typed(1, "Mine", "");
    let stale = stage.submit(support(), &form, &mine).await;
    assert_eq!(stale.status, 412);
    let told = [
        "Save again to put yours in its place.",
        "What somebody else has changed",
        "Restart a stuck pod</code></del>",
        "Theirs</code></ins>",
        "Careful</code></ins>",
        r#"name="version" value="2""#,
        r#"value="Mine""#,
    ];
    assert_shows(&stale, &told);
    let third = typed(2, "Third", "");
    let saved = stage.submit(infrastructure(), &form, &third).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let again = typed(2, "Mine", "");
    let stale = stage.submit(support(), &form, &again).await;
    assert_eq!(stale.status, 412);
    assert_shows(&stale, &["Third</code></ins>", r#"value="3""#]);
    let saved = stage.submit(support(), &form, &typed(3, "Mine", "")).await;
    assert_eq!(location(&saved), format!("{url}?done=saved"));
    let command = stage.get(support(), "/api/c/commands/1").await.json;
    assert_eq!(command["howTo"], "Mine");
}

/// Support mends a title, and no parameter, though a list of lines has no empty one and none with
/// a line break: a raw parameter that was changed would be for infrastructure.
async fn what_a_form_cannot_show_is_not_changed_by_it(storage: Storage) {
    let stage = Stage::on(storage).await;
    let body = json!({
        "howTo": "Look", "commandLine": "ls {{part}} {{mode...}}",
        "params": [
            { "name": "part", "type": "raw", "default": " a\nb ", "help": "One\nTwo",
                "allowed_values": [" a\nb ", "", "c "], "enforced": true },
            { "name": "mode", "delimiter": ", " },
        ],
    });
    let url = create(&stage, infrastructure(), body).await;
    let before = stage.get(support(), "/api/c/commands/1").await.json;
    let form = format!("{url}/edit");
    let page = stage.get(support(), &form).await;
    assert_shows(&page, &["One\nTwo</textarea>", " a\nb </textarea>"]);
    let typed = |how_to: &str, line: &str, help: &str| {
        format!(
            "version=1&how_to={how_to}&command_line={line}&shell=posix&risk=caution&param.0.name=part&param.0.type=raw&param.0.enforced=yes&param.0.default=+a%0D%0Ab+&param.0.help={help}&param.0.allowed=+a%0D%0Ab+%0D%0A%0D%0Ac+&param.1.name=mode&param.1.type=string&param.1.required=yes&param.1.delimiter=,+&do=save"
        )
    };
    const LINE: &str = "ls+%7B%7Bpart%7D%7D+%7B%7Bmode...%7D%7D";
    let title = typed("Look+well", LINE, "One%0D%0ATwo");
    let saved = stage.submit(support(), &form, &title).await;
    assert_eq!(location(&saved), format!("{url}?done=saved"));
    let after = stage.get(support(), "/api/c/commands/1").await.json;
    assert_eq!(after["howTo"], "Look well");
    assert_eq!(after["params"], before["params"]);
    // Whoever changes one field changes that field.
    let help = typed("Look+well", LINE, "Other").replace("version=1", "version=2");
    let refused = stage.submit(support(), &form, &help).await;
    assert_eq!(refused.status, 403);
    let saved = stage.submit(infrastructure(), &form, &help).await;
    assert_eq!(location(&saved), format!("{url}?done=saved"));
    let after = stage.get(support(), "/api/c/commands/1").await.json;
    let mut expected = before["params"].clone();
    expected[0]["help"] = json!("Other");
    assert_eq!(after["params"], expected);
    // A line break more is a value more.
    let split = help
        .replace("version=2", "version=3")
        .replace("+%0D%0A%0D%0Ac+", "%0D%0Ac");
    let split = split.replace("default=+a%0D%0Ab+", "default=a");
    let saved = stage.submit(infrastructure(), &form, &split).await;
    assert_eq!(location(&saved), format!("{url}?done=saved"));
    let after = stage.get(support(), "/api/c/commands/1").await.json;
    assert_eq!(after["params"][0]["allowed_values"], json!(["a", "b", "c"]));
}

async fn a_platform_whose_name_begins_with_a_number_is_that_platform(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    for (number, name) in [
        (365, "Redis"),
        (7, "365 Apps"),
        (8, "7 365 Apps"),
        (9, "365"),
    ] {
        stage.tell(platform(number, name)).await;
    }
    for (line, (name, expected)) in [
        ("365+Apps", 7),
        ("365", 365),
        ("365+Redis", 365),
        ("%23365", 365),
        // As it is proposed, whatever another is called.
        ("7+365+Apps", 7),
        ("8+7+365+Apps", 8),
    ]
    .into_iter()
    .enumerate()
    {
        let typed =
            format!("platform={name}&how_to=Look&command_line=look+{line}&shell=posix&do=save");
        let saved = stage.submit(support(), "/commands/new", &typed).await;
        assert_eq!(saved.status, 303, "{name}: {}", saved.text);
        let path = format!("/api/c/commands/{}", line + 1);
        let command = stage.get(support(), &path).await.json;
        assert_eq!(command["platform"]["number"], expected, "{name}");
    }
}
