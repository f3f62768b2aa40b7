//! Makes messages, client and server of the gRPC contract, without a `protoc` on the machine.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    #[cfg(feature = "grpc")]
    compile()?;
    Ok(())
}

#[cfg(feature = "grpc")]
fn compile() -> Result<(), Box<dyn Error>> {
    use protox::prost::Message as _;

    let contract = protox::compile(["platforms.proto"], ["proto"])?;
    let descriptor = std::path::PathBuf::from(std::env::var("OUT_DIR")?).join("platforms.bin");
    std::fs::write(descriptor, contract.encode_to_vec())?;
    tonic_prost_build::configure()
        .build_transport(false)
        .compile_fds(contract)?;
    Ok(())
}
