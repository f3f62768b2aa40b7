//! Which layer a crate belongs to, and which layers it may use.

use std::fmt::{self, Display};
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    App,
    Service,
    Contracts,
    Transport,
    Toolkit,
    Derive,
    TestKit,
    SystemTests,
    Bench,
    Xtask,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    Build,
    Dev,
}

impl Layer {
    /// By the crate's folder, relative to the workspace; its name says nothing.
    pub(super) fn of_folder(folder: &Path) -> Option<Layer> {
        match folder.to_str()?.split('/').collect::<Vec<_>>()[..] {
            ["app"] => Some(Layer::App),
            ["services", _] => Some(Layer::Service),
            ["contracts"] => Some(Layer::Contracts),
            ["transports", _] => Some(Layer::Transport),
            ["toolkit", "tidings"] => Some(Layer::Toolkit),
            ["toolkit", "tidings-derive"] => Some(Layer::Derive),
            // Beside the toolkit, as a transport is: for whoever puts a process together.
            ["toolkit", "tidings-observe"] => Some(Layer::Transport),
            ["toolkit", "tidings-test"] => Some(Layer::TestKit),
            ["system-tests"] => Some(Layer::SystemTests),
            ["bench"] => Some(Layer::Bench),
            ["xtask"] => Some(Layer::Xtask),
            _ => None,
        }
    }

    /// The architecture in one table. A service's tests are bound like the service: a story of
    /// two services belongs to the system tests.
    pub(super) fn may_use(self, other: Layer, kind: Kind) -> bool {
        use Layer::{
            App, Bench, Contracts, Derive, Service, SystemTests, Toolkit, Transport, Xtask,
        };
        if other.is_leaf() {
            return kind == Kind::Dev || matches!(self, Bench | SystemTests);
        }
        match self {
            App => matches!(other, Service | Contracts | Transport | Toolkit),
            Service => matches!(other, Contracts | Toolkit),
            Contracts | Transport | Layer::TestKit => other == Toolkit,
            Toolkit => other == Derive,
            // What a macro writes can only be tried out with the crate it writes for.
            Derive => other == Toolkit && kind == Kind::Dev,
            SystemTests | Bench => true,
            Xtask => false,
        }
    }

    /// Nothing that runs at a user's may be built on these.
    fn is_leaf(self) -> bool {
        matches!(
            self,
            Layer::TestKit | Layer::SystemTests | Layer::Bench | Layer::Xtask
        )
    }
}

impl Display for Layer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Layer::App => "the app",
            Layer::Service => "a service",
            Layer::Contracts => "the contracts",
            Layer::Transport => "a transport",
            Layer::Toolkit => "the toolkit",
            Layer::Derive => "the toolkit's derives",
            Layer::TestKit => "the test kit",
            Layer::SystemTests => "the system tests",
            Layer::Bench => "the benchmarks",
            Layer::Xtask => "xtask",
        })
    }
}

impl Kind {
    pub(super) fn from_metadata(kind: Option<&str>) -> Kind {
        match kind {
            Some("dev") => Kind::Dev,
            Some("build") => Kind::Build,
            _ => Kind::Normal,
        }
    }
}

impl Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Kind::Normal => "",
            Kind::Build => ", for its build script",
            Kind::Dev => ", for its tests",
        })
    }
}
