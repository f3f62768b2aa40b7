//! What the codes of the register of platforms mean.

pub(super) const MEANINGS: &[(&str, &str)] = &[
    (
        "atomic_too_long",
        "All rows or none can be taken over of at most 2,000 rows: for longer everybody else would have to wait. Import the file without atomic (a rehearsal first shows every mistake), or in parts.",
    ),
    (
        "bad_allowed_values",
        "A choice needs 1 to 100 values to choose from; other types have none.",
    ),
    (
        "bad_cost",
        "A cost is \"Free\", or an amount with its currency and how often it is paid, like \"$120.00 a year\"; or the object {amount_minor, currency, period}.",
    ),
    (
        "bad_day",
        "A day of the calendar is written like 2026-03-14.",
    ),
    (
        "bad_group_by",
        "A report of costs groups by owner, publisher, cost_centre, budget_code, lifecycle or kind (`group_by`). Anything else is refused.",
    ),
    ("bad_id", "An id is a UUID or the number of a platform."),
    (
        "bad_if_match",
        "If-Match takes one version: the ETag that was read, in its quotes, or a star.",
    ),
    (
        "bad_json",
        "The file is no JSON list of platforms, or a part of it is no object with the fields of one.",
    ),
    (
        "bad_key",
        "The key of a custom field is small letters, digits and _, begins with a letter, and has at most 40.",
    ),
    (
        "bad_kind",
        "The word is none of those that can stand here; the message lists them.",
    ),
    (
        "bad_link",
        "A link has a title and an address, which begins with https:// or http://.",
    ),
    (
        "bad_months",
        "One-time costs are spread over 1 to 600 months (`months`).",
    ),
    (
        "bad_normalise",
        "A report of costs speaks of a month (`normalise=monthly`) or of a year (`normalise=annual`).",
    ),
    ("bad_number", "The field takes a whole number, from 0 on."),
    (
        "bad_one_time",
        "One-time costs are left out of a report (`one_time=exclude`) or spread over months (`one_time=amortise`).",
    ),
    (
        "bad_outcome",
        "What was found in a review is confirmed, updated or missing; what came of using a command is ok, failed or unknown.",
    ),
    (
        "bad_quarter",
        "`quarter` is `this`, `next`, or a quarter of a year such as `2026-Q3`.",
    ),
    (
        "bad_quotes",
        "Something stands behind the quotation mark that ends a cell. A quotation mark inside of a cell is written twice.",
    ),
    (
        "bad_relation_type",
        "A relation is depends_on, part_of or replaced_by.",
    ),
    (
        "bad_span",
        "Days are asked for in one way: with `within`, with `from` and `to`, or with `quarter`. Two of them at once are refused.",
    ),
    (
        "bad_tag",
        "A tag is one word of letters, digits and -_.+#/, at most 40 of them.",
    ),
    (
        "bad_type",
        "A custom field is text, number, date, bool, choice or link.",
    ),
    (
        "bad_within",
        "`within` is a number of days from today on, such as `90d`: 0 to 3660.",
    ),
    (
        "changed_meanwhile",
        "Somebody has changed this platform after the import was accepted. What they did stays; look at it, and import the row again if it shall be overwritten.",
    ),
    (
        "comment_missing",
        "A step back in life, and coming back from being retired, is explained in the comment.",
    ),
    (
        "cost_is_free",
        "An amount was given for something that is free. Say how often it is paid, or make the amount zero.",
    ),
    (
        "custom_bad_value",
        "The value does not fit the type of the custom field; the message says what does.",
    ),
    ("custom_missing", "This custom field must be filled in."),
    (
        "custom_not_for_kind",
        "This custom field is only for platforms of another kind. Clear it, or change the kind.",
    ),
    (
        "custom_unknown",
        "There is no custom field with this key (any more).",
    ),
    ("due_on_past", "A review is due today or later."),
    (
        "duplicate_row",
        "A row before it speaks of the same platform, or ends with the same publisher and name. Only the first one counts.",
    ),
    (
        "field_exists",
        "There is a custom field with this key already. Change that one, or choose another key.",
    ),
    (
        "field_going",
        "This custom field was removed, and its values are just being taken from the platforms. Wait a moment and try again.",
    ),
    (
        "field_in_use",
        "Platforms still have a value in this custom field. To remove it with all its values, say so (drop_values=true); to change its type, remove the values first.",
    ),
    (
        "field_missing",
        "A platform has a name and a publisher. Fill in the field that the answer names.",
    ),
    (
        "field_too_long",
        "A text is longer than the field takes; the answer says how many letters it may have.",
    ),
    ("file_empty", "There is nothing in the file that was sent."),
    (
        "file_gone",
        "The rows of this file are not kept any more: they were imported, or a day has passed since the rehearsal. Send the file again.",
    ),
    (
        "file_missing",
        "No file was chosen. Choose one, and send the form again.",
    ),
    (
        "licence_ends_early",
        "A licence does not expire before the day on which it starts.",
    ),
    (
        "lifecycle_move",
        "Life goes one step at a time: proposed, experimental, production, deprecated, retired; and one step back, with a comment. The answer says where this platform can go.",
    ),
    (
        "missing_column",
        "Every row needs the columns name and publisher. The first line of the file names the columns.",
    ),
    (
        "not_deprecated",
        "What takes the place of a platform is said when it is deprecated, or of a new one that is so already. Of any other it is one of its relations.",
    ),
    (
        "not_in_review",
        "This platform is not on the list of the review.",
    ),
    (
        "not_text",
        "The file is no table or list that can be read: a workbook, or letters that are none. Save it as CSV in UTF-8, and send that.",
    ),
    (
        "nothing_to_restore",
        "The platform is neither in the archive nor retired, so there is nothing to bring back.",
    ),
    (
        "nothing_to_review",
        "No platform matches what the review shall be of.",
    ),
    (
        "number_is_fixed",
        "The register numbers platforms itself, and a number never changes. Leave the column number empty for new platforms.",
    ),
    (
        "open_quote",
        "A cell begins with a quotation mark, and none ends it, so that the rest of the file would be in that cell. The message names its row.",
    ),
    (
        "owner_missing",
        "A platform in production has an owner. Say which team it is.",
    ),
    (
        "platform_exists",
        "There is a platform with this publisher and name already; capitals and surrounding space make no difference, and what is in the archive does not count. The answer names its id and number. Use that one, or say more exactly what this one is.",
    ),
    (
        "platform_retired",
        "What is retired stays as it is. Somebody with the role infrastructure can restore it, which makes it deprecated again; that needs a comment.",
    ),
    (
        "platform_unknown",
        "The row names a platform that is not in the register. Leave the id empty for a new platform.",
    ),
    (
        "relation_archived",
        "The other platform is in the archive. Restore it, or leave the relation out.",
    ),
    (
        "relation_circle",
        "The relation would close a circle: by others, the other platform already is part of (or replaced by) this one.",
    ),
    ("relation_self", "A platform has no relation to itself."),
    (
        "relation_unknown",
        "There is no platform with this id or number. In a file, what takes the place of another is in the register already.",
    ),
    (
        "repeated_column",
        "The first line names the same column twice, so that nobody can tell which cell counts. Take one of them out.",
    ),
    (
        "replaced_by_missing",
        "Whoever deprecates a platform says what takes its place: a platform, or \"none\".",
    ),
    (
        "review_closed",
        "The review is closed; nothing is recorded in it any more. Open another one.",
    ),
    (
        "review_opening",
        "The list of the review is still being put together. Try again in a moment.",
    ),
    (
        "team_exists",
        "Another team has this name; capitals make no difference. Choose another name, or use that team.",
    ),
    (
        "team_owns",
        "The team still has platforms (also in the archive) or open reviews. Give them to another team first; the message names the first of them.",
    ),
    (
        "too_many",
        "There are more of them than a platform can have; the answer says how many.",
    ),
    (
        "too_many_fields",
        "There are as many custom fields as there can be (50). Remove one that nobody needs.",
    ),
    (
        "too_many_relations",
        "A platform has at most 200 relations.",
    ),
    (
        "too_many_rows",
        "A file has at most 100,000 rows. Import it in parts.",
    ),
    (
        "unknown_column",
        "The first line of the table names a column that there is not. The message says which column was probably meant; the empty table to begin with names all that there are.",
    ),
    (
        "unknown_field",
        "There is no such field, or nobody can set it: see the list of fields in the guide.",
    ),
    (
        "unknown_team",
        "There is no team with this name or id. Add the team first, or choose another.",
    ),
    (
        "wrong_cell_count",
        "The row has more or fewer cells than the first line names columns.",
    ),
];
