//! How platforms hang together.

use contracts::{PlatformId, words};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// How many a platform has at the most.
pub(crate) const RELATIONS_MAX: usize = 200;

/// How many are told of one, with those of others to it, which may be any number.
pub(crate) const RELATED_MAX: u32 = 400;

words! {
    /// What one platform is to another.
    pub(crate) enum RelationType ("type of relation") {
        /// It does not work without the other one.
        DependsOn = "depends_on",
        /// It is a part of the other one.
        PartOf = "part_of",
        /// The other one takes its place.
        ReplacedBy = "replaced_by",
    }
}

impl RelationType {
    /// Whether going on from one to the next must come to an end. Things that depend on each
    /// other are not rare; what is part of itself, or replaced by itself, is a mistake.
    pub(crate) fn is_without_circles(self) -> bool {
        matches!(self, Self::PartOf | Self::ReplacedBy)
    }

    /// From the one that has it, for people.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::DependsOn => "depends on",
            Self::PartOf => "is part of",
            Self::ReplacedBy => "is replaced by",
        }
    }
}

/// A relation of a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Relation {
    pub(crate) kind: RelationType,
    pub(crate) to: PlatformId,
}

/// A relation as somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelationDraft {
    /// `depends_on`, `part_of` or `replaced_by`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The other platform: its id, its number or its slug.
    pub(crate) to: String,
}

impl From<Relation> for RelationDraft {
    fn from(Relation { kind, to }: Relation) -> Self {
        Self {
            kind: kind.to_string(),
            to: to.to_string(),
        }
    }
}

/// What change records hold of the relations of a platform: type to ids. Nothing where there
/// are none.
pub(crate) fn snapshot(relations: &[Relation]) -> Option<Value> {
    let mut all = Map::new();
    for kind in RelationType::ALL {
        let of_kind = relations.iter().filter(|one| one.kind == *kind);
        let ids: Vec<_> = of_kind.map(|one| Value::from(one.to.to_string())).collect();
        if !ids.is_empty() {
            all.insert(kind.to_string(), Value::from(ids));
        }
    }
    (!all.is_empty()).then_some(Value::Object(all))
}
