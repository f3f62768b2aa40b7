//! What the register and the repository are sent by somebody who may write to both.

use super::{BAD, BODY_BYTES, Case, FINE, NOBODY, TOO_LARGE, UNKNOWN, bare, bytes, json};

/// Not JSON, or what has fields that cannot be so.
const WRONG: &[u16] = &[400, 422];

/// A platform and a command of it that are there.
pub(crate) struct Assets {
    pub(crate) platform: String,
    pub(crate) command: String,
}

const PLATFORMS: [&str; 33] = [
    "",
    " ",
    "{",
    "[]",
    "null",
    "7",
    "\"text\"",
    "{\"name\":null}",
    "{\"name\":[\"x\"]}",
    "{\"name\":\"x\",\"publisher\":\"\"}",
    "{\"name\":\"  \",\"publisher\":\"x\"}",
    "{\"name\":\"a\\u0000b\",\"publisher\":\"x\"}",
    "{\"name\":\"\\ud800\",\"publisher\":\"x\"}",
    "{\"name\":\"x\",\"publisher\":\"x\"}{}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"id\":7}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"is_admin\":true}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"kind\":\"'; DROP TABLE platforms; --\"}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"lifecycle\":\"immortal\"}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"lifecycle\":{}}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"criticality\":7}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"owner_team_id\":\"x\"}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"owner\":\"Nobody\"}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"cost\":\"a lot\"}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"cost\":{\"amount_minor\":1.5}}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"cost\":{\"amount_minor\":-1,\"period\":\"annual\"}}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"cost\":{\"amount_minor\":9223372036854775808}}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"cost\":{\"currency\":\"btc\"}}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"licence\":{\"expires_on\":\"2026-02-29\"}}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"licence\":{\"seats\":-1}}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"eol_on\":\"soon\"}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"links\":[{\"url\":\"javascript:alert(1)\"}]}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"tags\":[\"a,b\"]}",
    "{\"name\":\"x\",\"publisher\":\"x\",\"custom_fields\":{\"no such\":\"x\"}}",
];

const COMMANDS: [&str; 17] = [
    "",
    "{",
    "[]",
    "null",
    "{}",
    "{\"howTo\":\"x\"}",
    "{\"howTo\":\"\",\"commandLine\":\"ls\"}",
    "{\"howTo\":\"x\",\"commandLine\":\"\"}",
    "{\"howTo\":\"x\",\"commandLine\":\"a\\u0000b\"}",
    "{\"howTo\":\"x\",\"commandLine\":\"ls {{\"}",
    "{\"howTo\":\"x\",\"commandLine\":\"ls {{a b}}\"}",
    "{\"howTo\":\"x\",\"commandLine\":\"ls {{{{a}}}}\"}",
    "{\"howTo\":\"x\",\"commandLine\":\"ls {{a}}\",\"params\":[]}",
    "{\"howTo\":\"x\",\"commandLine\":\"ls\",\"params\":[{\"name\":\"a\"}]}",
    "{\"howTo\":\"x\",\"commandLine\":\"ls\",\"shell\":\"fish\"}",
    "{\"howTo\":\"x\",\"commandLine\":\"ls\",\"risk\":\"none\"}",
    "{\"howTo\":\"x\",\"commandLine\":\"ls\",\"undo_command_id\":\"x\"}",
];

/// Of a command with one parameter, `pod`.
const VALUES: [&str; 9] = [
    "",
    "null",
    "[]",
    "{\"values\":[]}",
    "{\"values\":{}}",
    "{\"values\":{\"pod\":\"\"}}",
    "{\"values\":{\"pod\":\"a\\u0000b\"}}",
    "{\"values\":{\"pod\":\"x\",\"other\":\"y\"}}",
    "{\"values\":{\"pod\":{\"a\":1}}}",
];

const FILES: [&[u8]; 9] = [
    b"",
    b"\n\n\n",
    b"name\nNo publisher\n",
    b"what,is,this\n1,2,3\n",
    b"name,name,publisher\na,b,c\n",
    b"name,publisher\n\"never closed,x\n",
    b"\xff\xfe",
    b"\x00\x00\x00\x00",
    b"PK\x03\x04 no table at all",
];

const LISTS: [&str; 13] = [
    "/api/platforms?kind=bogus",
    "/api/platforms?lifecycle=bogus",
    "/api/platforms?sort=bogus",
    "/api/platforms?cost_min=-1",
    "/api/platforms?licence_expires_before=2026-02-29",
    "/api/platforms?limit=0",
    "/api/platforms?cursor=abc",
    "/api/platforms/changes?since=bogus",
    "/api/platforms/reports/costs?group_by=bogus",
    "/api/platforms/reports/expiring?within=ever",
    "/api/c/commands?risk=bogus",
    "/api/c/commands?limit=201",
    "/api/c/commands?cursor=abc",
];

/// Every case.
pub(super) fn all(assets: &Assets) -> Vec<Case> {
    let Assets { platform, command } = assets;
    let one = format!("/api/platforms/{platform}");
    let commands = format!("/api/c/platforms/{platform}/commands");
    let command = format!("/api/c/commands/{command}");
    let render = format!("{command}/render");
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let mut cases = Vec::new();
    for body in PLATFORMS.into_iter().chain([deep.as_str()]) {
        cases.push(json("POST", "/api/platforms", body, WRONG));
        cases.push(json("PATCH", &one, body, WRONG));
    }
    for body in COMMANDS.into_iter().chain([deep.as_str()]) {
        cases.push(json("POST", &commands, body, WRONG));
        cases.push(json("PUT", &command, body, WRONG));
    }
    cases.extend(VALUES.map(|body| json("POST", &render, body, WRONG)));
    cases.extend(LISTS.map(|path| bare("GET", path, BAD)));
    cases.extend(addresses(&one));
    cases.extend(large(&one, &commands, &render));
    cases.extend(files());
    cases
}

fn addresses(platform: &str) -> Vec<Case> {
    let mut cases: Vec<_> = ["x", "0", "-1", "99999999999999999999", NOBODY, "%00", "%FF"]
        .into_iter()
        .flat_map(|id| {
            [
                bare("GET", format!("/api/platforms/{id}"), UNKNOWN),
                bare("GET", format!("/api/c/commands/{id}"), UNKNOWN),
                bare("GET", format!("/api/c/platforms/{id}/commands"), UNKNOWN),
            ]
        })
        .collect();
    let steps = ["immortal", "retired"].map(|to| format!("{{\"lifecycle\":\"{to}\"}}"));
    cases.extend(steps.map(|body| json("PATCH", platform, body, &[409, 422])));
    cases.extend([
        bare("GET", "/api/platforms?q=%27%20OR%201=1%20--", FINE),
        bare("GET", "/api/platforms?q=%25_%5C", FINE),
        bare("GET", "/api/c/commands?q=%22%20OR%20*%20NEAR(", FINE),
        bare(
            "GET",
            format!("/api/c/commands?q={}", "x".repeat(3000)),
            &[200, 400],
        ),
        bare("DELETE", "/api/platforms", &[405]),
    ]);
    cases
}

/// What is larger than anybody types.
fn large(platform: &str, commands: &str, render: &str) -> Vec<Case> {
    let text = "x".repeat(BODY_BYTES / 10);
    let of = |field: &str| format!("{{\"{field}\":\"{text}\"}}");
    vec![
        json("POST", "/api/platforms", of("name"), TOO_LARGE),
        json("PATCH", platform, of("description"), TOO_LARGE),
        json("POST", commands, of("commandLine"), TOO_LARGE),
        json(
            "POST",
            render,
            format!("{{\"values\":{}}}", of("pod")),
            TOO_LARGE,
        ),
    ]
}

fn files() -> Vec<Case> {
    let csv = Some("text/csv");
    let path = "/api/platforms/import";
    let columns = "a,".repeat(1_000_000);
    let mut cases: Vec<_> = FILES
        .into_iter()
        .chain([columns.as_bytes()])
        .map(|file| bytes(path, csv, file, WRONG))
        .collect();
    let huge = vec![b'x'; 26 * 1024 * 1024];
    cases.extend([
        bytes(path, csv, &huge, TOO_LARGE),
        bytes(path, Some("image/png"), b"name,publisher\n", &[415]),
        bytes(path, Some("application/json"), b"{\"no\": \"list\"}", WRONG),
        bytes(
            "/api/platforms/import?mode=bogus",
            csv,
            b"name,publisher\na,b\n",
            BAD,
        ),
        bytes("/api/c/import?format=bogus", csv, b"x", BAD),
        bytes(
            "/api/c/import?format=json",
            Some("application/json"),
            b"{\"a\":",
            WRONG,
        ),
    ]);
    cases
}
