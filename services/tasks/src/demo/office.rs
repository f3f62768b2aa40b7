//! What there is to do in an office.

/// A task as somebody has written it down.
#[derive(Clone, Copy)]
pub(super) struct Written {
    /// Its number in the old tracker, or nothing.
    pub(super) jira_id: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
}

const fn numbered(
    jira_id: &'static str,
    title: &'static str,
    description: &'static str,
) -> Written {
    Written {
        jira_id,
        title,
        description,
    }
}

const fn plain(title: &'static str, description: &'static str) -> Written {
    numbered("", title, description)
}

pub(super) const OFFICE: [Written; 32] = [
    numbered(
        "POP-101",
        "Reconcile the invoices of the print shop",
        "Three of October are missing. Ask for copies, and compare them with the bank statement.",
    ),
    plain("Water the plants on the second floor", ""),
    numbered(
        "POP-102",
        "Answer the mail of the archive",
        "They ask for the lease of the old warehouse.\nA scan is enough.",
    ),
    numbered(
        "OPS-17",
        "Replace the badge reader at the north door",
        "It reads every third card. The spare one is in the cellar, shelf C.",
    ),
    plain(
        "Order coffee for the quarter",
        "The dark one was liked better.",
    ),
    numbered("POP-103", "Write the minutes of the works meeting", ""),
    numbered(
        "OPS-18",
        "Renew the certificate of the booking page",
        "It runs out at the end of the month.",
    ),
    plain("Подготовить отчёт для совета", "Две страницы, с графиком."),
    numbered(
        "POP-104",
        "Translate the safety notice for the loading bay",
        "English and Russian; large letters.",
    ),
    plain(
        "Check the fire extinguishers",
        "Nine of them. The list hangs in the porter's lodge.",
    ),
    numbered(
        "POP-105",
        "Close the accounts of last year's fair",
        "Two receipts are in dispute; see the folder.",
    ),
    numbered("WEB-4", "Mend the broken links on the careers page", ""),
    plain(
        "Find a room for the choir",
        "Wednesdays from six, at least twenty chairs.",
    ),
    numbered("OPS-19", "Clean up the mailing list of the landlord", ""),
    numbered(
        "POP-106",
        "Compare three offers for the new chairs",
        "Comfort first, then price. The sample stands in room 12.",
    ),
    plain("Bring the lost umbrella to the tram office", ""),
    numbered(
        "WEB-5",
        "Take new pictures of the entrance",
        "Before ten, when the sun is on it.",
    ),
    numbered(
        "POP-107",
        "Prepare the welcome folder of the new colleague",
        "She begins on Monday.",
    ),
    plain("Update the telephone list", "Four people have moved."),
    numbered(
        "OPS-20",
        "Test the restore of the file server",
        "One folder is enough. Write down how long it took.",
    ),
    numbered(
        "POP-108",
        "File the insurance claim for the window",
        "Photos are attached to the mail of the porter.",
    ),
    plain("Plan the summer outing", "Somewhere with a lake."),
    numbered("POP-109", "Check the travel expenses of the sales team", ""),
    numbered(
        "WEB-6",
        "Write the alternative texts of the product pictures",
        "Forty of them; one sentence each.",
    ),
    plain("Sharpen the pencils of the drawing room", ""),
    numbered(
        "OPS-21",
        "Label the cables in the meeting room",
        "So that nobody has to crawl under the table again.",
    ),
    numbered(
        "POP-110",
        "Ask the city for the parking permits",
        "Three vans; the form is on the shared drive.",
    ),
    plain(
        "Sort the returned parcels",
        "Those without a slip go to the shelf by the lift.",
    ),
    numbered(
        "POP-111",
        "Draw up the rota for December",
        "Nobody works both holidays.",
    ),
    numbered(
        "WEB-7",
        "Measure how fast the order form loads",
        "On a phone, from outside.",
    ),
    plain("Thank the neighbours for the ladder", "A cake would do."),
    numbered(
        "OPS-22",
        "Book the inspection of the lift",
        "The last one was eleven months ago.",
    ),
];
