//! Served by `platforms`: all platforms at once, as the original gave them.

/// The text of the contract, as it is served at `/protos/platforms.proto`.
pub const PROTO: &str = include_str!("../proto/platforms.proto");

/// The contract as reflection tells it.
pub const DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/platforms.bin"));

pub use generated::{
    GetAllRequest, GrpcPlatformModel, PlatformResponse, grpc_platform_client, grpc_platform_server,
};

mod generated {
    #![expect(
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        clippy::too_many_lines,
        reason = "the code is made from the contract"
    )]
    include!(concat!(env!("OUT_DIR"), "/_.rs"));
}
