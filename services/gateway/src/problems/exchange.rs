//! What the codes of the task exchange mean.

pub(super) const MEANINGS: &[(&str, &str)] = &[
    (
        "already_completed",
        "The task is completed already. There is no way back, and no second reward.",
    ),
    (
        "already_invited",
        "Somebody has been invited to this address and has not come yet. Send the invitation again instead, or withdraw it first.",
    ),
    (
        "already_posted",
        "The form was sent before. What it said then is in the account, once.",
    ),
    (
        "bad_amount",
        "An amount has digits and at most two places, like 120.00, and what it costs is not below zero. The amount of an adjustment is neither zero nor more than 10000 dollars either way.",
    ),
    (
        "bad_date",
        "A day is written as year, month and day: 2026-03-14.",
    ),
    (
        "bad_description",
        "The description of a task has characters that are no text.",
    ),
    (
        "bad_jira_id",
        "The number of a task in the old tracker is capital letters and digits, a dash and digits, like POP-42.",
    ),
    (
        "bad_name",
        "The name of a person is not one line of text, or longer than we keep.",
    ),
    (
        "bad_number_of_people",
        "Invite one person at least, and 500 at the most at once.",
    ),
    (
        "bad_period",
        "A period is a day, a week or a month: day, week, month.",
    ),
    (
        "bad_scope",
        "Ask for your own tasks or for everybody's, not for both.",
    ),
    ("bad_title", "The title of a task is not one line of text."),
    (
        "day_not_come",
        "Only today and days before it can be closed.",
    ),
    (
        "description_too_long",
        "The description of a task is longer than 4000 letters.",
    ),
    (
        "invited_twice",
        "The same address stands twice in the list. Nobody was invited; take one of the two out.",
    ),
    (
        "last_admin",
        "Nobody could administer people any more. Make somebody else an admin first.",
    ),
    (
        "no_workers",
        "There is nobody to whom a task could fall. Somebody must have the role worker or accountant, be neither manager nor admin, and not be shut.",
    ),
    (
        "not_invited",
        "There is no open invitation for this account: its owner has come already, or it is shut.",
    ),
    (
        "not_its_turn",
        "Another shuffle is still running. Shuffles run one after another, by themselves.",
    ),
    (
        "range_backwards",
        "The first day of a range lies after its last. Ask from the earlier day to the later one.",
    ),
    (
        "range_too_long",
        "A range of days is longer than we add up at once. Ask for it in parts.",
    ),
    (
        "title_has_brackets",
        "A title has no [ and ]. The number of the old tracker has a field of its own, jira_id.",
    ),
    ("title_missing", "A task needs a title."),
    (
        "title_too_long",
        "The title of a task is longer than 200 letters; the description takes more.",
    ),
];
