//! The public record of a platform, and the words in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidings::Timestamp;
use tidings::schemars::JsonSchema;

use crate::calendar::Day;
use crate::words::words;
use crate::{Currency, PlatformId, TeamId, UserId};

words! {
    /// What sort of thing a platform is.
    pub enum PlatformKind ("kind of platform") {
        /// An operating system.
        Os = "os",
        /// A database.
        Database = "database",
        /// What programs are built with and run on.
        Runtime = "runtime",
        /// Somebody else runs it for the organisation.
        Saas = "saas",
        /// A machine with its program.
        Appliance = "appliance",
        /// Routers, balancers, tunnels.
        Network = "network",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// Where a platform stands in its life, in the order of life.
    pub enum Lifecycle ("lifecycle") {
        /// Somebody would like to have it.
        Proposed = "proposed",
        /// It is tried.
        Experimental = "experimental",
        /// It is relied on; somebody owns it.
        Production = "production",
        /// It is used still, and shall not be for long.
        Deprecated = "deprecated",
        /// It is not used any more.
        Retired = "retired",
    }
}

words! {
    /// How bad it is when a platform fails.
    pub enum Criticality ("criticality") {
        /// Hardly anybody notices.
        Low = "low",
        /// Some cannot go on with their work.
        Medium = "medium",
        /// Many cannot go on with their work.
        High = "high",
        /// The organisation stands still.
        Critical = "critical",
    }
}

words! {
    /// How often the cost of a platform is paid.
    pub enum Period ("period") {
        /// Never: it costs nothing.
        Free = "free",
        /// Once.
        OneTime = "one_time",
        /// Every month.
        Monthly = "monthly",
        /// Every year.
        Annual = "annual",
    }
}

words! {
    /// What allows the organisation to use a platform.
    pub enum LicenceType ("type of licence") {
        /// An open source licence.
        OpenSource = "open_source",
        /// It is given away, and not open.
        Freeware = "freeware",
        /// It was bought.
        Commercial = "commercial",
        /// It is paid for as long as it is used.
        Subscription = "subscription",
        /// It was made in house.
        Internal = "internal",
    }
}

words! {
    /// What happens when a licence comes to its end.
    pub enum Renewal ("renewal") {
        /// It is renewed by itself.
        Auto = "auto",
        /// Somebody must renew it.
        Manual = "manual",
        /// It ends.
        None = "none",
    }
}

/// What a platform costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub struct Cost {
    /// Minor units of the currency; zero when it is free.
    pub amount_minor: i64,
    /// The currency.
    pub currency: Currency,
    /// How often it is paid.
    pub period: Period,
}

/// What allows the organisation to use a platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub struct Licence {
    /// Of what type it is.
    #[serde(rename = "type")]
    pub kind: LicenceType,
    /// Its name in the list of SPDX, such as `MIT`.
    pub spdx: Option<String>,
    /// How many may use it.
    pub seats: Option<u32>,
    /// The number of the contract, or where to find it.
    pub reference: Option<String>,
    /// Its first day.
    pub starts_on: Option<Day>,
    /// Its last day.
    pub expires_on: Option<Day>,
    /// What happens then.
    pub renewal: Renewal,
}

/// An address with words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub struct Link {
    /// What is there.
    pub title: String,
    /// Where: an address with http or https.
    pub url: String,
}

/// The public record of a platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub struct PlatformRecord {
    /// The platform.
    pub platform_id: PlatformId,
    /// Its number, from 1, for those who know platforms by numbers.
    pub number: i32,
    /// What it is called.
    pub name: String,
    /// What stands in addresses: `sql-server-express`.
    pub slug: String,
    /// Who makes it.
    pub publisher: String,
    /// What it is for; empty when nobody has said.
    pub description: String,
    /// What sort of thing it is.
    pub kind: PlatformKind,
    /// Which version is in use, as its maker calls it; empty when nobody has said.
    pub version_label: String,
    /// Whose it is.
    pub owner_team_id: Option<TeamId>,
    /// Whom to ask about how it works; empty when nobody has said.
    #[schemars(extend("x-sensitive" = true))]
    pub technical_contact: String,
    /// Whom to ask when it does not; empty when nobody has said.
    #[schemars(extend("x-sensitive" = true))]
    pub support_contact: String,
    /// What it costs.
    pub cost: Cost,
    /// Who bears the cost; empty when nobody has said.
    pub cost_centre: String,
    /// Which budget it is planned in; empty when nobody has said.
    pub budget_code: String,
    /// How it was ordered; empty when nobody has said.
    pub purchase_order: String,
    /// What allows to use it.
    pub licence: Licence,
    /// Where it stands in its life.
    pub lifecycle: Lifecycle,
    /// How bad it is when it fails.
    pub criticality: Criticality,
    /// From which day on its maker does not support it any more.
    pub eol_on: Option<Day>,
    /// Words to find it by, in order, each once.
    pub tags: Vec<String>,
    /// Where to read on.
    pub links: Vec<Link>,
    /// What this organisation wants to know of it besides: key to text.
    pub custom_fields: BTreeMap<String, String>,
    /// When somebody last made sure that all this is so.
    pub last_reviewed_at: Option<Timestamp>,
    /// Who.
    pub last_reviewed_by: Option<UserId>,
    /// Rises by one with every event of it on this stream, from 1.
    pub version: u64,
    /// When it came into the register.
    pub created_at: Timestamp,
    /// Who brought it there.
    pub created_by: UserId,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Who changed it last.
    pub updated_by: UserId,
    /// When it was put into the archive, if it is there.
    pub archived_at: Option<Timestamp>,
}
